-- The time of an event in any form of src/click/timestamp.rs: columns, each computed once. `@name` is a column, and `@time_text` the text.

-- Without the blanks at its ends.
time =
  IF(@time_text RLIKE r'\A{{white}}|{{white}}\z', regexp_replace(@time_text, r'\A{{white}}++|(?<!{{white}}){{white}}++\z', ''), @time_text)

time_form =
  CASE WHEN @time RLIKE r'{{unix}}' THEN 'unix' WHEN @time RLIKE r'{{rfc_3339}}' THEN 'rfc' WHEN @time RLIKE r'{{decimal}}' THEN 'number' ELSE 'form' END

-- Access logs have the time in brackets.
plain =
  IF(startswith(@time, '[') AND endswith(@time, ']') AND length(@time) > 1, substring(@time, 2, length(@time) - 2), @time)

-- Year, month, day, weekday, clock, offset, abbreviation of the zone, offset of UTC or GMT, name in brackets; or the parts of a number.
part =
  CASE WHEN @time IS NULL OR @time_form = 'unix' THEN NULL
       WHEN @time_form = 'rfc' THEN array(substring(@time, 1, 4), substring(@time, 6, 2), substring(@time, 9, 2), '',
         regexp_extract(@time, r'[0-9:]{8}(?:\.[0-9]++)?+', 0), IF(length(@time) > 19 AND substring(@time, -6, 1) IN ('+', '-'), right(@time, 6), ''), '', '', '')
       WHEN @time_form = 'number' THEN split(regexp_replace(@time, r'{{decimal}}', '$1|$2|$3|$4|$5'), r'\|', -1)
       WHEN instr(@time, '\u2212') > 0 THEN NULL
       WHEN @plain RLIKE r'{{year_first}}' THEN split(regexp_replace(@plain, r'{{year_first}}', '$1|$3|$4||$5|$6|$7|$8|$9'), r'\|', -1)
       WHEN @plain RLIKE r'{{compact}}' THEN split(regexp_replace(@plain, r'{{compact}}', '$1|$2|$3||$4|$5|$6|$7|$8'), r'\|', -1)
       WHEN @plain RLIKE r'{{day_first}}' THEN split(regexp_replace(@plain, r'{{day_first}}', '$5|$4|$2|$1|$6|$7|$8|$9|$10'), r'\|', -1)
       WHEN @plain RLIKE r'{{name_first}}' THEN split(regexp_replace(@plain, r'{{name_first}}', '$4$12|$2|$3|$1|$5$10|$6|$7|$8$11|$9'), r'\|', -1)
       END

date =
  IF(@time_form IN ('rfc', 'form'), try_cast(concat(get(@part, 0), '-', lpad(IF(get(@part, 1) RLIKE '^[0-9]', get(@part, 1),
    CAST((locate(lower(left(get(@part, 1), 3)), 'janfebmaraprmayjunjulaugsepoctnovdec') + 2) DIV 3 AS STRING)), 2, '0'), '-', lpad(get(@part, 2), 2, '0')) AS DATE), NULL)

hms =
  IF(instr(get(@part, 4), ':') > 0, split(regexp_replace(get(@part, 4), '[.,].*', ''), ':'),
     array(substring(get(@part, 4), 1, 2), substring(get(@part, 4), 3, 2), substring(get(@part, 4), 5, 2)))

milli =
  CAST(rpad(left(regexp_extract(get(@part, 4), '[.,]([0-9]++)', 1), 3), 3, '0') AS INT)

shift =
  get(@part, 5) || get(@part, 7)

shifts =
  CASE WHEN instr(get(@part, 5) || get(@part, 7), ':') > 0 THEN split(substring(get(@part, 5) || get(@part, 7), 2), ':')
       WHEN length(get(@part, 5) || get(@part, 7)) = 5 THEN array(substring(get(@part, 5) || get(@part, 7), 2, 2), substring(get(@part, 5) || get(@part, 7), 4, 2))
       ELSE array('0' || substring(get(@part, 5) || get(@part, 7), 2), '0') END

digits =
  IF(@time_form <> 'number', NULL, trim(LEADING '0' FROM concat(get(@part, 1), get(@part, 2))))

-- Zero and numbers below one have one digit before the point.
count =
  IF(@time_form <> 'number', NULL, IF(trim(LEADING '0' FROM concat(get(@part, 1), get(@part, 2))) = '', 1,
    greatest(1, coalesce(try_add(length(trim(LEADING '0' FROM concat(get(@part, 1), get(@part, 2)))) - length(get(@part, 2)),
      IF(length(get(@part, 4)) > 18, 9223372036854775807, CAST(concat('0', get(@part, 4)) AS BIGINT)) * IF(get(@part, 3) = '-', -1, 1)), 9223372036854775807))))

-- The date and the time of day as if they were UTC, without the fraction of the second.
civil =
  CASE WHEN @time_form NOT IN ('rfc', 'form') THEN NULL
    WHEN CAST(get(@hms, 0) AS INT) > 23 OR CAST(get(@hms, 1) AS INT) > 59 OR try_cast(get(@hms, 2) AS INT) > 60
    OR CAST(get(@shifts, 0) AS INT) > 23 OR CAST(get(@shifts, 1) AS INT) > 59
    OR (get(@part, 3) <> '' AND lower(left(get(@part, 3), 3)) <> lower(date_format(@date, 'E')))
    OR (get(@part, 6) IN ('UTC', 'GMT') AND get(@shifts, 0) || get(@shifts, 1) RLIKE '[^0]')
    OR (get(@part, 8) <> '' AND IF(lower(get(@part, 8)) IN ('utc', 'gmt', 'etc/utc', 'etc/gmt'), get(@shifts, 0) || get(@shifts, 1) RLIKE '[^0]', get(@part, 5) = '')) THEN NULL
    ELSE ((unix_date(@date) * 24L + CAST(get(@hms, 0) AS INT)) * 60 + CAST(get(@hms, 1) AS INT)) * 60000 + least(coalesce(try_cast(get(@hms, 2) AS INT), 0), 59) * 1000 END

-- Whether it has no offset, and is in a zone of the settings.
local =
  {{local}}

-- Milliseconds since 1970.
ms =
  CASE @time_form
    WHEN 'unix' THEN CAST(rpad(left(@time, 13), 13, '0') AS BIGINT)
    WHEN 'number' THEN CASE
      WHEN get(@part, 0) = '-' OR (length(get(@part, 1)) > 1 AND startswith(get(@part, 1), '0')) OR NOT @count IN (10, 13, 16, 19)
        OR (get(@part, 3) = '+' AND length(@digits) <= 7) THEN NULL
      ELSE CAST(rpad(left(@digits, 13), 13, '0') AS BIGINT) END
    ELSE IF(@local, {{local_ms}}, @civil - IF(startswith(@shift, '-'), -1, 1) * (CAST(get(@shifts, 0) AS INT) * 60 + CAST(get(@shifts, 1) AS INT)) * 60000L) + @milli END
