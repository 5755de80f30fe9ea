-- Tells this database from others whose clicktops are in the same consumer group (one row).
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  TEXT NOT NULL
);
INSERT INTO identity SELECT 1, lower(hex(randomblob(16)));
