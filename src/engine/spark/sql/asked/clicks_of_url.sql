-- The clicks of the url :url from the click :first_id of the time {{from}} (ms since 1970) on. Of copies of a click, the one that came
-- first counts.
SELECT ts, click_id, user_id, country, city
FROM (SELECT ts, click_id, user_id, url, country, city, row_number() OVER (PARTITION BY ts, click_id ORDER BY {{first_copy}}) AS copy
      FROM delta.`{{root}}/clicks` VERSION AS OF {{version}}
      WHERE slice >= {{first_slice}} AND ts >= {{from}})
WHERE copy = 1 AND url = :url AND (ts > {{from}} OR click_id >= :first_id)
