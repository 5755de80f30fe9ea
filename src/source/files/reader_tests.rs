use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::click::mapping::{Fields, Form, Mapping, Source};
use crate::click::{ColumnsDecoder, Decoder, FieldLimits};
use crate::storage::FilePosition;

/// Takes the records of clicks, with their place; what is no click is a record with a `!`.
#[derive(Default)]
struct Taken {
    records: Vec<(u64, u64, String)>,
    columns: Option<ColumnsDecoder>,
    events: Option<crate::click::mapping::EventDecoder>,
    form: RecordForm,
}

impl Taken {
    fn note(&mut self, record: &[u8], place: RecordPlace, mark: &str) {
        let text = format!("{mark}{}", String::from_utf8_lossy(record.get(..80).unwrap_or(record)));
        self.records.push((place.number, place.line, text));
    }

    fn is_click(&mut self, record: &[u8], place: RecordPlace) -> bool {
        match (&mut self.events, &mut self.columns) {
            (Some(events), _) => {
                let mut is_click = true;
                events.decode_each(record, place.of_event(), &mut |event| is_click &= event.is_ok());
                is_click
            }
            (None, Some(columns)) => columns.decode(record).is_ok(),
            (None, None) => Decoder::default().decode(record).is_ok(),
        }
    }
}

impl RecordTaker for Taken {
    fn set_layout(&mut self, layout: &Layout) {
        (self.columns, self.events) = (None, None);
        match layout {
            Layout::Messages(_) => {}
            Layout::Columns(columns) => {
                self.columns = Some(ColumnsDecoder::new(columns.clone(), FieldLimits::default()));
            }
            Layout::Mapped(mapped) => {
                let mut events = self.form.decoder();
                if let Some(header) = &mapped.header {
                    events.set_header(header).expect("a header");
                }
                self.events = Some(events);
            }
        }
    }

    fn take(&mut self, record: &[u8], place: RecordPlace) -> Option<u64> {
        self.is_click(record, place).then(|| {
            self.note(record, place, "");
            1
        })
    }

    fn refuse(&mut self, record: &[u8], place: RecordPlace, reason: Option<String>) -> (u64, String) {
        self.note(record, place, "!");
        (0, reason.unwrap_or_default())
    }
}

/// A file with these bytes.
fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    file
}

fn open(file: &tempfile::NamedTempFile, form: &RecordForm, grows: bool) -> FileReader {
    let mut reader = FileReader::open(&FoundInput::File(file.path().into()), form, grows).expect("a reader");
    reader.begin().expect("a beginning");
    reader
}

/// Takes records until there are `most`, or to the end.
fn take(reader: &mut FileReader, form: &RecordForm, most: usize) -> Vec<(u64, u64, String)> {
    let mut taken = Taken { form: form.clone(), ..Taken::default() };
    taken.set_layout(reader.layout().expect("a layout"));
    let mut notes = Notes::silent();
    while taken.records.len() < most {
        match reader.next(&mut taken, &mut notes).expect("read") {
            Step::Taken => {}
            Step::Wait | Step::End => break,
        }
    }
    taken.records
}

fn position(reader: &FileReader) -> Option<FilePosition> {
    Some(FilePosition {
        file: reader.file()?,
        stream: reader.stream()?,
        place: reader.place()?,
        clicks: reader.clicks(),
        text_end: reader.text_end(),
        ..FilePosition::default()
    })
}

/// Whatever record a reading stops behind, another one that goes on there takes the rest, and nothing else.
#[track_caller]
fn assert_resumes_anywhere(bytes: &[u8], form: &RecordForm) {
    let file = file(bytes);
    let whole = take(&mut open(&file, form, false), form, usize::MAX);
    for stop in 0..=whole.len() {
        let mut first = open(&file, form, false);
        let begin = take(&mut first, form, stop);
        assert_eq!(begin, whole[..stop]);
        let Some(position) = position(&first) else { continue };
        let mut second = open(&file, form, false);
        assert!(second.resume(&position, &mut || true), "stopped behind record {stop}");
        assert_eq!(take(&mut second, form, usize::MAX), whole[stop..], "stopped behind record {stop}");
        assert!(second.text_end().is_some());
    }
}

const CLICK: &str = "c1,u1,2026-01-01T00:00:00Z,/a,FR,,,,";
const LINES: &str = "c2,u1,2026-01-01T00:00:00Z,\"/a\nb\",FR,,,,";
const JSON: &str = r#"{"click_id":"j","user_id":"u","timestamp":1767225600,"url":"/a"}"#;

fn texts() -> Vec<Vec<u8>> {
    let header = "user;id;time;page\nu1;c1;2026-01-01T00:00:00Z;/a\nu1;\"c\n2\";2026-01-01T00:00:00Z;/a\n";
    let other = "id,user,time,url\nc3,u1,2026-01-01T00:00:00Z,/a\nno click\n";
    let long = "x".repeat(2 * KEEP);
    [
        format!("{CLICK}\n{LINES}\r\n\n  \nno click\n{JSON}\n{CLICK}\n"),
        format!("\u{feff}{header}{other}"),
        format!("[{JSON},\n {JSON},\n{{\"broken\n{JSON}]\n{CLICK}\n"),
        format!("{CLICK}\n{long}\n{JSON}\n[{{\"a\":\"{long}\"}},{JSON}]\n{CLICK}"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

#[test]
fn a_reading_goes_on_behind_any_record() {
    for text in texts() {
        assert_resumes_anywhere(&text, &RecordForm::default());
        assert_resumes_anywhere(&zstd::encode_all(&text[..], 1).expect("packed"), &RecordForm::default());
    }
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(format!("{CLICK}\n{LINES}\n{CLICK}\n").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_resumes_anywhere(&utf16, &RecordForm::default());
}

fn mapped(separator: char) -> RecordForm {
    let field = |name: &str| Some(Source::Field(name.to_owned()));
    let fields = Fields { user_id: field("who"), timestamp: field("when"), url: field("where"), ..Fields::default() };
    let mapping = Mapping { form: Form::Csv, separator: Some(separator), fields, ..Mapping::default() };
    RecordForm { mapping: Some(mapping.compile().expect("a mapping")), ..RecordForm::default() }
}

#[test]
fn mapped_events_are_read_under_their_headers_and_a_reading_goes_on_anywhere() {
    let one = "when;who;where\n2026-01-01T00:00:00Z;u1;/a\n2026-01-01T00:00:01Z;u1;\"/b\n;\"\n";
    let two = "who;more;where;when\nu2;x;/c;2026-01-01T00:00:02Z\nbroken\n";
    let text = format!("sep=;\n{one}{one}{two}");
    let form = mapped(';');
    let file = file(text.as_bytes());
    let found = take(&mut open(&file, &form, false), &form, usize::MAX);
    let records: Vec<&str> = found.iter().map(|(.., record)| record.as_str()).collect();
    let [a, b] = ["2026-01-01T00:00:00Z;u1;/a", "2026-01-01T00:00:01Z;u1;\"/b\n;\""];
    assert_eq!(records, [a, b, a, b, "u2;x;/c;2026-01-01T00:00:02Z", "!broken"]);
    assert_eq!(
        found.iter().map(|(number, ..)| *number).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5],
        "headers are no records"
    );
    assert_resumes_anywhere(text.as_bytes(), &form);
}

#[test]
fn a_header_that_lacks_a_column_of_the_mapping_is_refused() {
    let file = file(b"when;who;page\n2026-01-01T00:00:00Z;u1;/a\n");
    let mut reader = FileReader::open(&FoundInput::File(file.path().into()), &mapped(';'), false).expect("a reader");
    let error = reader.begin().expect_err("refused").to_string();
    assert!(error.contains("its header has no column `where`, which events.url names"), "{error}");
    let mut reader = FileReader::for_messages(&FoundInput::File(file.path().into()), &mapped(';')).expect("a reader");
    assert!(reader.begin().is_err());
    let mut good = tempfile::NamedTempFile::new().expect("a file");
    good.write_all(b"when;who;where\n").expect("written");
    let mut reader = FileReader::for_messages(&FoundInput::File(good.path().into()), &mapped(';')).expect("a reader");
    let error = reader.begin().expect_err("refused").to_string();
    assert!(error.contains("events.columns") && error.contains("--brokers"), "{error}");
}

#[test]
fn another_file_does_not_go_on_where_this_one_was() {
    let form = RecordForm::default();
    let lines = |from: u32| (from..from + 40).map(|id| format!("c{id},u1,2026-01-01T00:00:00Z,/a,FR,,,,\n"));
    let text: String = lines(100).collect();
    let file = file(text.as_bytes());
    let mut reader = open(&file, &form, false);
    take(&mut reader, &form, 30);
    let position = position(&reader).expect("a position");
    let same_begin: String = lines(100).take(1).chain(lines(200)).collect();
    for other in [&text[..text.len() / 2], &same_begin, ""] {
        std::fs::write(file.path(), other).expect("written");
        let mut reader = open(&file, &form, false);
        assert!(!reader.resume(&position, &mut || true));
        assert_eq!(take(&mut reader, &form, usize::MAX).len(), other.lines().count(), "it is read from its beginning");
    }
    // What is behind the place does not matter.
    std::fs::write(file.path(), format!("{text}{same_begin}")).expect("written");
    let mut reader = open(&file, &form, false);
    assert!(reader.resume(&position, &mut || true));
    assert_eq!(take(&mut reader, &form, usize::MAX).len(), 10 + 41);
}

#[test]
fn a_file_that_grows_gives_a_line_once_it_has_an_end() {
    let form = RecordForm::default();
    let file = file(CLICK.as_bytes());
    let mut reader = FileReader::open(&FoundInput::File(file.path().into()), &form, true).expect("a reader");
    assert_eq!(reader.begin(), Ok(Step::Wait));
    let append = |bytes: &[u8]| {
        let mut file = std::fs::OpenOptions::new().append(true).open(file.path()).expect("a file");
        file.write_all(bytes).expect("written");
    };
    append(b"\nsecond");
    assert_eq!(reader.begin(), Ok(Step::Taken));
    assert_eq!(take(&mut reader, &form, usize::MAX).len(), 1);
    assert_eq!(take(&mut reader, &form, usize::MAX), []);
    append(b" line\nthird");
    assert_eq!(take(&mut reader, &form, usize::MAX), [(1, 2, "!second line".to_owned())]);
    reader.stop_growing();
    assert_eq!(take(&mut reader, &form, usize::MAX), [(2, 3, "!third".to_owned())]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_goes_on_behind_any_record(text in "([a-c,\"{}\\[\\]:\\\\ ]{0,6}(\n|\r\n)?){0,12}") {
        // An array that stays open is an error, which is tested elsewhere.
        if !text.contains('[') {
            assert_resumes_anywhere(text.as_bytes(), &RecordForm::default());
        }
    }
}
