-- Adds the clicks of the view clicktop_moved. They come before those of Kafka, so of copies of a click the moved one counts.
INSERT INTO delta.`{{root}}/clicks`
SELECT slice, ts, click_id, user_id, url, country, city, browser, os, device, CAST(NULL AS STRING) AS topic, -1 AS partition, number AS offset,
  CAST(NULL AS TIMESTAMP) AS arrived, CAST(NULL AS STRING) AS reason, CAST(NULL AS BINARY) AS payload, CAST(NULL AS STRING) AS agent
FROM clicktop_moved
