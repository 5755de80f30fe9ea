-- How often everything was forgotten: one row, absent before the first time.
CREATE TABLE resets (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL);

-- How many of these a search target has gone through. One that is behind still holds what was forgotten.
ALTER TABLE index_state ADD COLUMN resets INTEGER NOT NULL DEFAULT 0;
