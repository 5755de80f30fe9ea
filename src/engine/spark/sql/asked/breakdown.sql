-- The clicks after {{after}} up to {{end}}, in ms since 1970, by {{value}}: the first groups, and in a row without `value` the sum of all
-- groups with their number. A gap ends with the user's next click of any url and country, so what is not kept is left out after the gaps
-- are known.
WITH kept AS (
  SELECT value, {{of}} AS of, user_id, gap
  FROM (
    SELECT url, country, value, user_id, LEAD(ts) OVER (PARTITION BY user_id ORDER BY ts, click_id) - ts AS gap
    FROM (SELECT ts, click_id, user_id, url, country, {{value}} AS value,
            row_number() OVER (PARTITION BY ts, click_id ORDER BY came, partition, offset) AS copy
          FROM {{clicks}}
          WHERE slice BETWEEN {{first_slice}} AND {{last_slice}} AND ts > {{after}} AND ts <= {{end}})
    WHERE copy = 1)
  WHERE {{kept}}),
figures AS (
  SELECT value, of, count(*) AS clicks, count(DISTINCT user_id) AS users,
    coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0) AS sum_ms, count(gap) FILTER (WHERE gap <= {{timeout_ms}}) AS known
  FROM kept GROUP BY value, of)
SELECT value, of, clicks, users, sum_ms, known, 0L AS groups
FROM (SELECT * FROM figures ORDER BY {{order}} LIMIT {{limit}})
UNION ALL
SELECT CAST(NULL AS STRING), CAST(NULL AS STRING), count(*), count(DISTINCT user_id),
  coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0), count(gap) FILTER (WHERE gap <= {{timeout_ms}}),
  (SELECT count(*) FROM figures)
FROM kept
