-- Strings that repeat are stored once.
CREATE TABLE users     (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE);
CREATE TABLE urls      (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE);
CREATE TABLE countries (id INTEGER PRIMARY KEY, country TEXT NOT NULL UNIQUE);
CREATE TABLE places    (id INTEGER PRIMARY KEY, country INTEGER NOT NULL REFERENCES countries, city TEXT NOT NULL,
                        UNIQUE (country, city));
CREATE TABLE agents    (id INTEGER PRIMARY KEY, browser TEXT NOT NULL, os TEXT NOT NULL, device TEXT NOT NULL,
                        UNIQUE (browser, os, device));

-- Clicks lie in the order of their time, in one tree that is their index as well: a re-sent click is a no-op. `id` is the order of
-- arrival: without a gap from 1 on, except for clicks that were deleted for their age.
CREATE TABLE clicks (
    ts       INTEGER NOT NULL,          -- milliseconds since 1970, UTC
    click_id NOT NULL,                  -- 16-byte blob if it is a canonical UUID, else text
    id       INTEGER NOT NULL,
    user     INTEGER NOT NULL REFERENCES users,
    url      INTEGER NOT NULL REFERENCES urls,
    place    INTEGER NOT NULL REFERENCES places,
    agent    INTEGER NOT NULL REFERENCES agents,
    PRIMARY KEY (ts, click_id)
) WITHOUT ROWID;

-- The newest clicks once more, packed, in the order of arrival, as far back as the aggregation may still have to count them.
CREATE TABLE arrivals (
    last   INTEGER PRIMARY KEY,         -- the id of the last of them; the newest row stays, and with it the numbering
    clicks BLOB NOT NULL                -- x'00': none
);

-- The next offset to take of each partition: written with the clicks that came before it.
CREATE TABLE offsets (
    topic       TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;

-- Messages that are no clicks, and documents the search engine refused.
CREATE TABLE rejects (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,     -- milliseconds since 1970, UTC
    stage         TEXT NOT NULL,        -- ingest or index
    topic         TEXT NOT NULL,        -- for index: the target
    partition     INTEGER,
    "offset"      INTEGER,
    reason        TEXT NOT NULL,
    payload       BLOB NOT NULL,        -- cut at 64 KiB
    payload_bytes INTEGER NOT NULL      -- before the cut
);

-- The figures. version grows with every write of a row, also across a deleted database.
CREATE TABLE page_stats (
    id            INTEGER PRIMARY KEY,
    url           INTEGER NOT NULL REFERENCES urls,
    country       INTEGER NOT NULL REFERENCES countries,
    clicks        INTEGER NOT NULL,
    unique_users  INTEGER NOT NULL,
    spent_ms      INTEGER NOT NULL,     -- sum of the known times spent
    spent_count   INTEGER NOT NULL,     -- how many are known
    first_seen    INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    UNIQUE (url, country)
);
CREATE INDEX page_stats_version ON page_stats (version);

-- How far the aggregation is (one row), and what it cannot read back from page_stats.
CREATE TABLE aggregate_state (
    one                INTEGER PRIMARY KEY CHECK (one = 1),
    cursor             INTEGER NOT NULL,
    late               INTEGER NOT NULL,
    last_version       INTEGER NOT NULL,
    session_timeout_ms INTEGER NOT NULL,
    recent_clicks      INTEGER NOT NULL,
    checkpoint_cursor  INTEGER NOT NULL DEFAULT 0  -- the click up to which the newest checkpoint has counted; a restart needs the later ones
);
CREATE TABLE checkpoint (part INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- How far each search target is: every row up to (version, page) is indexed there.
CREATE TABLE index_state (
    target  TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    page    INTEGER NOT NULL,
    resets  INTEGER NOT NULL DEFAULT 0   -- the resets that the target has gone through; a target behind still holds deleted documents
) WITHOUT ROWID;

-- How many resets there were: one row, absent before the first.
CREATE TABLE resets (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL);

-- Clicks that were deleted for their age: one row, absent before the first.
CREATE TABLE expiry (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    expired_before INTEGER NOT NULL,     -- milliseconds since 1970: no click before it is accepted any more
    deleted        INTEGER NOT NULL,     -- clicks that the figures count and the table no longer has
    refused        INTEGER NOT NULL      -- clicks that came after they had expired, and were not counted
);

-- Tells this database from the others of the same consumer group: one row.
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  TEXT NOT NULL
);
INSERT INTO identity SELECT 1, lower(hex(randomblob(16)));

-- Where this database lies; a copy is recognized by it. One row, absent before the first run.
CREATE TABLE location (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    host    TEXT NOT NULL,
    path    BLOB NOT NULL,
    device  INTEGER NOT NULL,
    inode   INTEGER NOT NULL,
    copy_of TEXT                        -- the identity of the database of which this one may be a copy; NULL: of none
);

-- Topics whose partitions have all been looked at: a partition without a row in offsets was added later, and is read from its
-- beginning.
CREATE TABLE known_topics (topic TEXT PRIMARY KEY) WITHOUT ROWID;

-- For people with sqlite3: the nine fields of every click, and the figures.
CREATE VIEW click_events AS
SELECT CASE typeof(click_id) WHEN 'blob'
         THEN lower(substr(hex(click_id), 1, 8) || '-' || substr(hex(click_id), 9, 4) || '-' || substr(hex(click_id), 13, 4)
              || '-' || substr(hex(click_id), 17, 4) || '-' || substr(hex(click_id), 21))
         ELSE click_id END AS click_id,
       users.user_id AS user_id,
       strftime('%Y-%m-%dT%H:%M:%S', ts / 1000 - (ts % 1000 < 0), 'unixepoch')
         || printf('.%03dZ', (ts % 1000 + 1000) % 1000) AS timestamp,
       urls.url AS url,
       countries.country AS country,
       places.city AS city,
       agents.browser AS browser,
       agents.os AS os,
       agents.device AS device
FROM clicks
JOIN users ON users.id = clicks.user
JOIN urls ON urls.id = clicks.url
JOIN places ON places.id = clicks.place
JOIN countries ON countries.id = places.country
JOIN agents ON agents.id = clicks.agent;

CREATE VIEW pages AS
SELECT urls.url AS url, countries.country AS country, clicks, unique_users,
       CASE WHEN spent_count > 0 THEN spent_ms / 1000.0 / spent_count END AS avg_time_spent
FROM page_stats
JOIN urls ON urls.id = page_stats.url
JOIN countries ON countries.id = page_stats.country;
