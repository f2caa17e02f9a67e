-- What people decided. An append-only log: what holds at a revision is worked out from the rows up to it.

CREATE TABLE modes (
  revision INTEGER PRIMARY KEY,
  namespace TEXT,
  workload TEXT,
  mode TEXT NOT NULL CHECK (mode IN ('learning', 'watching')),
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  comment TEXT
) STRICT;

-- The accepted edges and public entries of a scope at its switch to watching; the revision is the switch's.
CREATE TABLE baseline_edges (
  revision INTEGER NOT NULL REFERENCES modes,
  source INTEGER NOT NULL REFERENCES peers,
  destination INTEGER NOT NULL REFERENCES peers,
  protocol TEXT NOT NULL,
  port INTEGER NOT NULL,
  PRIMARY KEY (revision, source, destination, protocol, port)
) STRICT, WITHOUT ROWID;

CREATE TABLE baseline_public (
  revision INTEGER NOT NULL REFERENCES modes,
  destination INTEGER NOT NULL REFERENCES peers,
  protocol TEXT NOT NULL,
  port INTEGER NOT NULL,
  PRIMARY KEY (revision, destination, protocol, port)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
  id INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('accept', 'reject')),
  source INTEGER NOT NULL REFERENCES peers,
  destination INTEGER NOT NULL REFERENCES peers,
  protocol TEXT NOT NULL,
  port INTEGER NOT NULL,
  scope TEXT NOT NULL,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  comment TEXT
) STRICT;

CREATE TABLE scan_decisions (
  revision INTEGER PRIMARY KEY,
  action TEXT NOT NULL CHECK (action IN ('accept', 'reject')),
  source INTEGER NOT NULL REFERENCES peers,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  comment TEXT
) STRICT;

-- What was deleted on purpose.
CREATE TABLE forgotten (
  revision INTEGER PRIMARY KEY,
  what TEXT NOT NULL,
  edges INTEGER NOT NULL,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  comment TEXT
) STRICT;

-- Lifecycle of alerts; what is alerted is worked out. `since` is the revision that the word was said at.
CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('acknowledged', 'accepted', 'rejected', 'muted')),
  since INTEGER NOT NULL,
  muted_until INTEGER,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  comment TEXT
) STRICT, WITHOUT ROWID;
