-- Dictionaries: each repeating text is stored once.
CREATE TABLE users     (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE);
CREATE TABLE urls      (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE);
CREATE TABLE countries (id INTEGER PRIMARY KEY, country TEXT NOT NULL UNIQUE);
CREATE TABLE places    (id INTEGER PRIMARY KEY, country INTEGER NOT NULL REFERENCES countries, city TEXT NOT NULL,
                        UNIQUE (country, city));
CREATE TABLE agents    (id INTEGER PRIMARY KEY, browser TEXT NOT NULL, os TEXT NOT NULL, device TEXT NOT NULL,
                        UNIQUE (browser, os, device));

-- Every click, in order of time. The tree of the primary key is the table, so a click that is sent again is found and ignored.
CREATE TABLE clicks (
    ts       INTEGER NOT NULL,          -- milliseconds since 1970, UTC
    click_id NOT NULL,                  -- a blob of 16 bytes for a UUID in canonical lower case, otherwise text
    id       INTEGER NOT NULL,          -- number in order of arrival, from 1 on, without gaps until clicks are deleted for their age
    user     INTEGER NOT NULL REFERENCES users,
    url      INTEGER NOT NULL REFERENCES urls,
    place    INTEGER NOT NULL REFERENCES places,
    agent    INTEGER NOT NULL REFERENCES agents,
    PRIMARY KEY (ts, click_id)
) WITHOUT ROWID;

-- The log of arrivals: the newest clicks again, packed, in order of arrival, as far back as the aggregation may have to count them.
CREATE TABLE arrivals (
    last   INTEGER PRIMARY KEY,         -- the id of the last click in the row; the newest row is never deleted, since it holds the last id
    clicks BLOB NOT NULL                -- packed clicks; x'00' for none
);

-- The next offset to read of each partition, written together with the clicks before it.
CREATE TABLE offsets (
    topic       TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;

-- Messages that are not clicks, and documents that the search engine has refused.
CREATE TABLE rejects (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,     -- milliseconds since 1970, UTC
    stage         TEXT NOT NULL,        -- ingest or index
    topic         TEXT NOT NULL,        -- for index, the search target
    partition     INTEGER,
    "offset"      INTEGER,
    reason        TEXT NOT NULL,
    payload       BLOB NOT NULL,        -- cut after 64 KiB
    payload_bytes INTEGER NOT NULL      -- the size before the cut
);

-- The figures of each url × country. Every write of a row gives it a greater version, even after the database was deleted.
CREATE TABLE page_stats (
    id            INTEGER PRIMARY KEY,
    url           INTEGER NOT NULL REFERENCES urls,
    country       INTEGER NOT NULL REFERENCES countries,
    clicks        INTEGER NOT NULL,
    unique_users  INTEGER NOT NULL,
    spent_ms      INTEGER NOT NULL,     -- sum of the known times spent
    spent_count   INTEGER NOT NULL,     -- number of the known times spent
    first_seen    INTEGER NOT NULL,     -- milliseconds since 1970, UTC
    last_seen     INTEGER NOT NULL,     -- milliseconds since 1970, UTC
    version       INTEGER NOT NULL,
    UNIQUE (url, country)
);
CREATE INDEX page_stats_version ON page_stats (version);

-- The progress of the aggregation: one row, absent before its first write.
CREATE TABLE aggregate_state (
    one                INTEGER PRIMARY KEY CHECK (one = 1),
    cursor             INTEGER NOT NULL,           -- the figures count every click up to this id
    late               INTEGER NOT NULL,           -- clicks that came too late to correct the time spent
    last_version       INTEGER NOT NULL,           -- the newest version in page_stats
    session_timeout_ms INTEGER NOT NULL,           -- the setting that the figures depend on
    recent_clicks      INTEGER NOT NULL,           -- the setting that decides which clicks are late
    checkpoint_cursor  INTEGER NOT NULL DEFAULT 0  -- the checkpoint covers every click up to this id; a restart replays the later ones
);

-- The checkpoint: the state of the aggregation that page_stats does not hold, in parts numbered from 1 on.
CREATE TABLE checkpoint (part INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- The progress of each search target: it holds every row of page_stats up to (version, page).
CREATE TABLE index_state (
    target  TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    page    INTEGER NOT NULL,
    resets  INTEGER NOT NULL DEFAULT 0   -- resets after which the target was cleared; with fewer than in the table resets, it still holds erased documents
) WITHOUT ROWID;

-- The number of resets: one row, absent before the first.
CREATE TABLE resets (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL);

-- The expiry of old clicks (store.retention): one row, absent before the first click expires.
CREATE TABLE expiry (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    expired_before INTEGER NOT NULL,     -- milliseconds since 1970, UTC: the store refuses clicks before this time
    deleted        INTEGER NOT NULL,     -- deleted clicks, which the figures still count
    refused        INTEGER NOT NULL      -- refused clicks, which were never counted
);

-- The identity of this database among those of the same consumer group: one row.
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  TEXT NOT NULL
);
INSERT INTO identity SELECT 1, lower(hex(randomblob(16)));

-- The location of this file at the last run, which tells a copy from the original: one row, absent before the first run.
CREATE TABLE location (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    host    TEXT NOT NULL,
    path    BLOB NOT NULL,
    device  INTEGER NOT NULL,
    inode   INTEGER NOT NULL,
    copy_of TEXT                        -- the identity of the database that this one may be a copy of; NULL if there is none
);

-- Topics whose start offsets are fixed. A partition of such a topic without a row in offsets was added later, and is read from its
-- beginning.
CREATE TABLE known_topics (topic TEXT PRIMARY KEY) WITHOUT ROWID;

-- Views for people who use sqlite3: the nine fields of every click, and the figures.
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
