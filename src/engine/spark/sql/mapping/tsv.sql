-- A record in which every separator ends a field.
line =
  IF(@form = 'text', regexp_replace(@text, r'\r?\n?\z', ''), NULL)

record =
  split(@line, r'{{sign}}', -1)

quote_fault =
  CAST(NULL AS STRING)
