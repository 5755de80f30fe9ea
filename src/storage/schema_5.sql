-- Clicks lie in the order of their time, in one tree that is their index as well. `id` remains the order of arrival:
-- without a gap from 1 on, but for what was deleted for its age.
DROP VIEW click_events;
ALTER TABLE clicks RENAME TO clicks_by_arrival;
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
-- Named, since a sort would take the whole table into memory.
INSERT INTO clicks (ts, click_id, id, user, url, place, agent)
SELECT ts, click_id, id, user, url, place, agent
FROM clicks_by_arrival INDEXED BY sqlite_autoindex_clicks_by_arrival_1 ORDER BY ts, click_id;

-- The newest clicks once more, packed, in the order of arrival: as far back as somebody may still have to count them.
-- clicktop copies those of an older file, and drops clicks_by_arrival then.
CREATE TABLE arrivals (
    last   INTEGER PRIMARY KEY,         -- the id of the last of them; the newest row stays, and with it the numbering
    clicks BLOB NOT NULL                -- x'00': none
);

-- For people with sqlite3: the nine fields of every click.
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
