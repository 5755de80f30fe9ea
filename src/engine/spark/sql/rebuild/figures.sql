-- The figures of the clicks up to version {{content}}, by the batch query, as those of the round {{to}}. A url and country that had figures and
-- has no click gets a row of zeros, so that every console forgets it.
INSERT OVERWRITE delta.`{{root}}/figures`
WITH copies AS (
  SELECT ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY {{first_copy}}) AS copy
  FROM delta.`{{root}}/clicks` VERSION AS OF {{content}} WHERE slice >= {{floor}}
), gaps AS (
  SELECT url, country, user_id, ts, LEAD(ts) OVER (PARTITION BY user_id ORDER BY ts, click_id) - ts AS gap FROM copies WHERE copy = 1
), exact AS (
  SELECT url, country, count(*) AS clicks, count(DISTINCT user_id) AS users, coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0) AS sum_ms,
    count(gap) FILTER (WHERE gap <= {{timeout_ms}}) AS known, min(ts) AS first_ms, max(ts) AS last_ms
  FROM gaps GROUP BY url, country
), before AS (
  SELECT DISTINCT url, country FROM delta.`{{root}}/figures` WHERE url IS NOT NULL
)
SELECT {{to}}L AS round, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, {{pages_version}}L AS clicks, 0L AS users, 0L AS sum_ms,
  0L AS known, 0L AS first_ms, 0L AS last_ms
UNION ALL
SELECT {{to}}L, url, country, clicks, users, sum_ms, known, first_ms, last_ms FROM exact
UNION ALL
SELECT {{to}}L, b.url, b.country, 0L, 0L, 0L, 0L, NULL, NULL FROM before b LEFT ANTI JOIN exact e ON b.url = e.url AND b.country = e.country
