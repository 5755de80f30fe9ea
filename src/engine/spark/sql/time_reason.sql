-- Why a text is no time, of the columns of times.sql. Characters that steer a terminal are not quoted.
concat('timestamp ', CASE WHEN @time_text RLIKE '[^ -~]' THEN '' WHEN length(@time_text) > 80 THEN concat('`', left(@time_text, 80), '…` ') ELSE concat('`', @time_text, '` ') END,
  CASE
    WHEN @time_form = 'number' THEN CASE
      WHEN get(@part, 0) = '-' THEN '{{negative}}'
      WHEN length(get(@part, 1)) > 1 AND startswith(get(@part, 1), '0') THEN '{{no_time}}'
      WHEN @count IN (10, 13, 16, 19) THEN '{{rounded}}'
      WHEN get(@part, 2) = '' AND length(get(@part, 1)) IN (8, 12, 14, 17) AND left(get(@part, 1), 4) BETWEEN '1900' AND '2199'
        AND try_cast(concat(left(get(@part, 1), 4), '-', substring(get(@part, 1), 5, 2), '-', substring(get(@part, 1), 7, 2)) AS DATE) IS NOT NULL THEN '{{compact_date}}'
      ELSE concat('is not a Unix time: it has ', @count, ' digits before the point instead of 10 (seconds), 13 (milliseconds), 16 (microseconds) or 19 (nanoseconds); write other times like 2026-01-31T09:30:00Z') END
    WHEN @ms IS NOT NULL THEN '{{outside}}'
    WHEN @part IS NOT NULL THEN CASE
      WHEN CAST(get(@shifts, 0) AS INT) > 23 OR CAST(get(@shifts, 1) AS INT) > 59 THEN '{{no_calendar}}'
      WHEN get(@part, 8) <> '' AND IF(lower(get(@part, 8)) IN ('utc', 'gmt', 'etc/utc', 'etc/gmt'), get(@shifts, 0) || get(@shifts, 1) RLIKE '[^0]', get(@part, 5) = '')
        THEN '{{unknown_zone}}'
      WHEN get(@part, 6) IN ('UTC', 'GMT') AND get(@shifts, 0) || get(@shifts, 1) RLIKE '[^0]' THEN IF(@plain RLIKE '^[0-9]{4}', '{{no_time}}', '{{unknown_zone}}')
      WHEN get(@part, 0) = '0000' AND @date IS NULL AND get(@part, 3) = '' AND @plain RLIKE '^[0-9]{4}' THEN '{{outside}}'
      ELSE '{{no_calendar}}' END
    WHEN instr(@time, '\u2212') > 0 THEN '{{minus}}'
    WHEN @plain RLIKE r'{{date_only}}' THEN '{{only_date}}'
    WHEN @plain RLIKE r'{{week_date}}' THEN '{{week}}'
    WHEN @plain RLIKE r'{{day_and_month}}' THEN '{{order}}'
    WHEN @plain RLIKE r'{{year_zone}}' OR @plain RLIKE r'{{day_zone}}' OR @plain RLIKE r'{{name_zone}}' THEN '{{unknown_zone}}'
    ELSE '{{no_time}}' END)
