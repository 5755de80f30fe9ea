use std::io::{Cursor, Read, Write as _};
use std::path::Path;
use std::path::PathBuf;

use super::*;
use crate::click::{Format, MAX_MESSAGE_BYTES};

fn input(name: &'static str, reader: impl Read + Send + 'static, format: Format) -> Open {
    Box::new(move || Ok(FileReader::of_reader(name, Box::new(reader), &RecordForm::clicks(format))))
}

fn reader(bytes: impl Into<Vec<u8>>) -> Open {
    input("a reader", Cursor::new(bytes.into()), Format::Auto)
}

/// A feed of `inputs`.
fn feed(inputs: Vec<Open>) -> ReplayFeed {
    ReplayFeed::new(inputs.into(), None, &RecordForm::default())
}

/// A feed of files, and the size of them all.
fn feed_of(paths: impl IntoIterator<Item = PathBuf>, format: Format) -> (ReplayFeed, u64) {
    let (inputs, total) = FoundInput::find_all(paths.into_iter().map(ReplayInput::File).collect()).expect("inputs");
    let open = move |input: FoundInput| -> Open {
        Box::new(move || FileReader::open(&input, &RecordForm::clicks(format), false))
    };
    (
        ReplayFeed::new(inputs.into_iter().map(open).collect(), total, &RecordForm::clicks(format)),
        total.expect("a size"),
    )
}

fn file(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// Everything a feed gives, and the feed.
fn drain(mut feed: ReplayFeed) -> (Vec<Record>, ReplayFeed) {
    let mut records = Vec::new();
    let mut record = Record::default();
    loop {
        match feed.next(&mut record).expect("no error") {
            Next::Ready => records.push(record.clone()),
            Next::Wait => {}
            Next::End => return (records, feed),
        }
    }
}

fn payloads(inputs: Vec<Open>) -> Vec<Vec<u8>> {
    drain(feed(inputs)).0.into_iter().map(|record| record.payload).collect()
}

fn target() -> Target {
    Target {
        brokers: "127.0.0.1:1".to_owned(),
        topic: "clicks".to_owned(),
        partitions: 1,
        stored: None,
        properties: Vec::new(),
    }
}

fn refused(inputs: Vec<ReplayInput>) -> DemoError {
    start_replay(target(), ReplayOptions { inputs, form: RecordForm::clicks(Format::Auto), rate: None })
        .expect_err("refused")
}

#[test]
fn lines_of_every_kind_arrive_in_order() {
    let first =
        b"\xef\xbb\xbfclick_id,user_id,timestamp,url,country,city,browser,os,device\r\none\r\n\r\n\"two\n".to_vec();
    let second = b"three \xff\n{\"four\":4}".to_vec();
    let wanted: Vec<&[u8]> = vec![b"one", b"\"two", b"three \xff", b"{\"four\":4}"];
    assert_eq!(payloads(vec![reader(first), reader(second)]), wanted);
}

#[test]
fn the_last_line_of_a_file_does_not_run_into_the_next_file() {
    assert_eq!(payloads(vec![reader("a"), reader(""), reader("b\n"), reader("c")]), [b"a", b"b", b"c"]);
}

#[test]
fn an_over_long_line_among_others_is_cut() {
    let long = [b"x".repeat(2 * MAX_MESSAGE_BYTES), b"\nnext\n".to_vec()].concat();
    let payloads = payloads(vec![reader(long)]);
    assert_eq!(payloads.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_MESSAGE_BYTES + 1, 4]);
}

#[test]
fn a_header_is_data_when_the_format_is_json() {
    let header = "click_id,user_id,timestamp,url,country,city,browser,os,device\n";
    let input = input("a reader", Cursor::new(header), Format::Json);
    assert_eq!(drain(ReplayFeed::new([input].into(), None, &RecordForm::clicks(Format::Json))).0.len(), 1);
}

#[test]
fn the_key_is_the_user_where_the_line_is_a_click() {
    let lines = [
        "c1,u7,2024-05-01T10:00:00Z,\"/a,b\",FR,Paris,Firefox,Linux,desktop",
        "not a click",
        "c2,u8,2024-05-01T10:00:01Z,/,FR,Paris,Firefox,Linux,desktop",
    ];
    let feed = self::feed(vec![reader(lines.join("\n"))]);
    let keys: Vec<Option<Vec<u8>>> = drain(feed).0.into_iter().map(|record| record.key).collect();
    assert_eq!(keys, [Some(b"u7".to_vec()), None, Some(b"u8".to_vec())]);
}

#[test]
fn files_report_how_much_of_them_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let (one, two) = (file(dir.path(), "1", b"a\r\n\nb\n"), file(dir.path(), "2", b"\nc"));
    let (records, feed) = drain(feed_of([one, two], Format::Csv).0);
    assert_eq!((records.len(), feed.bytes_read(), feed.bytes_total()), (3, 8, Some(8)));
}

#[test]
fn what_cannot_be_read_is_refused_in_one_line_that_names_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let missing = dir.path().join("missing.csv");
    let good = file(dir.path(), "good.csv", b"a\n");
    let error = refused(vec![ReplayInput::File(good), ReplayInput::File(missing.clone())]);
    let words = error.to_string();
    assert!(words.contains("missing.csv") && words.lines().count() == 1, "{words}");
    let error = refused(vec![ReplayInput::File(dir.path().to_owned())]);
    assert_eq!(error, DemoError::Directory(dir.path().to_owned()));
    assert_eq!(refused(Vec::new()), DemoError::NoInput);
    assert_eq!(refused(vec![ReplayInput::Stdin, ReplayInput::Stdin]), DemoError::StdinTwice);
}

#[test]
fn a_path_cannot_steer_the_terminal() {
    let words = refused(vec![ReplayInput::File("a\u{1b}[2Jb".into())]).to_string();
    assert!(!words.contains('\u{1b}'), "{words:?}");
}

/// Gives what it has, then fails.
struct Failing(Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buf)? {
            0 => Err(std::io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[test]
fn an_error_while_reading_ends_the_replay_with_the_file_named() {
    let failing = Failing(Cursor::new(b"a\nb\n".to_vec()));
    let source = input("clicks.csv", failing, Format::Auto);
    let mut feed = self::feed(vec![source]);
    let mut record = Record::default();
    let mut ready = 0;
    let error = loop {
        match feed.next(&mut record) {
            Ok(Next::Ready) => ready += 1,
            Ok(Next::Wait) => {}
            Ok(Next::End) => panic!("ended without the error"),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(ready, 2);
    assert!(error.contains("clicks.csv") && error.contains("the disk is gone"), "{error}");
}

#[test]
fn a_pipe_that_stays_open_does_not_block_the_producer() {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let source = input("a pipe", reader, Format::Auto);
    let mut feed = self::feed(vec![source]);
    let mut record = Record::default();
    assert_eq!(feed.next(&mut record), Ok(Next::Wait));
    writer.write_all(b"half").expect("written");
    assert_eq!(feed.next(&mut record), Ok(Next::Wait));
    writer.write_all(b" a line\n").expect("written");
    while feed.next(&mut record) == Ok(Next::Wait) {}
    assert_eq!(record.payload, b"half a line");
    drop(writer);
    while feed.next(&mut record) == Ok(Next::Wait) {}
    assert_eq!(feed.next(&mut record), Ok(Next::End));
}

#[test]
fn records_under_a_header_become_messages_in_our_order() {
    let text = "user_id;click_id;timestamp;url;city;country\nu1;c1;2026-01-01T00:00:00Z;/a,b;Lyon;FR\n\
                u1;c2;soon;/;Lyon;FR\nu1;c3\nc4,u4,2026-01-01T00:00:00Z,/,FR,,,,\n";
    let feed = self::feed(vec![reader(text)]);
    let (records, feed) = drain(feed);
    let payloads: Vec<_> = records.iter().map(|record| String::from_utf8_lossy(&record.payload).into_owned()).collect();
    assert_eq!(
        payloads,
        [
            "c1,u1,2026-01-01T00:00:00Z,\"/a,b\",FR,Lyon,,,",
            "c2,u1,soon,/,FR,Lyon,,,",
            "u1;c3",
            "\"c4,u4,2026-01-01T00:00:00Z,/,FR,,,,\"",
        ]
    );
    assert_eq!(records.iter().filter(|record| record.key.is_some()).count(), 1);
    let first = feed.first_no_click().expect("a reason");
    assert!(first.starts_with("a reader:3: timestamp `soon`"), "{first}");
}

#[test]
fn a_record_in_a_foreign_format_is_named() {
    let json = r#"[[{"click_id":1,"user_id":1,"timestamp":1767225600,"url":"/a"}]]"#;
    for (text, name) in
        [(json.to_owned(), "a JSON array"), ("\u{1e}{\"click_id\":1}\n".to_owned(), "record separators")]
    {
        let (_, feed) = drain(self::feed(vec![reader(text.as_str())]));
        let first = feed.first_no_click().expect("a reason");
        assert!(first.contains("it looks like") && first.contains(name) && !first.contains("CSV"), "{first}");
    }
}

#[test]
fn each_input_has_a_header_of_its_own() {
    let time = "2026-01-01T00:00:00Z";
    let inputs = [
        format!("id,user,time,page\nc1,u1,{time},/a\n"),
        format!("page\tuser\tid\ttime\n/b\tu2\tc2\t{time}"),
        format!("c3,u3,{time},/c,FR,,,,\n"),
        // Two files in one.
        format!("url,id,user,time\n/d,c4,u4,{time}\nid,user,time,url\nc5,u5,{time},/e\n"),
    ];
    let payloads = payloads(inputs.into_iter().map(reader).collect());
    let wanted = [("1", "a", ""), ("2", "b", ""), ("3", "c", "FR"), ("4", "d", ""), ("5", "e", "")];
    let wanted = wanted.map(|(at, url, country)| format!("c{at},u{at},{time},/{url},{country},,,,").into_bytes());
    assert_eq!(payloads, wanted);
}

#[test]
fn a_header_of_something_else_ends_it_before_anything_is_sent() {
    let foreign = "event_time,event_type,product_id,user_id\n";
    let good = "c1,u1,2026-01-01T00:00:00Z,/a,FR,,,,\n";
    let dir = tempfile::tempdir().expect("a directory");
    let files = [file(dir.path(), "good.csv", good.as_bytes()), file(dir.path(), "foreign.csv", foreign.as_bytes())];
    let error = refused(files.map(ReplayInput::File).to_vec()).to_string();
    assert!(error.contains("foreign.csv") && error.lines().count() == 1, "{error}");
}

/// Everything a feed gives until its error.
fn until_error(text: &str) -> (Vec<String>, String) {
    let mut feed = self::feed(vec![reader(text)]);
    let mut payloads = Vec::new();
    let mut record = Record::default();
    loop {
        match feed.next(&mut record) {
            Ok(Next::Ready) => payloads.push(String::from_utf8_lossy(&record.payload).into_owned()),
            Ok(Next::Wait) => {}
            Ok(Next::End) => panic!("ended without the error"),
            Err(error) => return (payloads, error.to_string()),
        }
    }
}

#[test]
fn a_header_of_something_else_ends_it_behind_titles_too() {
    let foreign = "product_id,user_session,event_time,event_type,country,city,browser,os,device";
    let good = "c1,u1,2026-01-01T00:00:00Z,/a,FR,,,,";
    for before in ["Report 2026\n", "sep=,\n", "# all\n\n#\n", "\"Clicks of\n2026\"\n"] {
        let (payloads, error) = until_error(&format!("{before}{foreign}\n{good}\n"));
        assert!(payloads.is_empty() && error.contains("user_session"), "{payloads:?}, {error}");
    }
    // A title that looks like a record is one, until the header is seen for what it is.
    let (payloads, error) = until_error(&format!("Report, of 2026\n{foreign}\n{good}\n"));
    assert_eq!(payloads, ["Report, of 2026"]);
    assert!(error.contains("a reader: in line 2, its header names"), "{error}");
    // Among clicks it costs itself only.
    let found = self::payloads(vec![reader(format!("{good}\n{foreign}\n{good}\n"))]);
    assert_eq!(found, [good, foreign, good].map(|line| line.as_bytes().to_vec()));
}

#[test]
fn notes_before_a_header_are_no_records() {
    let header = "user;id;time;page\nu1;c1;2026-01-01T00:00:00Z;/a\n";
    let click = b"c1,u1,2026-01-01T00:00:00Z,/a,,,,,".to_vec();
    for before in ["", "sep=;\r\n", "\u{feff}sep=;\n", "\"sep=;\"\n", "SEP=\t\n\n", "# made by hand, in 2026; so\n#\n"]
    {
        assert_eq!(payloads(vec![reader(format!("{before}{header}"))]), std::slice::from_ref(&click), "{before}");
    }
    // A title is one record too many, and costs nothing else.
    assert_eq!(payloads(vec![reader(format!("Report\n{header}"))]), [b"Report".to_vec(), click]);
    // A click that begins like a note is a click.
    let hashes = "#1,u1,2026-01-01T00:00:00Z,/a,FR,,,,\nid,user,time,page\nc,u,2026-01-01T00:00:00Z,/a\n";
    assert_eq!(payloads(vec![reader(hashes)]).len(), 2);
}

#[test]
fn a_long_user_makes_a_key_that_fits() {
    let user = "u".repeat(400_000);
    let click = format!("c1,{user},2026-01-01T00:00:00Z,/a,FR,,,,\n");
    let long = format!("id,user,time,url\nc1,u1,2026-01-01T00:00:00Z,\"{}\"\n", "\"\"".repeat(250_000));
    let feed = self::feed(vec![reader(click), reader(long)]);
    for record in drain(feed).0 {
        let key = record.key.map_or(0, |key| key.len());
        assert!(key <= 1024 && record.payload.len() <= MAX_MESSAGE_BYTES + 1, "{key} and {}", record.payload.len());
    }
}

#[test]
fn an_array_that_is_cut_gives_its_clicks_and_an_error() {
    let click = r#"{"click_id":"1","user_id":"u","timestamp":1767225600,"url":"/a"}"#;
    let mut feed = self::feed(vec![reader(format!("[{click},\n{click},\n"))]);
    let mut record = Record::default();
    let mut ready = 0;
    let error = loop {
        match feed.next(&mut record) {
            Ok(Next::Ready) => ready += 1,
            Ok(Next::Wait) => {}
            Ok(Next::End) => panic!("ended without the error"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(ready == 2 && error.contains("a reader") && error.contains("incomplete"), "{ready}, {error}");
}

#[test]
fn progress_is_that_of_the_packed_file() {
    let clicks = "c1,u1,2026-01-01T00:00:00Z,/a,FR,,,,\n".repeat(20_000);
    let packed = zstd::encode_all(clicks.as_bytes(), 3).expect("packed");
    let dir = tempfile::tempdir().expect("a directory");
    let path = file(dir.path(), "clicks.csv.zst", &packed);
    let (feed, bytes) = feed_of([path], Format::Auto);
    let (records, feed) = drain(feed);
    assert_eq!((records.len(), feed.bytes_read(), feed.bytes_total()), (20_000, bytes, Some(bytes)));
}
