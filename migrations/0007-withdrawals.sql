-- A decision may be taken back: from that revision on nobody has decided on the edge. SQLite cannot change a CHECK in place.

CREATE TABLE decisions_with_withdrawals (
  id INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('accept', 'reject', 'withdraw')),
  source INTEGER NOT NULL REFERENCES peers,
  destination INTEGER NOT NULL REFERENCES peers,
  protocol TEXT NOT NULL,
  port INTEGER NOT NULL,
  scope TEXT NOT NULL,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  comment TEXT
) STRICT;

INSERT INTO decisions_with_withdrawals SELECT * FROM decisions;
DROP TABLE decisions;
ALTER TABLE decisions_with_withdrawals RENAME TO decisions;
