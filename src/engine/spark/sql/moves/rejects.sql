-- Adds the rejects of the view clicktop_moved.
INSERT INTO delta.`{{root}}/clicks`
SELECT CAST(NULL AS INT) AS slice, CAST(NULL AS BIGINT) AS ts, CAST(NULL AS STRING) AS click_id, CAST(NULL AS STRING) AS user_id,
  CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, CAST(NULL AS STRING) AS city, CAST(NULL AS STRING) AS browser,
  CAST(NULL AS STRING) AS os, CAST(NULL AS STRING) AS device, topic, partition, offset, timestamp_millis(at_ms) AS arrived, reason, payload,
  CAST(NULL AS STRING) AS agent
FROM clicktop_moved
