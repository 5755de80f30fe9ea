-- Counts the touched slices anew, and moves the cursor in the same commit.
INSERT INTO delta.`{{root}}/pages` REPLACE WHERE slice IN (-2000000000, {{touched}})
WITH stored AS (
  SELECT slice, ts, click_id, user_id, url, country, _metadata.row_commit_version AS came, partition, offset FROM delta.`{{root}}/clicks` VERSION AS OF {{to}}
  WHERE slice >= {{floor}} AND (slice IN ({{touched}}) {{heads}})
), copies AS (
  SELECT slice, ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY came, partition, offset) AS copy FROM stored
), gaps AS (
  SELECT slice, ts, url, country, LEAD(ts) OVER (PARTITION BY user_id ORDER BY ts, click_id) - ts AS gap FROM copies WHERE copy = 1
)
SELECT /*+ COALESCE(1) */ * FROM (
  {{cursor}}
  UNION ALL
  SELECT slice, url, country, count(*), coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0), count(gap) FILTER (WHERE gap <= {{timeout_ms}}), min(ts), max(ts)
  FROM gaps WHERE slice IN ({{touched}}) GROUP BY slice, url, country)
