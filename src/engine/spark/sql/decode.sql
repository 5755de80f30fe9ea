-- Decodes Kafka messages, one row each, as src/click does: a click has a slice, a reject has a reason.
--
-- Reads the view kafka_messages(topic, partition, offset, timestamp, value), streaming or not. There is no aggregation and no UDF.
-- patterns.txt holds the regular expressions.
--
-- LATERAL VIEW inline(array(struct(…))) computes each expression once; the optimizer would copy it into all of its uses. In the ANSI
-- mode, an index beyond an array or a wrong cast ends the query for good, hence get() and try_cast().
WITH message AS (
  SELECT * FROM (SELECT topic, partition, offset, timestamp AS arrived, coalesce(value, X'') AS value FROM kafka_messages)
  LATERAL VIEW inline(array(struct(CAST(value AS STRING) AS raw, octet_length(value) AS bytes))) m
), typed AS (
  SELECT * FROM message LATERAL VIEW inline(array(struct(
    IF(startswith(raw, '\uFEFF'), substring(raw, 2), raw) AS text,
    CASE WHEN bytes > {{max_message_bytes}} THEN 'too long'
         WHEN NOT is_valid_utf8(raw) THEN 'utf-8'
         WHEN raw RLIKE r'\A\uFEFF?+{{blank}}*+\z' THEN 'empty'
         WHEN {{may_be_json}} AND raw RLIKE r'\A\uFEFF?+{{blank}}*+\{' THEN 'json'
         WHEN {{may_be_csv}} THEN 'csv'
         ELSE 'no object' END AS form))) t
), split AS (
  -- CSV becomes fields. JSON is checked; what nests deeper than three levels becomes `false` first, from the inside out.
  SELECT * FROM typed LATERAL VIEW inline(array(struct(
    CASE WHEN form <> 'csv' THEN NULL
         WHEN instr(text, '"') = 0 AND instr(text, '\n') = 0 AND instr(text, '\r') = 0 THEN split(text, ',', -1)
         WHEN concat(',', regexp_replace(text, r'\r?\n?\z', '')) RLIKE r'{{csv_record}}'
         THEN transform(regexp_extract_all(concat(',', regexp_replace(text, r'\r?\n?\z', '')), r'{{csv_fields}}', 1),
                        f -> IF(startswith(f, '"'), replace(substring(f, 2, length(f) - 2), '""', '"'), f)) END AS record,
    CASE WHEN form <> 'json' THEN NULL
         WHEN text RLIKE r'{{json_object}}' THEN text
         WHEN NOT text RLIKE r'{{json_tokens}}' THEN NULL
         ELSE get(transform(array(
           aggregate(sequence(1, {{max_depth}} - 3), struct(text AS text, false AS done), (a, n) ->
             IF(a.done, a, get(transform(array(
               translate(replace(regexp_replace(a.text, r'{{json_innermost}}', '\u0001$1$2\u0002'), '\u0001\u0002', 'false'), '\u0001\u0002', '')),
               t -> struct(t AS text, t = a.text OR t RLIKE r'{{json_object}}' AS done)), 0)))),
           a -> IF(a.text RLIKE r'{{json_object}}', a.text, NULL)), 0) END AS object))) s
), members AS (
  SELECT * FROM split LATERAL VIEW inline(array(struct(
    regexp_extract_all(object, r'{{json_members}}', 1) AS names,
    regexp_extract_all(object, r'{{json_members}}', 2) AS tokens,
    instr(object, r'\') > 0 AS has_escapes))) m
), top AS (
  SELECT * FROM members LATERAL VIEW inline(array(struct(
    transform(IF(has_escapes, transform(names, n -> IF(instr(n, r'\') > 0, get_json_object(concat('{"a":"', n, '"}'), '$.a'), n)), names), n -> try_element_at(map(
      'click_id', 0, 'row_key', 0, 'user_id', 1, 'timestamp', 2, 'url', 3, 'country', 4, 'city', 5, 'browser', 6, 'os', 7,
      'operating_system', 7, 'device', 8, 'click_data', 9, 'geo_data', 10, 'user_agent_data', 11), n)) AS codes))) m
), families AS (
  SELECT * FROM top LATERAL VIEW inline(array(struct(
    get(tokens, array_position(codes, 9) - 1) AS click_data,
    get(tokens, array_position(codes, 10) - 1) AS geo_data,
    get(tokens, array_position(codes, 11) - 1) AS user_agent_data))) m
), inner_members AS (
  SELECT * FROM families LATERAL VIEW inline(array(struct(
    IF(startswith(click_data, '{'), regexp_extract_all(click_data, r'{{json_members}}', 1), array()) AS click_names,
    IF(startswith(geo_data, '{'), regexp_extract_all(geo_data, r'{{json_members}}', 1), array()) AS geo_names,
    IF(startswith(user_agent_data, '{'), regexp_extract_all(user_agent_data, r'{{json_members}}', 1), array()) AS user_agent_names))) m
), all_members AS (
  SELECT * FROM inner_members LATERAL VIEW inline(array(struct(
    IF(coalesce(click_data, geo_data, user_agent_data) IS NULL, codes, concat(codes,
      transform(click_names, n -> try_element_at(map('user_id', 1, 'timestamp', 2, 'url', 3), IF(instr(n, r'\') > 0, get_json_object(concat('{"a":"', n, '"}'), '$.a'), n))),
      transform(geo_names, n -> try_element_at(map('country', 4, 'city', 5), IF(instr(n, r'\') > 0, get_json_object(concat('{"a":"', n, '"}'), '$.a'), n))),
      transform(user_agent_names, n -> try_element_at(map('browser', 6, 'os', 7, 'operating_system', 7, 'device', 8), IF(instr(n, r'\') > 0, get_json_object(concat('{"a":"', n, '"}'), '$.a'), n)))
    )) AS all_codes,
    IF(coalesce(click_data, geo_data, user_agent_data) IS NULL, tokens, concat(tokens,
      IF(size(click_names) > 0, regexp_extract_all(click_data, r'{{json_members}}', 2), array()),
      IF(size(geo_names) > 0, regexp_extract_all(geo_data, r'{{json_members}}', 2), array()),
      IF(size(user_agent_names) > 0, regexp_extract_all(user_agent_data, r'{{json_members}}', 2), array())
    )) AS all_tokens))) m
), tokens9 AS (
  -- The tokens of the nine fields. What counts as null is an empty string. An id or an optional field that is a whole number has no
  -- fraction and no exponent.
  SELECT * FROM all_members LATERAL VIEW inline(array(struct(
    IF(form = 'json', transform(transform(sequence(0, 8), code -> get(all_tokens, array_position(all_codes, code) - 1)), (v, code) ->
      CASE WHEN v IS NULL OR v IN ('null', 'NaN', 'Infinity', '-Infinity') THEN '""'
           WHEN v = '-0' AND code <> 2 THEN '0'
           WHEN startswith(v, '"') OR code IN (2, 3) OR NOT v RLIKE '^-?[0-9]+[.eE]' THEN v
           ELSE coalesce(get(transform(transform(array(split(regexp_replace(v, r'{{decimal}}', '$1|$2|$3|$4|$5'), r'\|', -1)), d -> struct(
               get(d, 0) AS sign,
               trim(LEADING '0' FROM concat(get(d, 1), get(d, 2))) AS digits,
               -- The number of digits before the point, from the first that is not 0.
               IF(length(get(d, 4)) > 9, NULL, IF(get(d, 3) = '-', -1, 1) * CAST(concat('0', get(d, 4)) AS INT))
                 - length(get(d, 2)) + length(trim(LEADING '0' FROM concat(get(d, 1), get(d, 2)))) AS whole)), d ->
             CASE WHEN d.digits = '' THEN '0'
                  WHEN d.whole <= 40 AND length(trim(TRAILING '0' FROM d.digits)) <= d.whole
                  THEN concat(d.sign, rpad(left(d.digits, d.whole), d.whole, '0')) END), 0),
             IF(code < 2, 'fraction', v)) END), NULL) AS found))) m
), record9 AS (
  SELECT * FROM tokens9 LATERAL VIEW inline(array(struct(
    CASE WHEN form = 'csv' THEN IF(size(record) = 9, record, NULL)
         WHEN NOT has_escapes THEN transform(found, v -> IF(startswith(v, '"'), substring(v, 2, length(v) - 2), v))
         ELSE transform(found, v -> CASE WHEN NOT startswith(v, '"') THEN v
                                         WHEN instr(v, r'\') = 0 THEN substring(v, 2, length(v) - 2)
                                         ELSE get_json_object(concat('{"a":', v, '}'), '$.a') END) END AS fields,
    CASE form
      WHEN 'csv' THEN IF(size(record) = 9, NULL, 'csv')
      WHEN 'json' THEN CASE
        WHEN object IS NULL THEN 'JSON: not a valid object, or nested deeper than {{max_depth}} levels'
        WHEN has_escapes AND exists(concat(names, click_names, geo_names, user_agent_names), n -> concat('"', n, '"') RLIKE r'{{half_pair}}')
          THEN 'JSON: a name contains half of a surrogate pair, which is not a character'
        WHEN size(array_distinct(array_compact(all_codes))) < size(array_compact(all_codes))
          THEN concat('JSON: `', get(array({{names}}, 'click_data', 'geo_data', 'user_agent_data'), get(filter(sequence(0, 11), code ->
            size(filter(all_codes, c -> c = code)) > 1), 0)), '` is given twice')
        -- Where a NaN is replaced, an empty string is accepted, too.
        WHEN exists(array(click_data, geo_data, user_agent_data), v -> NOT (startswith(v, '{') OR v IN ('null', 'NaN', 'Infinity', '-Infinity')
          OR (v = '""' AND object RLIKE r'{{json_nan}}')))
          THEN 'JSON: a family of fields is not an object'
        WHEN exists(found, v -> v RLIKE r'^[{\[tf]') OR NOT startswith(get(found, 3), '"') THEN 'type'
        WHEN has_escapes AND exists(found, v -> v RLIKE r'{{half_pair}}')
          THEN concat('JSON: `', get(array({{names}}), get(filter(sequence(0, 8), code -> get(found, code) RLIKE r'{{half_pair}}'), 0)),
                      '` contains half of a surrogate pair, which is not a character') END
      ELSE form END AS form_fault))) m
), required AS (
  SELECT * FROM record9 LATERAL VIEW inline(array(struct(
    IF(form_fault IS NULL, get(array('click_id', 'user_id', 'timestamp', 'url'), get(filter(sequence(0, 3), at ->
      get(fields, at) = r'\N' OR NOT get(fields, at) RLIKE r'[^{{white_class}}]'), 0)), NULL) AS missing,
    get(fields, 2) AS stamp))) m
), trimmed AS (
  SELECT * FROM required LATERAL VIEW inline(array(struct(
    IF(missing IS NULL AND form_fault IS NULL,
       IF(stamp RLIKE r'\A{{white}}|{{white}}\z', regexp_replace(stamp, r'\A{{white}}++|(?<!{{white}}){{white}}++\z', ''), stamp), NULL) AS time))) m
), bare AS (
  -- Access logs have the time in brackets.
  SELECT * FROM trimmed LATERAL VIEW inline(array(struct(
    CASE WHEN time RLIKE r'{{unix}}' THEN 'unix' WHEN time RLIKE r'{{rfc_3339}}' THEN 'rfc' WHEN time RLIKE r'{{decimal}}' THEN 'number' ELSE 'form' END AS time_form,
    IF(startswith(time, '[') AND endswith(time, ']') AND length(time) > 1, substring(time, 2, length(time) - 2), time) AS plain))) m
), parts AS (
  -- Year, month, day, weekday, clock, offset, abbreviation of the zone, offset of UTC or GMT, name in brackets; or the parts of a number.
  SELECT * FROM bare LATERAL VIEW inline(array(struct(
    CASE WHEN time IS NULL OR time_form = 'unix' THEN NULL
         WHEN time_form = 'rfc' THEN array(substring(time, 1, 4), substring(time, 6, 2), substring(time, 9, 2), '',
           regexp_extract(time, r'[0-9:]{8}(?:\.[0-9]++)?+', 0), IF(length(time) > 19 AND substring(time, -6, 1) IN ('+', '-'), right(time, 6), ''), '', '', '')
         WHEN time_form = 'number' THEN split(regexp_replace(time, r'{{decimal}}', '$1|$2|$3|$4|$5'), r'\|', -1)
         WHEN instr(time, '\u2212') > 0 THEN NULL
         WHEN plain RLIKE r'{{year_first}}' THEN split(regexp_replace(plain, r'{{year_first}}', '$1|$3|$4||$5|$6|$7|$8|$9'), r'\|', -1)
         WHEN plain RLIKE r'{{compact}}' THEN split(regexp_replace(plain, r'{{compact}}', '$1|$2|$3||$4|$5|$6|$7|$8'), r'\|', -1)
         WHEN plain RLIKE r'{{day_first}}' THEN split(regexp_replace(plain, r'{{day_first}}', '$5|$4|$2|$1|$6|$7|$8|$9|$10'), r'\|', -1)
         WHEN plain RLIKE r'{{name_first}}' THEN split(regexp_replace(plain, r'{{name_first}}', '$4$12|$2|$3|$1|$5$10|$6|$7|$8$11|$9'), r'\|', -1)
         END AS part))) m
), numbers AS (
  SELECT * FROM parts LATERAL VIEW inline(array(struct(
    IF(time_form IN ('rfc', 'form'), try_cast(concat(get(part, 0), '-', lpad(IF(get(part, 1) RLIKE '^[0-9]', get(part, 1),
      CAST((locate(lower(left(get(part, 1), 3)), 'janfebmaraprmayjunjulaugsepoctnovdec') + 2) DIV 3 AS STRING)), 2, '0'), '-', lpad(get(part, 2), 2, '0')) AS DATE), NULL) AS date,
    IF(time_form IN ('rfc', 'form'), split(get(part, 4), '[.,]'), NULL) AS clock,
    IF(time_form IN ('rfc', 'form'), concat(get(part, 5), get(part, 7)), '') AS shift,
    IF(time_form = 'number', trim(LEADING '0' FROM concat(get(part, 1), get(part, 2))), NULL) AS digits,
    IF(time_form = 'number', IF(length(get(part, 4)) > 18, 9223372036854775807, CAST(concat('0', get(part, 4)) AS BIGINT)) * IF(get(part, 3) = '-', -1, 1), NULL) AS exponent))) m
), clocks AS (
  SELECT * FROM numbers LATERAL VIEW inline(array(struct(
    IF(instr(get(clock, 0), ':') > 0, split(get(clock, 0), ':'),
       array(substring(get(clock, 0), 1, 2), substring(get(clock, 0), 3, 2), substring(get(clock, 0), 5, 2))) AS hms,
    CAST(rpad(left(coalesce(get(clock, 1), ''), 3), 3, '0') AS INT) AS milli,
    CASE WHEN shift = '' THEN array('0', '0')
         WHEN instr(shift, ':') > 0 THEN split(substring(shift, 2), ':')
         WHEN length(shift) = 5 THEN array(substring(shift, 2, 2), substring(shift, 4, 2))
         ELSE array(substring(shift, 2), '0') END AS shifts,
    IF(digits = '', 1, greatest(1, coalesce(try_add(length(digits) - length(get(part, 2)), exponent), 9223372036854775807))) AS count))) m
), times AS (
  SELECT * FROM clocks LATERAL VIEW inline(array(struct(
    CASE time_form
      WHEN 'unix' THEN CAST(rpad(left(time, 13), 13, '0') AS BIGINT)
      WHEN 'number' THEN CASE
        WHEN get(part, 0) = '-' OR (length(get(part, 1)) > 1 AND startswith(get(part, 1), '0')) OR NOT count IN (10, 13, 16, 19)
          OR (get(part, 3) = '+' AND length(digits) <= 7) THEN NULL
        ELSE CAST(rpad(left(digits, 13), 13, '0') AS BIGINT) END
      ELSE CASE
        WHEN CAST(get(hms, 0) AS INT) > 23 OR CAST(get(hms, 1) AS INT) > 59 OR try_cast(get(hms, 2) AS INT) > 60
          OR CAST(get(shifts, 0) AS INT) > 23 OR CAST(get(shifts, 1) AS INT) > 59
          OR (get(part, 3) <> '' AND lower(left(get(part, 3), 3)) <> lower(date_format(date, 'E')))
          OR (get(part, 6) IN ('UTC', 'GMT') AND get(shifts, 0) || get(shifts, 1) RLIKE '[^0]')
          OR (get(part, 8) <> '' AND IF(lower(get(part, 8)) IN ('utc', 'gmt', 'etc/utc', 'etc/gmt'), get(shifts, 0) || get(shifts, 1) RLIKE '[^0]', get(part, 5) = ''))
        THEN NULL
        ELSE ((unix_date(date) * 24L + CAST(get(hms, 0) AS INT)) * 60 + CAST(get(hms, 1) AS INT)
              - IF(startswith(shift, '-'), -1, 1) * (CAST(get(shifts, 0) AS INT) * 60 + CAST(get(shifts, 1) AS INT))) * 60000
             + least(coalesce(try_cast(get(hms, 2) AS INT), 0), 59) * 1000 + milli END END AS ms))) m
), judged AS (
  SELECT * FROM times LATERAL VIEW inline(array(struct(
    CASE WHEN form_fault IS NOT NULL THEN form_fault
         WHEN missing IS NOT NULL THEN concat('`', missing, '` is missing or empty')
         WHEN ms IS NULL OR NOT ms BETWEEN -62135596800000 AND 253402300799999 THEN 'timestamp'
         WHEN bytes > least({{max_url_bytes}}, {{max_field_bytes}}) AND (octet_length(get(fields, 3)) > {{max_url_bytes}}
           OR size(filter(fields, (f, at) -> at NOT IN (2, 3) AND octet_length(f) > {{max_field_bytes}} AND f <> 'unknown')) > 0) THEN 'long' END AS fault))) m
)
SELECT IF(fault IS NULL, CAST(floor(ms / {{slice_ms}}) AS INT), NULL) AS slice, IF(fault IS NULL, ms, NULL) AS ts,
  IF(fault IS NULL, get(fields, 0), NULL) AS click_id, IF(fault IS NULL, get(fields, 1), NULL) AS user_id, IF(fault IS NULL, get(fields, 3), NULL) AS url,
  IF(fault IS NULL, IF(get(fields, 4) IN ('', r'\N'), 'unknown', get(fields, 4)), NULL) AS country, IF(fault IS NULL, IF(get(fields, 5) IN ('', r'\N'), 'unknown', get(fields, 5)), NULL) AS city, IF(fault IS NULL, IF(get(fields, 6) IN ('', r'\N'), 'unknown', get(fields, 6)), NULL) AS browser, IF(fault IS NULL, IF(get(fields, 7) IN ('', r'\N'), 'unknown', get(fields, 7)), NULL) AS os, IF(fault IS NULL, IF(get(fields, 8) IN ('', r'\N'), 'unknown', get(fields, 8)), NULL) AS device,
  topic, partition, offset, arrived, fault AS reason, IF(fault IS NULL, NULL, substring(value, 1, {{max_payload_bytes}})) AS payload
FROM judged
