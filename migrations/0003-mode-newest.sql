-- Event time of the newest record that was read when a mode was set: how long was learned is told by it.
ALTER TABLE modes ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;

-- For the modes that were set before, the best that is known.
UPDATE modes SET newest = (SELECT coalesce(max(last_record), 0) FROM sources);
