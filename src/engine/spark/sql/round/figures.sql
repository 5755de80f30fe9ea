-- Adds what the pages and pairs have changed since the round {{from}} to the figures. A row of figures tells the sums up to its round, so
-- whoever adds the same changes to the same round writes the same row.
INSERT INTO delta.`{{root}}/figures`
WITH deltas AS (
  {{changes}}
  UNION ALL
  SELECT url, country, 0L, count(*), 0L, 0L, NULL, NULL FROM delta.`{{root}}/pairs` WHERE round > {{from}} AND round <= {{to}} GROUP BY url, country
), delta AS (
  SELECT url, country, sum(clicks) AS clicks, sum(users) AS users, sum(sum_ms) AS sum_ms, sum(known) AS known, min(first_ms) AS first_ms, max(last_ms) AS last_ms
  FROM deltas GROUP BY url, country HAVING sum(clicks) <> 0 OR sum(users) <> 0 OR sum(sum_ms) <> 0 OR sum(known) <> 0
), base AS (
  SELECT {{broadcast_delta}} f.url, f.country,
    max_by(struct(f.clicks, f.users, f.sum_ms, f.known, f.first_ms, f.last_ms), f.round) AS f
  FROM delta.`{{root}}/figures` f LEFT SEMI JOIN delta d ON f.url = d.url AND f.country = d.country WHERE f.round <= {{from}} GROUP BY f.url, f.country
)
SELECT {{parts}} * FROM (
  SELECT {{to}}L AS round, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, {{pages_to}}L AS clicks, 0L AS users, 0L AS sum_ms, 0L AS known, 0L AS first_ms, 0L AS last_ms
  UNION ALL
  SELECT {{to}}L, d.url, d.country, d.clicks + coalesce(f.clicks, 0), d.users + coalesce(f.users, 0), d.sum_ms + coalesce(f.sum_ms, 0), d.known + coalesce(f.known, 0),
    least(d.first_ms, f.first_ms), greatest(d.last_ms, f.last_ms)
  FROM delta d LEFT JOIN base b ON d.url = b.url AND d.country = b.country)
