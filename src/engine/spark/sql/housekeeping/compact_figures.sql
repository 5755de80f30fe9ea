-- Of the rows up to the round {{before}}, keeps the last one of each url and country, and the last one that closes a round.
INSERT INTO delta.`{{root}}/figures` REPLACE WHERE round <= {{before}}
SELECT f.* FROM (
  SELECT max_by(struct(round, url, country, clicks, users, sum_ms, known, first_ms, last_ms), round) AS f
  FROM delta.`{{root}}/figures` WHERE round <= {{before}} GROUP BY url, country)
