-- The tables that the figures come from, if another engine has counted them: one row, absent if this engine counts.
CREATE TABLE computed_source (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    tables TEXT NOT NULL,                -- the id of the tables
    epoch  INTEGER NOT NULL,             -- their newest reset
    round  INTEGER NOT NULL              -- the figures here are those of this round; -1 before any
);
