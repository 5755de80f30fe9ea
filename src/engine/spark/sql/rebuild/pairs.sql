-- Every pair of the clicks up to version {{content}}. A pair that was there keeps its round, so figures that hold it do not get it again. Pairs
-- of later versions stay, as pairs of the next round: the figures of this rebuild do not hold them. The rows without url go: the round that
-- has left the newest of them is overtaken.
INSERT OVERWRITE delta.`{{root}}/pairs`
WITH copies AS (
  SELECT ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY {{first_copy}}) AS copy
  FROM delta.`{{root}}/clicks` VERSION AS OF {{content}} WHERE slice >= {{floor}}
), keyed AS (
  SELECT DISTINCT url, country, {{pair}} AS hash FROM copies WHERE copy = 1
), exact AS (
  SELECT url, country, CAST(conv(substring(hash, 1, 16), 16, -10) AS BIGINT) AS high, CAST(conv(substring(hash, 17, 16), 16, -10) AS BIGINT) AS low FROM keyed
), before AS (
  SELECT high, low, min(round) AS round, min_by(url, round) AS url, min_by(country, round) AS country FROM delta.`{{root}}/pairs` WHERE url IS NOT NULL GROUP BY high, low
)
SELECT coalesce(b.round, {{to}}L) AS round, e.high, e.low, e.url, e.country
FROM exact e LEFT JOIN before b ON e.high = b.high AND e.low = b.low
UNION ALL
SELECT {{to}}L + 1, b.high, b.low, b.url, b.country
FROM before b LEFT ANTI JOIN exact e ON e.high = b.high AND e.low = b.low WHERE b.round > {{content}}
