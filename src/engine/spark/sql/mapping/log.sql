-- A line of an access log: its fields, and why it is none.
line =
  IF(@form = 'text', regexp_replace(@text, r'\r?\n?\z', ''), NULL)

-- A user may have a bracket, but none behind a blank.
bracket =
  instr(@line, ' [')

client =
  split(left(@line, @bracket - 1), ' ', 3)

behind =
  substring(@line, @bracket + 2)

closing =
  instr(@behind, ']')

-- A user may have blanks. But the identity is nearly always a hyphen.
hosted =
  instr(get(@client, 2), ' ') > 0 AND get(@client, 1) <> '-'
    AND (startswith(get(@client, 2), '- ') OR get(@client, 0) RLIKE r':[0-9]++\z')

-- Each field comes with the blank before it.
fields =
  substring(@behind, @closing + 1)

fine =
  regexp_extract(@fields, r'(?s)\A(?: (?:"(?:[^"\\]++|\\.)*+"(?= |\z)|(?!")[^ ]*+))++', 0)

tokens =
  regexp_extract_all(@fine, r'(?s) ("(?:[^"\\]++|\\.)*+"|[^ ]*+)', 1)

contents =
  transform(@tokens, t -> IF(startswith(t, '"'), substring(t, 2, length(t) - 2), t))

log_fault =
  CASE WHEN @bracket = 0 THEN 'it has no time in brackets'
       WHEN size(@client) < 3 THEN 'three fields have to come before the time: address, identity and user'
       WHEN @closing = 0 THEN 'the bracket of the time is never closed'
       WHEN NOT startswith(@fields, ' ') THEN 'it ends behind the time, or a blank is missing there'
       WHEN size(@tokens) > 0 AND NOT startswith(get(@tokens, 0), '"') THEN 'the request is not in quotes'
       WHEN size(@tokens) > 1 AND NOT get(@contents, 1) RLIKE r'\A(?:-|[0-9]{1,3})\z' THEN 'the status is not a number of three digits'
       WHEN size(@tokens) > 2 AND NOT get(@contents, 2) RLIKE r'\A(?:-|[0-9]++)\z' THEN 'the size of the answer is not a number'
       WHEN length(@fine) < length(@fields) THEN IF(substring(@fields, length(@fine) + 2) RLIKE r'(?s)\A"(?:[^"\\]++|\\.)*+"',
         'text follows a closing quote; the server has to escape quotes inside a field', 'a quote is never closed; perhaps the line is cut')
       WHEN size(@tokens) < 3 THEN 'it ends before the size of the answer' END

-- Method, target and protocol of the request; empty if it has another shape.
request =
  regexp_extract(get(@contents, 0), r'(?s)\A([A-Za-z_-]++) (.+) (HTTP/[^ ]*+)\z', 0)
