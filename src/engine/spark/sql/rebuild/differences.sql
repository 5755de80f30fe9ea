-- How the figures of version {{after}} differ from those of version {{before}} before them.
WITH old AS (
  SELECT url, country, f FROM (
    SELECT url, country, max_by(struct(clicks, users, sum_ms, known, first_ms, last_ms), round) AS f
    FROM delta.`{{root}}/figures` VERSION AS OF {{before}} WHERE url IS NOT NULL GROUP BY url, country)
  WHERE f.clicks <> 0
), new AS (
  SELECT url, country, struct(clicks, users, sum_ms, known, first_ms, last_ms) AS f
  FROM delta.`{{root}}/figures` VERSION AS OF {{after}} WHERE url IS NOT NULL AND clicks <> 0
)
SELECT count(n.url) AS pages, coalesce(sum(n.f.clicks), 0) AS clicks, count_if(o.url IS NOT NULL AND n.url IS NOT NULL AND o.f <> n.f) AS wrong,
  count_if(o.url IS NULL) AS missing, count_if(n.url IS NULL) AS surplus
FROM old o FULL OUTER JOIN new n ON o.url = n.url AND o.country = n.country
