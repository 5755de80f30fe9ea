-- The figures of the clicks after {{after}} up to {{end}}, in ms since 1970. Only gaps between clicks of this time count, as in the local
-- engine. `minute` counts the clicks of the last minute.
SELECT url, country, count(*) AS clicks, count(DISTINCT user_id) AS users,
  coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0) AS sum_ms, count(gap) FILTER (WHERE gap <= {{timeout_ms}}) AS known,
  count(*) FILTER (WHERE ts > {{minute}}) AS minute
FROM (
  SELECT url, country, user_id, ts, LEAD(ts) OVER (PARTITION BY user_id ORDER BY ts, click_id) - ts AS gap
  FROM (SELECT ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY {{first_copy}}) AS copy
        FROM delta.`{{root}}/clicks` VERSION AS OF {{version}}
        WHERE slice BETWEEN {{first_slice}} AND {{last_slice}} AND ts > {{after}} AND ts <= {{end}})
  WHERE copy = 1)
GROUP BY url, country
