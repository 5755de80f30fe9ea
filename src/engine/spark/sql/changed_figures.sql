-- The figures that the rounds after {{from}} up to {{to}} have changed.
SELECT url, country, f.* FROM (
  SELECT url, country, max_by(struct(clicks, users, sum_ms, known, first_ms, last_ms), round) AS f
  FROM delta.`{{root}}/figures` WHERE round > {{from}} AND round <= {{to}} AND url IS NOT NULL GROUP BY url, country)
