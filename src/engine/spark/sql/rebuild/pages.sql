-- The sums of every slice of the clicks up to version {{content}}, with the cursor.
INSERT OVERWRITE delta.`{{root}}/pages`
WITH copies AS (
  SELECT slice, ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY {{first_copy}}) AS copy
  FROM delta.`{{root}}/clicks` VERSION AS OF {{content}} WHERE slice >= {{floor}}
), gaps AS (
  SELECT slice, ts, url, country, LEAD(ts) OVER (PARTITION BY user_id ORDER BY ts, click_id) - ts AS gap FROM copies WHERE copy = 1
)
{{cursor}}
UNION ALL
SELECT slice, url, country, count(*), coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0), count(gap) FILTER (WHERE gap <= {{timeout_ms}}), min(ts), max(ts)
FROM gaps GROUP BY slice, url, country
