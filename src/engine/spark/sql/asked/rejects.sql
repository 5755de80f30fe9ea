-- Rejects, newest first, each with the first {{shown}} bytes of its payload.
SELECT topic, partition, offset, unix_micros(arrived) AS arrived, reason, substring(payload, 1, {{shown}}) AS payload,
  CAST(octet_length(payload) AS BIGINT) AS bytes
FROM delta.`{{root}}/clicks` VERSION AS OF {{version}}
WHERE slice IS NULL AND {{since}}
ORDER BY arrived DESC, topic, partition, offset DESC
{{limit}}
