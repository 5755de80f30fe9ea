-- One part of a list of addresses, `part`: the key of its public address, or NULL. See src/enrich/address.rs.
trimmed =
  regexp_replace(part, r'\A{{white}}++|(?<!{{white}}){{white}}++\z', '')

value =
  IF(lower(left(@trimmed, 4)) = 'for=', substring(@trimmed, 5), @trimmed)

inside =
  regexp_replace(regexp_replace(@value, r'\A"++|(?<!")"++\z', ''), r'\A{{white}}++|(?<!{{white}}){{white}}++\z', '')

-- Without brackets, port and zone.
bare =
  substring_index(CASE WHEN startswith(@inside, '[') THEN substring_index(substring(@inside, 2), ']', 1)
                       WHEN length(@inside) - length(replace(@inside, ':', '')) = 1 THEN substring_index(@inside, ':', 1)
                       ELSE @inside END, '%', 1)

is_v4 =
  @bare RLIKE r'\A{{dotted_address}}\z'

-- Version 6, with its last 32 bits as two groups of hexadecimal digits if they are written with dots.
grouped =
  CASE WHEN @is_v4 OR length(@bare) > 45 THEN NULL
       WHEN @bare RLIKE r'\A[0-9a-fA-F:]++\z' THEN @bare
       WHEN @bare RLIKE r'\A[0-9a-fA-F:]*:{{dotted_address}}\z'
       THEN get(transform(array(split(regexp_extract(@bare, r'\A.*:(.*)\z', 1), r'\.')), o -> concat(
              regexp_extract(@bare, r'\A(.*:)', 1),
              hex(CAST(get(o, 0) AS INT) * 256 + CAST(get(o, 1) AS INT)), ':', hex(CAST(get(o, 2) AS INT) * 256 + CAST(get(o, 3) AS INT)))), 0) END

halves =
  split(@grouped, '::', -1)

head =
  IF(get(@halves, 0) = '', CAST(array() AS ARRAY<STRING>), split(get(@halves, 0), ':', -1))

tail =
  IF(coalesce(get(@halves, 1), '') = '', CAST(array() AS ARRAY<STRING>), split(get(@halves, 1), ':', -1))

groups =
  size(@head) + size(@tail)

-- 32 digits.
digits =
  IF((size(@halves) = 1 AND @groups = 8 OR size(@halves) = 2 AND @groups < 8)
       AND forall(concat(@head, @tail), g -> g RLIKE r'\A[0-9a-fA-F]{1,4}\z'),
     lower(concat(array_join(transform(@head, g -> lpad(g, 4, '0')), ''), repeat('0000', 8 - @groups),
                  array_join(transform(@tail, g -> lpad(g, 4, '0')), ''))), NULL)

-- The eight digits of version 4 that stand in a mapped address, or by 6to4.
inner =
  CASE WHEN startswith(@digits, '00000000000000000000ffff') THEN right(@digits, 8)
       WHEN startswith(@digits, '2002') THEN substring(@digits, 5, 8) END

dotted =
  CASE WHEN @is_v4 THEN @bare
       WHEN @inner IS NOT NULL THEN array_join(transform(array(1, 3, 5, 7), at -> conv(substring(@inner, at, 2), 16, 10)), '.') END
