-- Adds the pairs that no round has seen. Of copies of a click, the first by partition and offset counts. A transaction id (the application
-- clicktop-pairs, the version {{to}}) makes it count once, because Delta sees no conflict between two such inserts.
INSERT INTO delta.`{{root}}/pairs`
WITH copies AS (
  SELECT ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY partition, offset) AS copy
  FROM {{copies}}
), keyed AS (
  SELECT {{parts}} DISTINCT url, country, sha2(concat(length(url), ' ', url, length(country), ' ', country, user_id), 256) AS hash FROM copies WHERE copy = 1
), candidates AS (
  SELECT url, country, CAST(conv(substring(hash, 1, 16), 16, -10) AS BIGINT) AS high, CAST(conv(substring(hash, 17, 16), 16, -10) AS BIGINT) AS low FROM keyed
)
SELECT {{to}} AS round, n.high, n.low, n.url, n.country
FROM candidates n LEFT ANTI JOIN {{seen}} seen ON n.high = seen.high AND n.low = seen.low
