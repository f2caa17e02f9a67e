-- What each target was told of each alert, or will be: what is new, changed or over is worked out against it. Times are of the
-- wall clock. `alert_json` is the alert as it was told last, with newer counts.
CREATE TABLE told (
  target TEXT NOT NULL,
  alert TEXT NOT NULL,
  firing INTEGER NOT NULL CHECK (firing IN (0, 1)),
  since INTEGER NOT NULL,
  ended INTEGER,
  tellings INTEGER NOT NULL,
  last_due INTEGER NOT NULL,
  alert_json TEXT NOT NULL,
  PRIMARY KEY (target, alert)
) STRICT, WITHOUT ROWID;

-- What waits for its delivery, in the order in which it came to be. It goes when the target has taken it; what never will be
-- taken stays as `dead`, with the reason.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  alert TEXT NOT NULL,
  event TEXT NOT NULL CHECK (event IN ('firing', 'changed', 'resolved')),
  notification TEXT NOT NULL,
  due INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  dead INTEGER
) STRICT;
CREATE INDEX outbox_waiting ON outbox (target, id) WHERE dead IS NULL;
CREATE INDEX outbox_alert ON outbox (target, alert, id) WHERE dead IS NULL;
CREATE INDEX outbox_dead ON outbox (target, id) WHERE dead IS NOT NULL;
