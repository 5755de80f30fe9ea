use super::*;

#[track_caller]
fn head(begin: &[u8]) -> Head {
    let head = Head::of(begin, true, Format::Auto).expect("read").expect("known at the end");
    Head { header: None, ..head }
}

#[track_caller]
fn refused(begin: &[u8]) -> String {
    Head::of(begin, true, Format::Auto).expect_err("not read").to_string()
}

fn messages(bytes: usize, lines: u64) -> Head {
    Head { bytes, lines, ..Head::without_header(Layout::Messages(Format::Auto)) }
}

const OURS: &str = "click_id,user_id,timestamp,url,country,city,browser,os,device";

#[test]
fn a_header_is_passed_over_with_what_is_blank_before_it() {
    let text = format!("\n \r\n{OURS}\r\nrest");
    assert_eq!(head(text.as_bytes()), messages(text.len() - 4, 3));
    assert_eq!(head(OURS.as_bytes()), messages(OURS.len(), 0));
    let head = head(b"id;user;time;\"note\"\"\nurl\";url\nrest");
    let Head { layout: Layout::Columns(columns), bytes, lines, .. } = head else { panic!("columns") };
    assert_eq!((columns.width(), columns.separator(), bytes, lines), (5, b';', 30, 2));
}

#[test]
fn what_is_no_header_is_left_alone() {
    for text in ["", "\n\n", "c1,u1,0,/,,,,,", "{\"click_id\":1", "[{\"user_id\"", "\"half", "\tid"] {
        assert_eq!(head(text.as_bytes()), messages(0, 0), "{text}");
    }
    let json = Head::of(OURS.as_bytes(), true, Format::Json).expect("read").expect("known");
    assert_eq!((json.bytes, json.layout), (0, Layout::Messages(Format::Json)));
}

#[test]
fn more_is_read_only_while_it_matters() {
    for (text, known) in [
        ("", false),
        ("\n", false),
        ("c1,u1", false),
        ("c1,u1\n", true),
        ("{", true),
        (" [", true),
        ("\"a\nb", false),
        ("\"a\nb\"\n", true),
    ] {
        assert_eq!(Head::of(text.as_bytes(), false, Format::Auto).expect("read").is_some(), known, "{text:?}");
    }
    let open = format!("\"{}", "x".repeat(MAX_HEADER_BYTES));
    assert!(Head::of(open.as_bytes(), false, Format::Auto).expect("read").is_some());
}

#[test]
fn what_is_not_read_is_named() {
    let log =
        "203.0.113.7 - - [31/Jan/2026:09:30:00 +0000] \"GET /a?b HTTP/1.1\" 200 12 \"-\" \"Mozilla/5.0 (X11, like)\"\n";
    let utf16: Vec<u8> = "c1,u1,2026-01-01T00:00:00Z".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut tar = vec![b'a'; 512];
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, word) in [
        (b"PK\x03\x04more".to_vec(), "zip"),
        (b"PAR1....".to_vec(), "Parquet"),
        (b"SQLite format 3\0".to_vec(), "SQLite"),
        (tar, "tar"),
        (utf16, "iconv"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0".to_vec(), "binary"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01".to_vec(), "binary"),
        (log.repeat(3).into_bytes(), "--preset combined"),
        (b"event_time,product_id,user_id,price\n".to_vec(), "click_id"),
    ] {
        let words = refused(&bytes);
        assert!(words.contains(word) && words.lines().count() == 1, "{words}");
    }
    // One line of another kind among others is not the file's.
    assert_eq!(head(format!("{log}c1,u1,0,/,,,,,\n").as_bytes()), messages(0, 0));
    assert_eq!(head(b"c1,u1,0,/\0\x08,FR,,,,\nc1,u1,0,/\xff,FR,,,,\n".repeat(20).as_slice()).bytes, 0);
}
