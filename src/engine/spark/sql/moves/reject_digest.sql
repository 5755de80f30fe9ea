-- How many rejects there are, and the sum of the checksums of their fields.
SELECT count(*) AS rejects, coalesce(sum(crc32(CAST(concat_ws('\u0001', topic, CAST(partition AS STRING), CAST(offset AS STRING), reason) AS BINARY))
  + crc32(coalesce(payload, X''))), 0L) AS digest
FROM delta.`{{root}}/clicks` VERSION AS OF {{version}}
WHERE slice IS NULL
