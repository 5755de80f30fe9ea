-- The newest rejects, the oldest of them first.
SELECT topic, partition, offset, unix_millis(arrived) AS at_ms, reason, payload FROM (
  SELECT topic, partition, offset, arrived, reason, payload FROM delta.`{{root}}/clicks` VERSION AS OF {{version}}
  WHERE slice IS NULL
  ORDER BY arrived DESC, partition DESC, offset DESC
  LIMIT {{limit}})
ORDER BY arrived, partition, offset
