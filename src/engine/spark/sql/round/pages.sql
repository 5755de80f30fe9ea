-- Counts the touched slices anew, and moves the cursor in the same commit. Every touched slice is kept, and so is every slice that a gap
-- reaches from there.
INSERT INTO delta.`{{root}}/pages` REPLACE WHERE slice IN (-2000000000, {{touched}})
WITH stored AS (
  SELECT slice, ts, click_id, user_id, url, country, partition, offset FROM delta.`{{root}}/clicks` VERSION AS OF {{to}}
  WHERE slice IN ({{touched}}) {{heads}}
), copies AS (
  SELECT slice, ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY partition, offset) AS copy FROM stored
), gaps AS (
  SELECT slice, ts, url, country, LEAD(ts) OVER (PARTITION BY user_id ORDER BY ts, click_id) - ts AS gap FROM copies WHERE copy = 1
)
SELECT {{parts}} * FROM (
  SELECT -2000000000 AS slice, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, {{to}}L AS clicks, 0L AS sum_ms, {{floor}}L AS known, 0L AS first_ms, 0L AS last_ms
  UNION ALL
  SELECT slice, url, country, count(*), coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0), count(gap) FILTER (WHERE gap <= {{timeout_ms}}), min(ts), max(ts)
  FROM gaps WHERE slice IN ({{touched}}) GROUP BY slice, url, country)
