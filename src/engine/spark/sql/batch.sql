-- The reference: the figures of all clicks up to version {{to}}, in one query. Of copies of a click, the one that came first counts.
SELECT url, country, count(*) AS clicks, count(DISTINCT user_id) AS users, coalesce(sum(gap) FILTER (WHERE gap <= {{timeout_ms}}), 0) AS sum_ms,
  count(gap) FILTER (WHERE gap <= {{timeout_ms}}) AS known, min(ts) AS first_ms, max(ts) AS last_ms
FROM (
  SELECT url, country, user_id, ts, LEAD(ts) OVER (PARTITION BY user_id ORDER BY ts, click_id) - ts AS gap
  FROM (SELECT ts, click_id, user_id, url, country, row_number() OVER (PARTITION BY ts, click_id ORDER BY {{first_copy}}) AS copy
        FROM delta.`{{root}}/clicks` VERSION AS OF {{to}} WHERE slice IS NOT NULL)
  WHERE copy = 1)
GROUP BY url, country
