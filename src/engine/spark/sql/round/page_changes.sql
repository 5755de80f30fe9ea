SELECT url, country, sum(IF(_change_type = 'insert', clicks, -clicks)) AS clicks, 0L AS users, sum(IF(_change_type = 'insert', sum_ms, -sum_ms)) AS sum_ms,
    sum(IF(_change_type = 'insert', known, -known)) AS known, min(first_ms) AS first_ms, max(last_ms) AS last_ms
  FROM table_changes_by_path('{{root}}/pages', {{pages_from}} + 1, {{pages_to}}) WHERE slice <> -2000000000 GROUP BY url, country
