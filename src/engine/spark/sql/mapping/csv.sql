-- A record whose fields may be quoted by RFC 4180. Each field is read with a separator before it, so that an empty first field is a
-- match, too.
line =
  IF(@form = 'text', regexp_replace(@text, r'\r?\n?\z', ''), NULL)

plain_record =
  NOT @line RLIKE r'["\r\n]'

fine =
  IF(@plain_record, NULL, regexp_extract(concat({{separator}}, @line), r'\A(?:{{sign}}(?:"(?:[^"]++|"")*+"|[^"\r\n{{sign}}]*+)(?={{sign}}|\z))*+', 0))

record =
  CASE WHEN @plain_record THEN split(@line, r'{{sign}}', -1)
       WHEN length(@fine) > length(@line)
       THEN transform(regexp_extract_all(@fine, r'{{sign}}("(?:[^"]++|"")*+"|[^"\r\n{{sign}}]*+)', 1),
                      f -> IF(startswith(f, '"'), replace(substring(f, 2, length(f) - 2), '""', '"'), f)) END

quote_fault =
  IF(length(@fine) <= length(@line), get(transform(array(substring(concat({{separator}}, @line), length(@fine) + 2)), rest -> concat('CSV field ',
    size(regexp_extract_all(@fine, r'{{sign}}("(?:[^"]++|"")*+"|[^"\r\n{{sign}}]*+)', 1)) + 1, ': ',
    CASE WHEN rest RLIKE r'\A"(?:[^"]++|"")*+"' THEN 'text after the closing quote; double a quote inside a quoted field'
         WHEN startswith(rest, '"') THEN 'the quote is never closed'
         WHEN rest RLIKE r'\A[^"\r\n{{sign}}]*+"' THEN 'a quote inside a field without quotes; quote the whole field and double the quote'
         ELSE 'a line break outside quotes; send one record in each message' END)), 0), NULL)
