-- The first rows of a view, and each country in a row without url: `users` is the number of its pages, `sum_ms` of those that the view keeps.
WITH figures AS ({{figures}})
SELECT * FROM (
  SELECT url, country, clicks, users, sum_ms, known, minute FROM figures WHERE {{kept}} ORDER BY {{order}} LIMIT {{limit}})
UNION ALL
SELECT * FROM (
  SELECT CAST(NULL AS STRING) AS url, country, sum(clicks) AS clicks, count(*) AS users, count(*) FILTER (WHERE {{kept}}) AS sum_ms,
    0L AS known, sum(minute) AS minute
  FROM figures GROUP BY country ORDER BY clicks DESC, country LIMIT {{countries}})
