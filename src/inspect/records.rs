//! Splits the beginning of a file into records.

use serde_json::value::RawValue;

use super::form::{Separated, Written};
use super::sample::Sample;

/// The first `most` records in `text`, the beginning of a file, or all of it if it `is_whole`. A last record that may go on behind
/// the text is left out.
pub fn records(text: &[u8], is_whole: bool, written: &Written, most: usize) -> Sample {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    match written {
        Written::Json => Sample { header: None, records: json(text, is_whole, most) },
        Written::Combined => Sample { header: None, records: lines(text, is_whole).take(most).collect() },
        Written::W3c => {
            let mut header = None;
            let mut records = Vec::new();
            for line in lines(text, is_whole) {
                match line.starts_with(b"#") {
                    // Lines under other names are another log.
                    true if header.as_ref().is_some_and(|header| is_names(&line) && *header != line) => break,
                    true if is_names(&line) => header = Some(line),
                    true => {}
                    false => records.push(line),
                }
                if records.len() >= most {
                    break;
                }
            }
            Sample { header, records }
        }
        Written::Separated(found) => {
            let mut records = separated(text, is_whole, *found, most.saturating_add(1));
            let header = (found.has_header && !records.is_empty()).then(|| records.remove(0));
            records.truncate(most);
            Sample { header, records }
        }
    }
}

fn is_names(line: &[u8]) -> bool {
    line.starts_with(b"#Fields:")
}

/// The lines that are not blank, without their ends.
fn lines(text: &[u8], is_whole: bool) -> impl Iterator<Item = Vec<u8>> {
    let end = if is_whole { text.len() } else { memchr::memrchr(b'\n', text).map_or(text.len(), |at| at + 1) };
    let text = text.get(..end).unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.trim_ascii().is_empty()).map(<[u8]>::to_vec)
}

/// Records between separators. Only those with quotes may go over several lines.
fn separated(text: &[u8], is_whole: bool, found: Separated, most: usize) -> Vec<Vec<u8>> {
    let not_a_note = |line: &Vec<u8>| !line.starts_with(b"#");
    let Some(delimiter) = u8::try_from(found.separator).ok().filter(|_| found.is_quoted) else {
        return lines(text, is_whole).filter(not_a_note).take(most).collect();
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(text);
    let mut records = Vec::new();
    let mut record = csv::ByteRecord::new();
    while records.len() < most && reader.read_byte_record(&mut record).is_ok_and(|more| more) {
        let begin = record.position().map_or(0, csv::Position::byte);
        let (begin, end) =
            (usize::try_from(begin).unwrap_or(0), usize::try_from(reader.position().byte()).unwrap_or(0));
        let raw = without_notes(text.get(begin..end).unwrap_or_default());
        if end < text.len() || is_whole || raw.ends_with(b"\n") {
            records.push(raw.trim_ascii_end().to_vec());
        }
    }
    records
}

/// `text` behind the blank lines and the notes before a record.
fn without_notes(mut text: &[u8]) -> &[u8] {
    loop {
        let line = memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1);
        match text.split_at_checked(line) {
            Some((first, rest)) if first.starts_with(b"#") || (first.trim_ascii().is_empty() && !rest.is_empty()) => {
                text = rest;
            }
            _ => return text,
        }
    }
}

/// JSON values one after the other, with or without commas, or in an array. What is no value is passed over to the end of its line.
fn json(text: &[u8], is_whole: bool, most: usize) -> Vec<Vec<u8>> {
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']' | 0x1e);
    let mut records = Vec::new();
    let mut rest = text;
    while records.len() < most {
        let begin = rest.iter().position(|byte| !is_between(byte)).unwrap_or(rest.len());
        rest = rest.get(begin..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<&RawValue>();
        let end = match values.next() {
            Some(Ok(value)) => value.get().len(),
            Some(Err(error)) if error.is_eof() && !is_whole => break,
            _ => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
        };
        let (record, behind) = rest.split_at_checked(end).unwrap_or((rest, b""));
        records.push(record.trim_ascii_end().to_vec());
        rest = behind;
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, is_whole: bool, written: &Written) -> (Option<String>, Vec<String>) {
        let Sample { header, records } = records(text.as_bytes(), is_whole, written, 100);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (header.map(text), records.into_iter().map(text).collect())
    }

    #[test]
    fn json_comes_one_after_the_other_or_in_an_array() {
        for text in ["{\"a\":1}\n{\"a\":[2,\n3]}\n", "[{\"a\":1},{\"a\":[2,\n3]}]", "{\"a\":1} , {\"a\":[2,\n3]}"] {
            assert_eq!(split(text, true, &Written::Json).1, ["{\"a\":1}", "{\"a\":[2,\n3]}"], "{text}");
        }
        assert_eq!(
            split("{\"a\":1}\n{broken\n{\"a\":2}", true, &Written::Json).1,
            ["{\"a\":1}", "{broken", "{\"a\":2}"]
        );
        assert_eq!(split("[{\"a\":1},{\"a\":", false, &Written::Json).1, ["{\"a\":1}"], "the end is cut off");
    }

    #[test]
    fn separated_records_have_a_header_and_lines_in_quotes() {
        let found = Separated { separator: ',', is_quoted: true, has_header: true, width: 2 };
        let (header, records) = split("# note\na,b\n1,\"x\ny\"\r\n\n2,z", true, &Written::Separated(found));
        assert_eq!((header.as_deref(), records), (Some("a,b"), vec!["1,\"x\ny\"".to_owned(), "2,z".to_owned()]));
        let (_, records) = split("a,b\n1,2\n3,4", false, &Written::Separated(found));
        assert_eq!(records, ["1,2"], "the last one may go on");
        let tsv = Separated { separator: '\t', is_quoted: false, has_header: false, width: 2 };
        assert_eq!(split("a\t\"b\nc\td\t", true, &Written::Separated(tsv)).1, ["a\t\"b", "c\td\t"]);
    }

    #[test]
    fn a_w3c_log_is_read_up_to_other_names() {
        let text = "#Version: 1.0\n#Fields: a b\n1 2\n#Fields: a b\n3 4\n#Fields: b a\n5 6\n";
        let (header, records) = split(text, true, &Written::W3c);
        assert_eq!((header.as_deref(), records), (Some("#Fields: a b"), vec!["1 2".to_owned(), "3 4".to_owned()]));
    }
}
