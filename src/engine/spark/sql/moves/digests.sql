-- How many clicks each slice holds, and the sum of the checksums of their fields.
SELECT CAST(slice AS BIGINT) AS slice, count(*) AS clicks, sum(crc32(CAST(concat_ws('\u0001', click_id, user_id, CAST(ts AS STRING), url, country, city, browser,
  os, device) AS BINARY))) AS digest
FROM {{clicks}}
GROUP BY slice
ORDER BY slice
