-- The first of the {{most}} newest clicks from {{from}} (ms since 1970) on, and how many these are.
SELECT count(*) AS clicks, min(place).ts AS ts, min(place).click_id AS click_id
FROM (
  SELECT struct(ts, click_id) AS place FROM (
    SELECT ts, click_id FROM delta.`{{root}}/clicks` VERSION AS OF {{version}}
    WHERE slice >= {{first_slice}} AND ts >= {{from}}
    GROUP BY ts, click_id ORDER BY ts DESC, click_id DESC LIMIT {{most}}))
