-- The files that were read, each with the place behind its last stored record, written together with the clicks before it.
CREATE TABLE files (
    device      INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    stream      BLOB NOT NULL,            -- six bytes that stand for the first record
    path        BLOB NOT NULL,            -- where the file was when it was last read
    next_record INTEGER NOT NULL,         -- number of the next record, from 0
    byte        INTEGER NOT NULL,         -- where it begins in the text, unpacked and in UTF-8
    line        INTEGER NOT NULL,         -- its first line, from 1
    header      BLOB,                     -- the header that names its columns; NULL if there is none
    in_array    INTEGER NOT NULL,         -- 1 between the brackets of a JSON array
    tail        BLOB NOT NULL,            -- a hash of the text before it, which tells whether a file is this one
    clicks      INTEGER NOT NULL,         -- clicks in the records before it
    text_end    INTEGER,                  -- the length of the text, if it was read to its end
    resets      INTEGER NOT NULL,         -- resets before its reading began: what was read before a reset is read again
    PRIMARY KEY (device, inode, stream)
) WITHOUT ROWID;
CREATE INDEX files_stream ON files (stream);
