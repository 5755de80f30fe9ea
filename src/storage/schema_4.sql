-- Up to which click the newest checkpoint has counted: later ones are needed to restore the state behind the figures.
ALTER TABLE aggregate_state ADD COLUMN checkpoint_cursor INTEGER NOT NULL DEFAULT 0;

-- Clicks that were deleted for their age (one row, absent before the first time).
CREATE TABLE retention (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    expired_before INTEGER NOT NULL,     -- milliseconds since 1970: no click before it is taken in any more
    deleted        INTEGER NOT NULL,     -- clicks that the figures count and the table has no more
    refused        INTEGER NOT NULL      -- clicks that came after they had expired, and were not counted
);
