-- The figures of one url, by country.
SELECT country, f.* FROM (
  SELECT country, max_by(struct(clicks, users, sum_ms, known, first_ms, last_ms), round) AS f
  FROM delta.`{{root}}/figures` WHERE url = :url GROUP BY country)
ORDER BY f.clicks DESC, country
