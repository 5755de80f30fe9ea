SELECT url, country, sum(clicks) AS clicks, 0L AS users, sum(sum_ms) AS sum_ms, sum(known) AS known, min(first_ms) AS first_ms, max(last_ms) AS last_ms
  FROM delta.`{{root}}/pages` VERSION AS OF {{pages_to}} WHERE slice <> -2000000000 GROUP BY url, country
