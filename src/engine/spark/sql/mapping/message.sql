-- A message: its text, and the form of its event. `value` is never NULL.
raw =
  CAST(value AS STRING)

bytes =
  octet_length(value)

text =
  IF(startswith(@raw, '\uFEFF'), substring(@raw, 2), @raw)

form =
  CASE WHEN @bytes > {{max_message_bytes}} THEN 'too long'
       WHEN NOT is_valid_utf8(@raw) THEN 'utf-8'
       WHEN @raw RLIKE r'\A\uFEFF?+{{blank}}*+\z' THEN 'empty'
       WHEN {{may_be_json}} AND @raw RLIKE r'\A\uFEFF?+{{blank}}*+\{' THEN 'json'
       WHEN {{may_be_text}} THEN 'text'
       ELSE 'no object' END
