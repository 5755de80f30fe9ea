-- Decodes Kafka messages, one row each, as src/click does: a click has a slice, a reject has a reason.
--
-- Reads the view kafka_messages(topic, partition, offset, timestamp, value), streaming or not. There is no aggregation and no UDF.
-- patterns.txt holds the regular expressions.
--
-- LATERAL VIEW inline(array(struct(…))) computes each expression once; the optimizer would copy it into all of its uses. In the ANSI
-- mode, an index beyond an array or a wrong cast ends the query for good, hence get() and try_cast().
WITH typed AS (
  SELECT * FROM (SELECT topic, partition, offset, timestamp AS arrived, coalesce(value, X'') AS value, CAST(value AS STRING) AS raw,
      coalesce(octet_length(value), 0) AS bytes FROM kafka_messages)
  LATERAL VIEW inline(array(struct(
    IF(startswith(raw, '\uFEFF'), substring(raw, 2), raw) AS text,
    CASE WHEN bytes > {{max_message_bytes}} THEN 'too long'
         WHEN NOT is_valid_utf8(raw) THEN 'utf-8'
         WHEN raw IS NULL OR raw RLIKE r'\A\uFEFF?+{{blank}}*+\z' THEN 'empty'
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
  -- The members at the top: their values, and which field (0 to 8) or family (9 to 11) each is.
  SELECT * FROM split LATERAL VIEW inline(array(struct(
    instr(object, r'\') > 0 AS has_escapes,
    regexp_extract_all(object, r'{{json_members}}', 2) AS tokens,
    transform(regexp_extract_all(object, r'{{json_members}}', 1), n -> try_element_at(map(
      'click_id', 0, 'row_key', 0, 'user_id', 1, 'timestamp', 2, 'url', 3, 'country', 4, 'city', 5, 'browser', 6, 'os', 7,
      'operating_system', 7, 'device', 8, 'click_data', 9, 'geo_data', 10, 'user_agent_data', 11), IF(instr(n, r'\') > 0, get_json_object(concat('{"a":"', n, '"}'), '$.a'), n))) AS codes))) m
), all_members AS (
  -- The same with the members of the families.
  SELECT * FROM members LATERAL VIEW inline(array(struct(
    IF(greatest(array_position(codes, 9), array_position(codes, 10), array_position(codes, 11)) = 0, codes, concat(codes,
      transform(IF(startswith(get(tokens, array_position(codes, 9) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 9) - 1), r'{{json_members}}', 1), array()),
        n -> try_element_at(map('user_id', 1, 'timestamp', 2, 'url', 3), IF(instr(n, r'\') > 0, get_json_object(concat('{"a":"', n, '"}'), '$.a'), n))),
      transform(IF(startswith(get(tokens, array_position(codes, 10) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 10) - 1), r'{{json_members}}', 1), array()),
        n -> try_element_at(map('country', 4, 'city', 5), IF(instr(n, r'\') > 0, get_json_object(concat('{"a":"', n, '"}'), '$.a'), n))),
      transform(IF(startswith(get(tokens, array_position(codes, 11) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 11) - 1), r'{{json_members}}', 1), array()),
        n -> try_element_at(map('browser', 6, 'os', 7, 'operating_system', 7, 'device', 8), IF(instr(n, r'\') > 0, get_json_object(concat('{"a":"', n, '"}'), '$.a'), n))))) AS all_codes,
    IF(greatest(array_position(codes, 9), array_position(codes, 10), array_position(codes, 11)) = 0, tokens, concat(tokens,
      IF(startswith(get(tokens, array_position(codes, 9) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 9) - 1), r'{{json_members}}', 2), array()),
      IF(startswith(get(tokens, array_position(codes, 10) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 10) - 1), r'{{json_members}}', 2), array()),
      IF(startswith(get(tokens, array_position(codes, 11) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 11) - 1), r'{{json_members}}', 2), array()))) AS all_tokens))) m
), tokens9 AS (
  -- The tokens of the nine fields. What counts as null is an empty string. An id or an optional field that is a whole number has no
  -- fraction and no exponent.
  SELECT * FROM all_members LATERAL VIEW inline(array(struct(
    IF(form = 'json', transform(array(
        get(all_tokens, array_position(all_codes, 0) - 1), get(all_tokens, array_position(all_codes, 1) - 1), get(all_tokens, array_position(all_codes, 2) - 1),
        get(all_tokens, array_position(all_codes, 3) - 1), get(all_tokens, array_position(all_codes, 4) - 1), get(all_tokens, array_position(all_codes, 5) - 1),
        get(all_tokens, array_position(all_codes, 6) - 1), get(all_tokens, array_position(all_codes, 7) - 1), get(all_tokens, array_position(all_codes, 8) - 1)), (v, code) ->
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
        WHEN has_escapes AND exists(concat(regexp_extract_all(object, r'{{json_members}}', 1), IF(startswith(get(tokens, array_position(codes, 9) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 9) - 1), r'{{json_members}}', 1), array()),
          IF(startswith(get(tokens, array_position(codes, 10) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 10) - 1), r'{{json_members}}', 1), array()), IF(startswith(get(tokens, array_position(codes, 11) - 1), '{'), regexp_extract_all(get(tokens, array_position(codes, 11) - 1), r'{{json_members}}', 1), array())), n -> concat('"', n, '"') RLIKE r'{{half_pair}}')
          THEN 'JSON: a name contains half of a surrogate pair, which is not a character'
        WHEN size(array_distinct(array_compact(all_codes))) < size(array_compact(all_codes))
          THEN concat('JSON: `', get(array({{names}}, 'click_data', 'geo_data', 'user_agent_data'), get(filter(sequence(0, 11), code ->
            size(filter(all_codes, c -> c = code)) > 1), 0)), '` is given twice')
        -- Where a NaN is replaced, an empty string is accepted, too.
        WHEN exists(array(get(tokens, array_position(codes, 9) - 1), get(tokens, array_position(codes, 10) - 1), get(tokens, array_position(codes, 11) - 1)), v -> NOT (startswith(v, '{') OR v IN ('null', 'NaN', 'Infinity', '-Infinity')
          OR (v = '""' AND object RLIKE r'{{json_nan}}')))
          THEN 'JSON: a family of fields is not an object'
        WHEN exists(found, v -> v RLIKE r'^[{\[tf]') OR NOT startswith(get(found, 3), '"') THEN 'type'
        WHEN has_escapes AND exists(found, v -> v RLIKE r'{{half_pair}}')
          THEN concat('JSON: `', get(array({{names}}), get(filter(sequence(0, 8), code -> get(found, code) RLIKE r'{{half_pair}}'), 0)),
                      '` contains half of a surrogate pair, which is not a character') END
      ELSE form END AS form_fault))) m
), required AS (
  SELECT * FROM record9 LATERAL VIEW inline(array(struct(
    CASE WHEN get(fields, 0) = r'\N' OR NOT get(fields, 0) RLIKE r'[^{{white_class}}]' THEN 'click_id'
         WHEN get(fields, 1) = r'\N' OR NOT get(fields, 1) RLIKE r'[^{{white_class}}]' THEN 'user_id'
         WHEN get(fields, 2) = r'\N' OR NOT get(fields, 2) RLIKE r'[^{{white_class}}]' THEN 'timestamp'
         WHEN get(fields, 3) = r'\N' OR NOT get(fields, 3) RLIKE r'[^{{white_class}}]' THEN 'url' END AS missing,
    IF(get(fields, 2) RLIKE r'\A{{white}}|{{white}}\z', regexp_replace(get(fields, 2), r'\A{{white}}++|(?<!{{white}}){{white}}++\z', ''), get(fields, 2)) AS time))) m
), bare AS (
  -- Access logs have the time in brackets.
  SELECT * FROM required LATERAL VIEW inline(array(struct(
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
    IF(instr(get(part, 4), ':') > 0, split(regexp_replace(get(part, 4), '[.,].*', ''), ':'),
       array(substring(get(part, 4), 1, 2), substring(get(part, 4), 3, 2), substring(get(part, 4), 5, 2))) AS hms,
    CAST(rpad(left(regexp_extract(get(part, 4), '[.,]([0-9]++)', 1), 3), 3, '0') AS INT) AS milli,
    get(part, 5) || get(part, 7) AS shift,
    CASE WHEN instr(get(part, 5) || get(part, 7), ':') > 0 THEN split(substring(get(part, 5) || get(part, 7), 2), ':')
         WHEN length(get(part, 5) || get(part, 7)) = 5 THEN array(substring(get(part, 5) || get(part, 7), 2, 2), substring(get(part, 5) || get(part, 7), 4, 2))
         ELSE array('0' || substring(get(part, 5) || get(part, 7), 2), '0') END AS shifts,
    IF(time_form <> 'number', NULL, trim(LEADING '0' FROM concat(get(part, 1), get(part, 2)))) AS digits,
    -- Zero and numbers below one have one digit before the point.
    IF(time_form <> 'number', NULL, IF(trim(LEADING '0' FROM concat(get(part, 1), get(part, 2))) = '', 1,
      greatest(1, coalesce(try_add(length(trim(LEADING '0' FROM concat(get(part, 1), get(part, 2)))) - length(get(part, 2)),
        IF(length(get(part, 4)) > 18, 9223372036854775807, CAST(concat('0', get(part, 4)) AS BIGINT)) * IF(get(part, 3) = '-', -1, 1)), 9223372036854775807)))) AS count))) m
), times AS (
  SELECT * FROM numbers LATERAL VIEW inline(array(struct(
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
         WHEN missing IS NOT NULL THEN 'missing'
         WHEN ms IS NULL OR NOT ms BETWEEN {{min_ms}} AND {{max_ms}} THEN 'time'
         WHEN bytes > least({{max_url_bytes}}, {{max_field_bytes}}) AND octet_length(get(fields, 3)) > {{max_url_bytes}} THEN 'url'
         WHEN bytes > least({{max_url_bytes}}, {{max_field_bytes}})
           THEN IF(exists(array(0, 1, 4, 5, 6, 7, 8), at -> octet_length(get(fields, at)) > {{max_field_bytes}} AND get(fields, at) <> 'unknown'), 'field', NULL)
         END AS fault))) m
), looked_at AS (
  -- Of rejects: what another program has put into the message, and where its CSV breaks.
  SELECT * FROM judged LATERAL VIEW inline(array(struct(
    IF(fault IS NULL, NULL, regexp_replace(regexp_replace(raw, r'\A{{white}}++|(?<!{{white}}){{white}}++\z', ''), r'\A\uFEFF', '')) AS look,
    IF(fault = 'csv' AND record IS NULL, regexp_extract(concat(',', regexp_replace(text, r'\r?\n?\z', '')), r'{{csv_valid_prefix}}', 0), NULL) AS valid_csv))) m
)
SELECT IF(fault IS NULL, CAST(greatest({{lowest_slice}}, least({{highest_slice}}, floor(ms / {{slice_ms}}))) AS INT), NULL) AS slice, IF(fault IS NULL, ms, NULL) AS ts,
  IF(fault IS NULL, get(fields, 0), NULL) AS click_id, IF(fault IS NULL, get(fields, 1), NULL) AS user_id, IF(fault IS NULL, get(fields, 3), NULL) AS url,
  IF(fault IS NULL, IF(get(fields, 4) IN ('', r'\N'), 'unknown', get(fields, 4)), NULL) AS country, IF(fault IS NULL, IF(get(fields, 5) IN ('', r'\N'), 'unknown', get(fields, 5)), NULL) AS city, IF(fault IS NULL, IF(get(fields, 6) IN ('', r'\N'), 'unknown', get(fields, 6)), NULL) AS browser, IF(fault IS NULL, IF(get(fields, 7) IN ('', r'\N'), 'unknown', get(fields, 7)), NULL) AS os, IF(fault IS NULL, IF(get(fields, 8) IN ('', r'\N'), 'unknown', get(fields, 8)), NULL) AS device,
  topic, partition, offset, arrived,
  -- A lambda is interpreted: as generated code, these many cases would be a method too long for the JVM to compile.
  IF(fault IS NULL, NULL, get(transform(array(fault), f -> coalesce(
    CASE
      WHEN hex(left(value, 3)) = '1F8B08' THEN 'gzip{{compressed}}'
      WHEN hex(left(value, 4)) = '28B52FFD' THEN 'zstd{{compressed}}'
      WHEN hex(left(value, 4)) = '04224D18' THEN 'lz4{{compressed}}'
      WHEN startswith(hex(left(value, 10)), 'FF060000734E61507059') OR hex(left(value, 8)) = '82534E4150505900' THEN 'snappy{{compressed}}'
      WHEN left(value, 10) = X'425A683931415926' || X'5359' THEN 'bzip2{{compressed}}'
      WHEN hex(left(value, 6)) = 'FD377A585A00' THEN 'xz{{compressed}}'
      WHEN hex(left(value, 4)) = '504B0304' THEN 'zip{{compressed}}'
      WHEN hex(left(value, 2)) IN ('FFFE', 'FEFF') OR raw RLIKE r'\A(?:(?:[!-~ \t\n\f\r]\x00){8}|(?:\x00[!-~ \t\n\f\r]){8})' THEN 'UTF-16 text: send UTF-8'
      WHEN hex(left(value, 4)) = '4F626A01' THEN 'Avro{{file}}'
      WHEN hex(left(value, 4)) = '50415231' THEN 'Parquet{{file}}'
      WHEN hex(left(value, 4)) = 'ACED0005' THEN 'a Java object (ObjectOutputStream): send CSV or JSON, one event in each message'
      WHEN look RLIKE r'\A<html' OR raw RLIKE r'\A<(?:\?xml|!DOCTYPE)' OR look RLIKE r'\A(?i:<html)' THEN 'XML or HTML: send CSV or JSON, one event in each message'
      WHEN bytes > 5 AND hex(left(value, 2)) = '0000' AND hex(left(value, 5)) <> '0000000000'
        THEN 'a frame of a schema registry (a zero byte, a schema\'s number): let the producer write plain JSON without a schema'
      WHEN fault = 'utf-8' OR look = '' THEN NULL
      WHEN startswith(look, '[') THEN IF(look RLIKE r'\A{{value3}}\z', 'a JSON array: send its events one by one, one object in each message', NULL)
      WHEN startswith(look, '"') AND look RLIKE r'\A{{string}}\z' AND get_json_object(concat('{"a":', look, '}'), '$.a') RLIKE r'\A{{white}}*+{{family_object}}{{ws}}\z'
        THEN 'JSON inside a JSON string: send the object itself'
      WHEN startswith(look, '{') THEN CASE
        WHEN array_contains(regexp_extract_all(object, r'{{json_members}}', 1), 'schema') AND array_contains(regexp_extract_all(object, r'{{json_members}}', 1), 'payload')
          THEN 'a Kafka Connect envelope of schema and payload: set value.converter.schemas.enable=false in the connector'
        WHEN look RLIKE r'\A(?:{{family_object}}{{ws}}){2,}+\z' THEN 'several JSON objects: send one object in each message' END
      WHEN look RLIKE r'{{csv_header}}' THEN 'the header of a CSV file: send only its records'
      WHEN look RLIKE r'{{access_log}}' THEN 'a line of a web server\'s log: send events of {{fields}} as CSV or JSON'
      WHEN look RLIKE r'[\r\n]' OR startswith(look, '"') THEN NULL
      WHEN length(look) - length(replace(look, ';', '')) = 8 THEN 'nine fields with ; between them: separate them with commas'
      WHEN length(look) - length(replace(look, '\t', '')) = 8 THEN r'nine fields with \t between them: separate them with commas'
      WHEN length(look) - length(replace(look, '|', '')) = 8 THEN 'nine fields with | between them: separate them with commas'
      WHEN length(look) - length(replace(look, '\u0001', '')) = 8 THEN r'nine fields with \u{1} between them: separate them with commas'
      END,
    IF(valid_csv IS NULL, NULL, get(transform(array(substring(concat(',', text), length(valid_csv) + 1)), rest -> concat('CSV field ', size(regexp_extract_all(valid_csv, r'{{csv_fields}}', 1)) + 1, ': ',
        CASE WHEN rest RLIKE r'\A,"(?:[^"]++|"")*+"' THEN 'text after the closing quote; double a quote inside a quoted field'
             WHEN startswith(rest, ',"') THEN 'the quote is never closed'
             WHEN rest RLIKE r'\A,[^,\r\n"]*+"' THEN 'a quote inside a field without quotes; quote the whole field and double the quote'
             ELSE 'a line break outside quotes; send one record in each message' END)), 0)),
    CASE fault
      WHEN 'empty' THEN 'empty message'
      WHEN 'too long' THEN concat('message of ', bytes, ' bytes is longer than the limit of {{max_message_bytes}}')
      WHEN 'utf-8' THEN concat('not UTF-8 at byte ', length(regexp_extract(decode(value, 'ISO-8859-1'), r'{{utf8_prefix}}', 0)), ': send messages as UTF-8')
      WHEN 'no object' THEN 'JSON: not an object; send one object in each message'
      WHEN 'csv' THEN concat(size(record), ' CSV fields instead of 9: {{fields}}')
      WHEN 'missing' THEN concat('`', missing, '` is missing or empty')
      -- Characters that steer a terminal are not quoted.
      WHEN 'time' THEN concat('timestamp ', CASE WHEN get(fields, 2) RLIKE '[^ -~]' THEN '' WHEN length(get(fields, 2)) > 80 THEN concat('`', left(get(fields, 2), 80), '…` ') ELSE concat('`', get(fields, 2), '` ') END,
        CASE
          WHEN time_form = 'number' THEN CASE
            WHEN get(part, 0) = '-' THEN '{{negative}}'
            WHEN length(get(part, 1)) > 1 AND startswith(get(part, 1), '0') THEN '{{no_time}}'
            WHEN count IN (10, 13, 16, 19) THEN '{{rounded}}'
            WHEN get(part, 2) = '' AND length(get(part, 1)) IN (8, 12, 14, 17) AND left(get(part, 1), 4) BETWEEN '1900' AND '2199'
              AND try_cast(concat(left(get(part, 1), 4), '-', substring(get(part, 1), 5, 2), '-', substring(get(part, 1), 7, 2)) AS DATE) IS NOT NULL THEN '{{compact_date}}'
            ELSE concat('is not a Unix time: it has ', count, ' digits before the point instead of 10 (seconds), 13 (milliseconds), 16 (microseconds) or 19 (nanoseconds); write other times like 2026-01-31T09:30:00Z') END
          WHEN ms IS NOT NULL THEN '{{outside}}'
          WHEN part IS NOT NULL THEN CASE
            WHEN CAST(get(shifts, 0) AS INT) > 23 OR CAST(get(shifts, 1) AS INT) > 59 THEN '{{no_calendar}}'
            WHEN get(part, 8) <> '' AND IF(lower(get(part, 8)) IN ('utc', 'gmt', 'etc/utc', 'etc/gmt'), get(shifts, 0) || get(shifts, 1) RLIKE '[^0]', get(part, 5) = '')
              THEN '{{unknown_zone}}'
            WHEN get(part, 6) IN ('UTC', 'GMT') AND get(shifts, 0) || get(shifts, 1) RLIKE '[^0]' THEN IF(plain RLIKE '^[0-9]{4}', '{{no_time}}', '{{unknown_zone}}')
            WHEN get(part, 0) = '0000' AND date IS NULL AND get(part, 3) = '' AND plain RLIKE '^[0-9]{4}' THEN '{{outside}}'
            ELSE '{{no_calendar}}' END
          WHEN instr(time, '\u2212') > 0 THEN '{{minus}}'
          WHEN plain RLIKE r'{{date_only}}' THEN '{{only_date}}'
          WHEN plain RLIKE r'{{week_date}}' THEN '{{week}}'
          WHEN plain RLIKE r'{{day_and_month}}' THEN '{{order}}'
          WHEN plain RLIKE r'{{year_zone}}' OR plain RLIKE r'{{day_zone}}' OR plain RLIKE r'{{name_zone}}' THEN '{{unknown_zone}}'
          ELSE '{{no_time}}' END)
      WHEN 'url' THEN concat('`url` has ', octet_length(get(fields, 3)), ' bytes, more than the {{max_url_bytes}} that events.max_url_bytes allows')
      WHEN 'field' THEN get(transform(filter(array(0, 1, 4, 5, 6, 7, 8), at -> octet_length(get(fields, at)) > {{max_field_bytes}} AND get(fields, at) <> 'unknown'), at ->
        concat('`', get(array({{names}}), at), '` has ', octet_length(get(fields, at)), ' bytes, more than the {{max_field_bytes}} that events.max_field_bytes allows')), 0)
      WHEN 'type' THEN get(transform(filter(sequence(0, 8), at -> get(found, at) RLIKE r'^[{\[tf]' OR (at = 3 AND NOT startswith(get(found, 3), '"'))), at ->
        concat('JSON: `', get(array({{names}}), at), '` is ', CASE left(get(found, at), 1) WHEN '{' THEN 'an object' WHEN '[' THEN 'an array' WHEN 't' THEN 'a boolean'
          WHEN 'f' THEN IF(get(found, at) = 'fraction', 'a fraction, or a number of more than 40 digits', 'a boolean') ELSE 'a number' END, ' instead of ',
          CASE WHEN at < 2 THEN 'a string or an integer' WHEN at = 3 THEN 'a string' ELSE 'a string or a number' END)), 0)
      ELSE fault END)), 0)) AS reason,
  IF(fault IS NULL, NULL, left(value, {{max_payload_bytes}})) AS payload
FROM looked_at
