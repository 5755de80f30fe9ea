use std::io::{Cursor, Write as _};
use std::path::Path;

use super::*;
use crate::click::MAX_MESSAGE_BYTES;

fn reader(bytes: impl Into<Vec<u8>>) -> Source {
    Source { path: "a reader".into(), open: Opening::Ready(Box::new(Cursor::new(bytes.into()))) }
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

fn payloads(sources: Vec<Source>) -> Vec<Vec<u8>> {
    let feed = ReplayFeed::start(sources, None, Format::Auto).expect("a feed");
    drain(feed).0.into_iter().map(|record| record.payload).collect()
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
    start_replay(target(), ReplayOptions { inputs, format: Format::Auto, rate: None }).expect_err("refused")
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
    let feed = ReplayFeed::start(vec![reader(header)], None, Format::Json).expect("a feed");
    assert_eq!(drain(feed).0.len(), 1);
}

#[test]
fn the_key_is_the_user_where_the_line_is_a_click() {
    let lines = [
        "c1,u7,2024-05-01T10:00:00Z,\"/a,b\",FR,Paris,Firefox,Linux,desktop",
        "not a click",
        "c2,u8,2024-05-01T10:00:01Z,/,FR,Paris,Firefox,Linux,desktop",
    ];
    let feed = ReplayFeed::start(vec![reader(lines.join("\n"))], None, Format::Auto).expect("a feed");
    let keys: Vec<Option<Vec<u8>>> = drain(feed).0.into_iter().map(|record| record.key).collect();
    assert_eq!(keys, [Some(b"u7".to_vec()), None, Some(b"u8".to_vec())]);
}

#[test]
fn files_report_how_much_of_them_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let (one, two) = (file(dir.path(), "1", b"a\r\n\nb\n"), file(dir.path(), "2", b"\nc"));
    let mut sources = Vec::new();
    let mut total = 0;
    for path in [one, two] {
        let (source, bytes) = Source::open(ReplayInput::File(path)).expect("a source");
        total += bytes.expect("a size");
        sources.push(source);
    }
    let (records, feed) = drain(ReplayFeed::start(sources, Some(total), Format::Csv).expect("a feed"));
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
    let source = Source { path: "clicks.csv".into(), open: Opening::Ready(Box::new(failing)) };
    let mut feed = ReplayFeed::start(vec![source], None, Format::Auto).expect("a feed");
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
    let source = Source { path: "a pipe".into(), open: Opening::Ready(Box::new(reader)) };
    let mut feed = ReplayFeed::start(vec![source], None, Format::Auto).expect("a feed");
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
