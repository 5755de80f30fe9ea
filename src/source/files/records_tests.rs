use proptest::prelude::*;

use super::*;
use crate::click::Decoder;

const AUTO: Grammar = Grammar::Auto { width: Some(FIELD_NAMES.len()) };

/// The records of one input that comes in chunks of `size` bytes; clicks are told by `decoder`, if there is one.
fn split(grammar: Grammar, input: &[u8], size: usize, mut decoder: Option<Decoder>) -> Vec<(u64, Vec<u8>)> {
    let mut records = Records::new(grammar, 1);
    let mut found = Vec::new();
    let mut chunks = input.chunks(size);
    loop {
        let next = records.next(|line| decoder.as_mut().is_some_and(|decoder| decoder.decode(line).is_ok()));
        if let Some(next) = next {
            found.push((next.line, records.bytes(&next).to_vec()));
        } else if let Some(chunk) = chunks.next() {
            records.push(chunk);
        } else if records.ended {
            return found;
        } else {
            records.end();
        }
    }
}

/// The same in chunks of several sizes, with and without the shortcut for clicks.
#[track_caller]
fn records(grammar: Grammar, input: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let whole = split(grammar, input, input.len().max(1), None);
    for size in [1, 2, 3, 7, 64, 4096].into_iter().filter(|size| input.len() / size < 100_000) {
        assert_eq!(split(grammar, input, size, None), whole, "chunks of {size}");
        assert_eq!(split(grammar, input, size, Some(Decoder::default())), whole, "chunks of {size}, clicks known");
    }
    whole
}

#[track_caller]
fn texts(grammar: Grammar, input: &str) -> Vec<String> {
    let records = records(grammar, input.as_bytes());
    records.into_iter().map(|(_, record)| String::from_utf8(record).expect("text")).collect()
}

#[track_caller]
fn auto(input: &str) -> Vec<String> {
    texts(AUTO, input)
}

const CLICK: &str = "c1,u1,2026-01-01T00:00:00Z,/a,FR,,,,";
const JSON: &str = r#"{"click_id":"1","user_id":"u","timestamp":1767225600,"url":"/a"}"#;

#[test]
fn lines_are_records_and_blank_ones_are_none() {
    let input = b"a,1\r\n\r\n  \n b,\"2\n\xff\xfe\n\n\rc\nlast";
    let wanted: [(u64, &[u8]); 5] = [(1, b"a,1"), (4, b" b,\"2"), (5, b"\xff\xfe"), (7, b"\rc"), (8, b"last")];
    assert_eq!(records(AUTO, input), wanted.map(|(line, record)| (line, record.to_vec())));
}

#[test]
fn a_quoted_field_may_hold_line_ends() {
    let record = "c1,u1,2026-01-01T00:00:00Z,\"/a\r\nb\n\nc\"\"d\",FR,,,,\"\"";
    let record = &record[..record.len() - 2];
    assert_eq!(auto(&format!("{CLICK}\n{record}\r\n{CLICK}\n")), [CLICK, record, CLICK]);
    assert_eq!(auto(record), [record], "at the end of the input");
    assert_eq!(records(AUTO, format!("{record}\n{CLICK}").as_bytes())[1].0, 5, "lines are counted");
}

#[test]
fn a_broken_quote_costs_its_own_line_only() {
    for broken in [
        "c,u,2026-01-01T00:00:00Z,\"/cut",
        "c,u,2026-01-01T00:00:00Z,\"/cut,FR,,,,",
        "c,u,2026-01-01T00:00:00Z,\"/a\"b,FR,,,,",
        "c,u,2026-01-01T00:00:00Z,/a\"b,FR,,,,",
        "\"",
        "c,u,\"2026-01-01T00:00:00Z,/,FR,,,,",
    ] {
        let quoted = "c2,u2,2026-01-01T00:00:00Z,\"/a,b\",FR,,,,";
        for next in [CLICK, quoted, JSON] {
            assert_eq!(auto(&format!("{broken}\n{next}\n{CLICK}\n")), [broken, next, CLICK]);
            assert_eq!(auto(&format!("{CLICK}\n{broken}\r\n{next}\n{broken}")), [CLICK, broken, next, broken]);
        }
    }
    // Two halves that come to another number of fields.
    assert_eq!(auto("c,u,\"x\nc,u\ny\",z\n").len(), 3);
}

#[test]
fn a_quote_that_never_closes_is_given_up_before_the_end() {
    let mut input = "c,u,2026-01-01T00:00:00Z,\"/cut\n".to_owned();
    for _ in 0..4_000 {
        input.push_str(CLICK);
        input.push('\n');
    }
    let found = records(AUTO, input.as_bytes());
    assert_eq!(found.len(), 4_001);
    assert!(found[1..].iter().all(|(_, record)| record == CLICK.as_bytes()));
}

#[test]
fn json_values_span_lines_and_stand_side_by_side() {
    let pretty = "{\n  \"click_id\": \"1\",\n  \"url\": \"/{a\\\"}\"\n}";
    assert_eq!(
        auto(&format!("{pretty}\n{pretty}{JSON}{JSON} {JSON}\r\n{CLICK}\n{pretty}")),
        [pretty, pretty, JSON, JSON, JSON, CLICK, pretty]
    );
    assert_eq!(texts(Grammar::Json, &format!("{pretty}\n{CLICK}\n{JSON}")), [pretty, CLICK, JSON]);
}

#[test]
fn a_comma_may_part_values_that_are_in_no_array() {
    let pretty = "{\n  \"click_id\": \"1\",\n  \"url\": \"/a\"\n}";
    for between in [",\n", " , \r\n", ",", ", ", ",\n\n"] {
        let input = format!("{JSON}{between}{pretty}{between}{JSON}{between}");
        assert_eq!(auto(&input), [JSON, pretty, JSON], "{input}");
        assert_eq!(auto(&format!("{input}\n{CLICK}\n")), [JSON, pretty, JSON, CLICK], "{input}");
    }
}

#[test]
fn broken_json_costs_its_own_line_only() {
    for broken in [
        "{\"click_id\":\"c\",\"user_id\":\"u\"",
        "{\"click_id\":\"cut",
        "{\"click_id\":\"c\",",
        "{\"click_id\":\"c\\",
        "{",
        "{\"a\":1} trailing",
        "{\"a\":1}, and",
        "{\"a\":1},,",
        "{a:1}",
        "}{",
    ] {
        for next in [CLICK, JSON] {
            assert_eq!(auto(&format!("{broken}\n{next}\n{JSON}\n")), [broken, next, JSON], "{broken}");
        }
        assert_eq!(auto(&format!("{JSON}\n{broken}")), [JSON, broken]);
    }
}

#[test]
fn elements_of_arrays_are_records() {
    let pretty = "{\n  \"a\": [1, {\"b\": 2}]\n}";
    for between in [",", ", ", ",\n", "\n, "] {
        let input = format!("[{JSON}{between}{pretty}{between}{JSON}]");
        assert_eq!(auto(&input), [JSON, pretty, JSON]);
        assert_eq!(auto(&format!("\n[ \n{input}\n]")), [input.as_str()], "an array in an array is no click");
        assert_eq!(auto(&format!("{input}\n{CLICK}\n{input}{input}\n")).len(), 10, "other records may follow");
    }
    assert_eq!(auto("[]"), [""; 0]);
    assert_eq!(auto("[ \n ]\n"), [""; 0]);
    assert_eq!(texts(Grammar::Json, "[1, \"a\" ,null]"), ["1", "\"a\"", "null"]);
    assert_eq!(auto("[1],u1,2026-01-01T00:00:00Z,/a,FR,,,,").len(), 1, "an id may look so");
}

#[test]
fn a_broken_element_costs_no_other() {
    for broken in
        ["{\"a\":1", "{\"a\":tru e}", "{\"a\" 1}", "{a}", "{\"a\":[}", "x:y", "{\"a\":[{\"b\":1},{\"c\":2}] z}"]
    {
        for between in [",", ",\n", ", \n  "] {
            let input = format!("[{JSON}{between}{broken}{between}{JSON}{between}{JSON}]\n{CLICK}\n");
            let found = auto(&input);
            assert_eq!(found.iter().filter(|record| *record == JSON).count(), 3, "{input}: {found:?}");
            assert_eq!(found.last().map(String::as_str), Some(CLICK), "{input}: {found:?}");
        }
    }
    let cut = format!("[{JSON},\n{JSON},\n{}", &JSON[..20]);
    assert_eq!(auto(&cut), [JSON, JSON, &JSON[..20]]);
}

#[test]
fn an_array_that_is_never_closed_is_told() {
    let mut open = Records::new(AUTO, 1);
    open.push(format!("[{JSON},\n").as_bytes());
    open.end();
    assert!(open.next(|_| false).is_some() && open.next(|_| false).is_none() && open.array_is_open());
    let long = "x".repeat(2 * KEEP);
    for (input, is_open) in [
        (format!("[{JSON},\n{}", &JSON[..20]), true),
        (format!("[{{\n{CLICK}\n{CLICK}\n"), true),
        (format!("[{JSON},{{\"a\":\"{long}"), true),
        (format!("[{JSON},{{a{long}\n"), true),
        (format!("[{JSON},{{\"a\":\"cut}}]\n"), false),
        (format!("[{JSON},{{a{long}}}]\n"), false),
        (format!("[{JSON},{{\"a\":\"{long}\"}}]\n"), false),
    ] {
        let mut records = Records::new(AUTO, 1);
        for chunk in input.as_bytes().chunks(65_536) {
            while records.next(|_| false).is_some() {}
            records.push(chunk);
        }
        while records.next(|_| false).is_some() {}
        records.end();
        while records.next(|_| false).is_some() {}
        assert_eq!(records.array_is_open(), is_open, "{:.90}", input);
    }
}

#[test]
fn an_over_long_line_is_cut_and_the_next_one_is_whole() {
    for begin in ["x", "{", "\"", "{\"a\":\"", "c,u,\""] {
        let input = format!("{begin}{}\r\n{CLICK}\n", "x".repeat(3 * MAX_MESSAGE_BYTES));
        let found = records(AUTO, input.as_bytes());
        assert_eq!(found.iter().map(|(_, record)| record.len()).collect::<Vec<_>>(), [KEEP, CLICK.len()], "{begin}");
    }
}

#[test]
fn an_over_long_value_is_one_record() {
    let long = format!("{{\n\"a\": [\n{}1]\n}}", "{\"b\": 2},\n".repeat(MAX_MESSAGE_BYTES / 4));
    let found = records(AUTO, format!("{long}\n{JSON}\n[{long},{JSON}]").as_bytes());
    assert_eq!(found.iter().map(|(_, record)| record.len()).collect::<Vec<_>>(), [KEEP, JSON.len(), KEEP, JSON.len()]);
}

#[test]
fn the_longest_allowed_line_stays_whole() {
    let line = "x".repeat(MAX_MESSAGE_BYTES);
    let found = records(AUTO, format!("{line}\r\n{line}\n{line}y\n").as_bytes());
    assert_eq!(
        found.iter().map(|(_, record)| record.len()).collect::<Vec<_>>(),
        [line.len(), line.len(), line.len() + 1]
    );
}

#[test]
fn a_carriage_return_at_the_cut_does_not_make_a_long_line_look_short() {
    let mut input = vec![b'x'; KEEP + 100];
    input[MAX_MESSAGE_BYTES] = b'\r';
    assert_eq!(records(AUTO, &input)[0].1.len(), KEEP);
}

#[test]
fn memory_does_not_grow_with_the_record() {
    for begin in ["x", "{\"a\":\"", "c,u,\"", "[{\"a\":\"", "[{\"a\" ", "[{\"a\":[", " ", "[ "] {
        let mut records = Records::new(AUTO, 1);
        records.push(begin.as_bytes());
        for _ in 0..300 {
            while records.next(|_| false).is_some() {}
            records.push(&[b' '; 65_536]);
            records.push(&[b'1'; 10]);
        }
        assert!(records.buffer.capacity() <= 3 * KEEP, "{begin}: {}", records.buffer.capacity());
    }
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![".{0,6}", "[a,;\"\r\n {]{0,8}"]
}

proptest! {
    #[test]
    fn well_formed_records_are_those_of_the_csv_crate(
        rows in prop::collection::vec(prop::collection::vec(field(), 4), 1..8),
        separator in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf: bool,
        size in 1_usize..40,
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .terminator(terminator)
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).expect("written");
        }
        let text = writer.into_inner().expect("text");
        let found = split(Grammar::Csv { separator, width: Some(4) }, &text, size, None);
        let mut read = Vec::new();
        for (_, record) in &found {
            let mut reader =
                csv::ReaderBuilder::new().delimiter(separator).has_headers(false).from_reader(record.as_slice());
            for record in reader.records() {
                read.push(record.expect("a record").iter().map(str::to_owned).collect::<Vec<_>>());
            }
        }
        prop_assert_eq!(found.len(), rows.len());
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn any_chunks_give_the_same_records(
        parts in prop::collection::vec(prop::sample::select(vec![
            CLICK, JSON, "{", "}", "[", "]", "\"", ",", "\n", "\r\n", " ", "{\"a\":\n1}", "\"a\nb\"", "x", "\\", ":", "\u{feff}",
        ]), 0..24),
        size in 1_usize..50,
        grammar in prop::sample::select(vec![AUTO, Grammar::Json, Grammar::Csv { separator: b';', width: Some(3) }]),
    ) {
        let input = parts.concat();
        let whole = split(grammar, input.as_bytes(), input.len().max(1), None);
        prop_assert_eq!(&split(grammar, input.as_bytes(), size, None), &whole);
        if grammar == AUTO {
            prop_assert_eq!(&split(grammar, input.as_bytes(), size, Some(Decoder::default())), &whole);
        }
        // Nothing is lost but blanks, and what stands between the elements of arrays.
        let kept: usize = whole.iter().map(|(_, record)| record.iter().filter(|byte| byte.is_ascii_alphanumeric()).count()).sum();
        prop_assert_eq!(kept, input.bytes().filter(u8::is_ascii_alphanumeric).count());
    }
}
