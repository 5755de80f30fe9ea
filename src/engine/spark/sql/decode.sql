-- Decodes Kafka messages, one row each, as src/click does: a click has a slice, a reject has a reason.
--
-- Reads a view (topic, partition, offset, timestamp, value), streaming or not: see input.rs. There is no aggregation and no UDF.
-- patterns.txt holds the regular expressions.
--
-- LATERAL VIEW inline(array(struct(…))) computes each expression once; the optimizer would copy it into all of its uses. In the ANSI
-- mode, an index beyond an array or a wrong cast ends the query for good, hence get() and try_cast().
WITH typed AS (
  SELECT * FROM (SELECT topic, partition, offset, timestamp AS arrived, coalesce(value, X'') AS value, CAST(value AS STRING) AS raw,
      coalesce(octet_length(value), 0) AS bytes{{more}} FROM {{messages}})
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
    get(fields, 2) AS time_text))) m
), times AS (
  -- The columns of times.sql.
  SELECT * FROM required {{times}}
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
    IF({{not_looked_at}}, NULL, regexp_replace(regexp_replace(raw, r'\A{{white}}++|(?<!{{white}}){{white}}++\z', ''), r'\A\uFEFF', '')) AS look,
    IF(fault = 'csv' AND record IS NULL, regexp_extract(concat(',', regexp_replace(text, r'\r?\n?\z', '')), r'{{csv_valid_prefix}}', 0), NULL) AS valid_csv))) m
)
SELECT IF(fault IS NULL, CAST(greatest({{lowest_slice}}, least({{highest_slice}}, floor(ms / {{slice_ms}}))) AS INT), NULL) AS slice, IF(fault IS NULL, ms, NULL) AS ts,
  IF(fault IS NULL, get(fields, 0), NULL) AS click_id, IF(fault IS NULL, get(fields, 1), NULL) AS user_id, IF(fault IS NULL, get(fields, 3), NULL) AS url,
  IF(fault IS NULL, IF(get(fields, 4) IN ('', r'\N'), 'unknown', get(fields, 4)), NULL) AS country, IF(fault IS NULL, IF(get(fields, 5) IN ('', r'\N'), 'unknown', get(fields, 5)), NULL) AS city, IF(fault IS NULL, IF(get(fields, 6) IN ('', r'\N'), 'unknown', get(fields, 6)), NULL) AS browser, IF(fault IS NULL, IF(get(fields, 7) IN ('', r'\N'), 'unknown', get(fields, 7)), NULL) AS os, IF(fault IS NULL, IF(get(fields, 8) IN ('', r'\N'), 'unknown', get(fields, 8)), NULL) AS device,
  topic, partition, offset, arrived,
  -- A lambda is interpreted: as generated code, these many cases would be a method too long for the JVM to compile.
  IF(fault IS NULL, NULL, get(transform(array(fault), f -> coalesce(
    CASE
      {{foreign}}
      WHEN startswith(look, '{') THEN CASE
        WHEN array_contains(regexp_extract_all(object, r'{{json_members}}', 1), 'schema') AND array_contains(regexp_extract_all(object, r'{{json_members}}', 1), 'payload')
          THEN 'a Kafka Connect envelope of schema and payload: set value.converter.schemas.enable=false in the connector'
        WHEN look RLIKE r'\A(?:{{family_object}}{{ws}}){2,}+\z' THEN 'several JSON objects: send one object in each message' END
      WHEN look RLIKE r'{{csv_header}}' THEN 'the header of a CSV file: send only its records'
      WHEN look RLIKE r'{{access_log}}' THEN 'a line of a web server\'s log: set events.preset = "combined"'
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
      WHEN 'csv' THEN concat(size(record), IF(size(record) = 1, ' CSV field', ' CSV fields'), ' instead of 9: {{fields}}')
      WHEN 'missing' THEN concat('`', missing, '` is missing or empty')
      WHEN 'time' THEN {{time_reason}}
      WHEN 'url' THEN concat('`url` has ', octet_length(get(fields, 3)), ' bytes, more than the {{max_url_bytes}} that events.max_url_bytes allows')
      WHEN 'field' THEN get(transform(filter(array(0, 1, 4, 5, 6, 7, 8), at -> octet_length(get(fields, at)) > {{max_field_bytes}} AND get(fields, at) <> 'unknown'), at ->
        concat('`', get(array({{names}}), at), '` has ', octet_length(get(fields, at)), ' bytes, more than the {{max_field_bytes}} that events.max_field_bytes allows')), 0)
      WHEN 'type' THEN get(transform(filter(sequence(0, 8), at -> get(found, at) RLIKE r'^[{\[tf]' OR (at = 3 AND NOT startswith(get(found, 3), '"'))), at ->
        concat('JSON: `', get(array({{names}}), at), '` is ', CASE left(get(found, at), 1) WHEN '{' THEN 'an object' WHEN '[' THEN 'an array' WHEN 't' THEN 'a boolean'
          WHEN 'f' THEN IF(get(found, at) = 'fraction', 'a fraction, or a number of more than 40 digits', 'a boolean') ELSE 'a number' END, ' instead of ',
          CASE WHEN at < 2 THEN 'a string or an integer' WHEN at = 3 THEN 'a string' ELSE 'a string or a number' END)), 0)
      ELSE fault END)), 0)) AS reason,
  IF(fault IS NULL, NULL, left(value, {{max_payload_bytes}})) AS payload{{more}}
FROM looked_at
