-- A JSON message: checked, and its NaN and infinities replaced as in the Rust decoder. What nests deeper than four levels becomes
-- `false` first, from the inside out; only the check sees that.
valid =
  CASE WHEN @form <> 'json' THEN false
       WHEN @text RLIKE r'\A{{ws}}{{family_object}}{{ws}}\z' THEN true
       WHEN NOT @text RLIKE r'{{json_tokens}}' THEN false
       ELSE get(transform(array(
         aggregate(sequence(1, {{max_depth}} - 4), struct(@text AS text, false AS done), (a, n) ->
           IF(a.done, a, get(transform(array(
             translate(replace(regexp_replace(a.text, r'({{string}})|{{flat_object}}|{{flat_array}}', '\u0001$1\u0002'), '\u0001\u0002', 'false'), '\u0001\u0002', '')),
             t -> struct(t AS text, t = a.text OR t RLIKE r'\A{{ws}}{{family_object}}{{ws}}\z' AS done)), 0)))),
         a -> a.text RLIKE r'\A{{ws}}{{family_object}}{{ws}}\z'), 0) END

replaced =
  @valid AND (instr(@text, 'NaN') > 0 OR instr(@text, 'Infinity') > 0) AND @text RLIKE r'{{json_nan}}'

json =
  trim(BOTH '\n\r\t ' FROM CASE WHEN NOT @valid THEN NULL
       WHEN @replaced THEN regexp_replace(regexp_replace(@text, r'\G((?:[^"N]++|{{string}})*+)NaN', '$1""'),
         r'\G((?:[^"I-]++|-(?!I)|{{string}})*+)-?+Infinity', '$1null')
       ELSE @text END)
