-- Certificates that a server's proxy saw its clients show, whole: trust domain, namespace and account; `plaintext` where it saw none.
CREATE TABLE edge_principals (
  edge INTEGER NOT NULL REFERENCES edges ON DELETE CASCADE,
  principal TEXT NOT NULL,
  PRIMARY KEY (edge, principal)
) STRICT, WITHOUT ROWID;

-- '' where the record cannot say, as of all those that were read before.
ALTER TABLE pending ADD COLUMN principal TEXT NOT NULL DEFAULT '';
DROP INDEX pending_key;
CREATE UNIQUE INDEX pending_key ON pending (source, destination, minute, protocol, port, witness, revision, coalesce(source_pod, 0), coalesce(destination_pod, 0), address, principal);
