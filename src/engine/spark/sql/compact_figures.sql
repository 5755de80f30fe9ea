-- Keeps the last row of each url and country, and of the rounds.
INSERT OVERWRITE delta.`{{root}}/figures`
SELECT f.* FROM (
  SELECT max_by(struct(round, url, country, clicks, users, sum_ms, known, first_ms, last_ms), round) AS f
  FROM delta.`{{root}}/figures` GROUP BY url, country)
