-- The time of the newest click between {{from}} and {{to}}, in ms since 1970.
SELECT max(ts) AS newest FROM delta.`{{root}}/clicks` VERSION AS OF {{version}}
WHERE slice BETWEEN {{first_slice}} AND {{last_slice}} AND ts BETWEEN {{from}} AND {{to}}
