-- Adds the pairs that no round has seen, and a row without url that tells the version {{to}}. Of copies of a click, the one that came first
-- counts. A transaction id makes it count once, because Delta sees no conflict between two such inserts.
INSERT INTO delta.`{{root}}/pairs`
WITH copies AS (
  SELECT ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY came, partition, offset) AS copy
  FROM {{copies}}
), keyed AS (
  SELECT /*+ COALESCE(1) */ DISTINCT url, country, {{pair}} AS hash FROM copies WHERE copy = 1
), candidates AS (
  SELECT url, country, CAST(conv(substring(hash, 1, 16), 16, -10) AS BIGINT) AS high, CAST(conv(substring(hash, 17, 16), 16, -10) AS BIGINT) AS low FROM keyed
)
SELECT /*+ COALESCE(1) */ * FROM (
  SELECT {{to}}L AS round, CAST(NULL AS BIGINT) AS high, CAST(NULL AS BIGINT) AS low, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country
  UNION ALL
  SELECT {{to}}L, n.high, n.low, n.url, n.country
  FROM candidates n LEFT ANTI JOIN {{seen}} seen ON n.high = seen.high AND n.low = seen.low)
