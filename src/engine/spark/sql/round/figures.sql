-- Adds what the pages and pairs have changed since the round {{from}} to the figures. Pages that retention removes keep their figures.
INSERT INTO delta.`{{root}}/figures`
WITH changed AS (
  SELECT url, country, IF(_change_type = 'insert', 1, -1) AS sign, clicks, sum_ms, known, first_ms, last_ms
  FROM table_changes_by_path('{{root}}/pages', {{pages_from}} + 1, {{pages_to}})
  WHERE slice <> -2000000000 AND (_change_type = 'insert' OR slice >= {{floor}})
), deltas AS (
  SELECT url, country, sum(sign * clicks) AS clicks, 0L AS users, sum(sign * sum_ms) AS sum_ms, sum(sign * known) AS known,
    min(first_ms) AS first_ms, max(last_ms) AS last_ms FROM changed GROUP BY url, country
  UNION ALL
  SELECT url, country, 0L, count(*), 0L, 0L, NULL, NULL FROM delta.`{{root}}/pairs` WHERE round > {{from}} AND round <= {{to}} AND url IS NOT NULL GROUP BY url, country
), delta AS (
  SELECT url, country, sum(clicks) AS clicks, sum(users) AS users, sum(sum_ms) AS sum_ms, sum(known) AS known, min(first_ms) AS first_ms, max(last_ms) AS last_ms
  FROM deltas GROUP BY url, country HAVING sum(clicks) <> 0 OR sum(users) <> 0 OR sum(sum_ms) <> 0 OR sum(known) <> 0
), base AS (
  SELECT url, country, max_by(struct(clicks, users, sum_ms, known, first_ms, last_ms), round) AS f
  FROM delta.`{{root}}/figures` WHERE round <= {{from}} AND url IS NOT NULL GROUP BY url, country
)
SELECT /*+ COALESCE(1) */ * FROM (
  -- In the same plan as the base, and so of the same version: if another console has added to the figures, this does nothing.
  SELECT IF(coalesce(max(round), -1) = {{from}}, {{to}}L, CAST(raise_error('{{overtaken}}') AS BIGINT)) AS round, CAST(NULL AS STRING) AS url,
    CAST(NULL AS STRING) AS country, {{pages_to}}L AS clicks, 0L AS users, 0L AS sum_ms, 0L AS known, 0L AS first_ms, 0L AS last_ms
  FROM delta.`{{root}}/figures` WHERE url IS NULL AND round >= {{from}}
  UNION ALL
  SELECT {{to}}L, d.url, d.country, d.clicks + coalesce(f.clicks, 0), d.users + coalesce(f.users, 0), d.sum_ms + coalesce(f.sum_ms, 0), d.known + coalesce(f.known, 0),
    least(d.first_ms, f.first_ms), greatest(d.last_ms, f.last_ms)
  FROM delta d LEFT JOIN base b ON d.url = b.url AND d.country = b.country)
