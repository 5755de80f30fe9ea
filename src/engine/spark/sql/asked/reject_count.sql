-- How many rejects there are, and when the last of the newest {{limit}} arrived, in µs since 1970.
SELECT total, unix_micros(last) AS last FROM
  (SELECT count(*) AS total FROM delta.`{{root}}/clicks` VERSION AS OF {{version}} WHERE slice IS NULL)
  CROSS JOIN (SELECT min(arrived) AS last FROM (
    SELECT arrived FROM delta.`{{root}}/clicks` VERSION AS OF {{version}} WHERE slice IS NULL ORDER BY arrived DESC LIMIT {{limit}}))
