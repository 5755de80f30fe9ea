-- The figures of the clicks from :from to :to, in ms since 1970. A gap may end up to the session timeout later.
SELECT url, country, count(*) AS clicks, count(DISTINCT user_id) AS users,
  coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0) AS sum_ms, count(gap) FILTER (WHERE gap <= {{timeout_ms}}) AS known,
  min(ts) AS first_ms, max(ts) AS last_ms
FROM (
  SELECT url, country, user_id, ts, LEAD(ts) OVER (PARTITION BY user_id ORDER BY ts, click_id) - ts AS gap
  FROM (SELECT ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY {{first_copy}}) AS copy
        FROM delta.`{{root}}/clicks`
        WHERE slice BETWEEN greatest({{lowest_slice}}, least({{highest_slice}}, floor(:from / {{slice_ms}})))
          AND greatest({{lowest_slice}}, least({{highest_slice}}, floor((:to + {{timeout_ms}}) / {{slice_ms}})))
          AND ts BETWEEN :from AND :to + {{timeout_ms}})
  WHERE copy = 1)
WHERE ts < :to
GROUP BY url, country
ORDER BY clicks DESC, url, country
LIMIT :limit
