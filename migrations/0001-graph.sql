-- The learned graph. Everything that depends on the whole (states, suspicions, who the public is) is worked out when it is
-- read; what stands here merges by sum, min, max or union, so that batches may come in any order.

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who records spoke of. `key` is the model's own text of a peer; `revision` the first one at which a flow showed it.
CREATE TABLE peers (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  revision INTEGER
) STRICT;

-- What records said of a workload or an address: label sets of its pods, service accounts, DNS names.
CREATE TABLE peer_attributes (
  peer INTEGER NOT NULL REFERENCES peers ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('labels', 'account', 'name')),
  value TEXT NOT NULL,
  PRIMARY KEY (peer, kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE pods (
  id INTEGER PRIMARY KEY,
  peer INTEGER NOT NULL REFERENCES peers ON DELETE CASCADE,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  UNIQUE (peer, namespace, name)
) STRICT;

-- First and last sighting of a pod at an address, in records that carry both.
CREATE TABLE lives (
  address TEXT NOT NULL,
  pod INTEGER NOT NULL REFERENCES pods ON DELETE CASCADE,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (address, pod)
) STRICT, WITHOUT ROWID;

CREATE TABLE witnesses (
  id INTEGER PRIMARY KEY,
  collector TEXT NOT NULL,
  side TEXT NOT NULL,
  point TEXT NOT NULL,
  UNIQUE (collector, side, point)
) STRICT;

CREATE TABLE edges (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES peers,
  destination INTEGER NOT NULL REFERENCES peers,
  protocol TEXT NOT NULL,
  port INTEGER NOT NULL,
  UNIQUE (source, destination, protocol, port)
) STRICT;

CREATE TABLE edge_witnesses (
  edge INTEGER NOT NULL REFERENCES edges ON DELETE CASCADE,
  witness INTEGER NOT NULL REFERENCES witnesses,
  opened INTEGER NOT NULL,
  ongoing INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  audited INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  lost_answers INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  bytes_in INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  first_answered INTEGER NOT NULL,
  PRIMARY KEY (edge, witness)
) STRICT, WITHOUT ROWID;

-- History: a row a day, with the hours of the day as bits. 24 rows a day would say no more and weigh twenty times as much.
CREATE TABLE edge_days (
  edge INTEGER NOT NULL REFERENCES edges ON DELETE CASCADE,
  witness INTEGER NOT NULL REFERENCES witnesses,
  day INTEGER NOT NULL,
  hours INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  bytes_in INTEGER NOT NULL,
  PRIMARY KEY (edge, witness, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_pods (
  edge INTEGER NOT NULL REFERENCES edges ON DELETE CASCADE,
  pod INTEGER NOT NULL REFERENCES pods ON DELETE CASCADE,
  witness INTEGER NOT NULL REFERENCES witnesses,
  opened INTEGER NOT NULL,
  PRIMARY KEY (edge, pod, witness)
) STRICT, WITHOUT ROWID;

-- Connections that a pod opened, by hour: what `one-pod` compares an edge's pod with.
CREATE TABLE pod_hours (
  pod INTEGER NOT NULL REFERENCES pods ON DELETE CASCADE,
  hour INTEGER NOT NULL,
  witness INTEGER NOT NULL REFERENCES witnesses,
  opened INTEGER NOT NULL,
  PRIMARY KEY (pod, hour, witness)
) STRICT, WITHOUT ROWID;

-- Which addresses stood for a class (node, API server) on an edge.
CREATE TABLE edge_addresses (
  edge INTEGER NOT NULL REFERENCES edges ON DELETE CASCADE,
  address TEXT NOT NULL,
  PRIMARY KEY (edge, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_operations (
  edge INTEGER NOT NULL REFERENCES edges ON DELETE CASCADE,
  witness INTEGER NOT NULL REFERENCES witnesses,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (edge, witness, method, path)
) STRICT, WITHOUT ROWID;

-- Slots of 600 s in which a witness saw it tried before it ever saw an answer: scans are found in them. `watched` is the latest
-- revision of people's choices at which that was seen while watching, 0 while learning.
CREATE TABLE edge_slots (
  edge INTEGER NOT NULL REFERENCES edges ON DELETE CASCADE,
  witness INTEGER NOT NULL REFERENCES witnesses,
  slot INTEGER NOT NULL,
  watched INTEGER NOT NULL,
  PRIMARY KEY (edge, witness, slot)
) STRICT, WITHOUT ROWID;

-- Flows with an end whose owner was not known yet, by minute, until a life covers it or it is too old.
CREATE TABLE pending (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES peers,
  destination INTEGER NOT NULL REFERENCES peers,
  source_pod INTEGER REFERENCES pods ON DELETE SET NULL,
  destination_pod INTEGER REFERENCES pods ON DELETE SET NULL,
  -- That the end which is a class (a node, the API server) had, else ''.
  address TEXT NOT NULL,
  protocol TEXT NOT NULL,
  port INTEGER NOT NULL,
  witness INTEGER NOT NULL REFERENCES witnesses,
  revision INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  records INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  ongoing INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  audited INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  lost_answers INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  bytes_in INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  first_answered INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX pending_key ON pending (source, destination, minute, protocol, port, witness, revision, coalesce(source_pod, 0), coalesce(destination_pod, 0), address);
CREATE INDEX pending_minute ON pending (minute);

CREATE TABLE pending_operations (
  pending INTEGER NOT NULL REFERENCES pending ON DELETE CASCADE,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (pending, method, path)
) STRICT, WITHOUT ROWID;

-- Connections outside the baseline, or denied, seen while watching. `epoch` is the revision of the edge's latest decision.
CREATE TABLE violations (
  edge INTEGER NOT NULL REFERENCES edges ON DELETE CASCADE,
  epoch INTEGER NOT NULL,
  witness INTEGER NOT NULL REFERENCES witnesses,
  hours INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  ongoing INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  audited INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  lost_answers INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  bytes_in INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  first_answered INTEGER NOT NULL,
  day INTEGER NOT NULL,
  PRIMARY KEY (edge, epoch, witness, day)
) STRICT, WITHOUT ROWID;

-- What each source gave, by hour since 1970 (-1: the record has no time). `kind` is records, flows, lost, overflow or the
-- reason why a record was skipped.
CREATE TABLE coverage (
  source TEXT NOT NULL,
  hour INTEGER NOT NULL,
  kind TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (source, hour, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
  name TEXT PRIMARY KEY,
  last_record INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
  id INTEGER PRIMARY KEY,
  head_length INTEGER NOT NULL,
  head_hash TEXT NOT NULL,
  owner TEXT NOT NULL,
  "offset" INTEGER NOT NULL,
  tail_hash TEXT NOT NULL,
  done_size INTEGER,
  done_mtime REAL
) STRICT;
CREATE INDEX positions_head ON positions (owner, head_length, head_hash);

-- The cluster's objects, projected; `as_of` is the latest moment that the list knew of.
CREATE TABLE inventory (
  kind TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  uid TEXT NOT NULL,
  as_of INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, namespace, name, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE ranges (
  cidr TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
