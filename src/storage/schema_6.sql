-- Where this database lies, as far as noted: what a copy of it is told by (one row, absent before the first run).
CREATE TABLE place (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    host    TEXT NOT NULL,
    path    BLOB NOT NULL,
    device  INTEGER NOT NULL,
    inode   INTEGER NOT NULL,
    copy_of TEXT                        -- the identity of the database that this one may be a copy of; NULL: of none
);

-- Topics of which every partition was looked at: one without a row in offsets came later, and begins at its beginning.
CREATE TABLE seen_topics (topic TEXT PRIMARY KEY) WITHOUT ROWID;
