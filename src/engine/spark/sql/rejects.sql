-- The newest rejects whose reason contains :search.
SELECT topic, partition, offset, arrived, reason, payload
FROM delta.`{{root}}/clicks`
WHERE slice IS NULL AND contains(lower(reason), lower(:search))
ORDER BY arrived DESC, partition, offset DESC
LIMIT :limit
