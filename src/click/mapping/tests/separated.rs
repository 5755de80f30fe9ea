//! CSV and TSV events.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;
use crate::click::mapping::Framing;

const TIME: &str = "2026-01-31T09:30:00.000Z";

fn csv() -> Mapping {
    mapping(Form::Csv, Some("id"), "User", "time", "url")
}

fn column(number: usize) -> Source {
    Source::Column(NonZeroUsize::new(number).expect("a number"))
}

#[test]
fn a_header_tells_the_columns_by_name() {
    let mut mapping = csv();
    mapping.separator = Some(';');
    mapping.fields.city = Some(field("city"));
    let mut decoder = decoder(&mapping);
    assert!(decoder.needs_header());
    assert_eq!(decoder.framing(), Framing::Csv { separator: b';', width: None });
    refused(&mut decoder, "1;2", "no header tells which column is `id`: set events.columns");
    decoder.set_header("\u{feff}URL; Time;more;\"user\";id;CITY;city\r\n".as_bytes()).expect("a header");
    assert!(!decoder.needs_header());
    assert_eq!(decoder.framing(), Framing::Csv { separator: b';', width: Some(7) });
    let expected = ["1", "a \"b\";c", TIME, "/a", "unknown", "Paris", "unknown", "unknown", "unknown"];
    let record = "/a;2026-01-31 09:30:00;;\"a \"\"b\"\";c\";1;no;Paris\n";
    assert_eq!(read(&mut decoder, record), Ok(expected.map(str::to_owned)));
    refused(&mut decoder, "/a;2026-01-31 09:30:00;;u;1;no", "6 fields where the header has 7");
    refused(&mut decoder, "/a;2026-01-31 09:30:00;;u;1;no;;", "8 fields where the header has 7");
    refused(&mut decoder, "/a;2026-01-31 09:30:00;;\"u;1;no;", "CSV field 4: the quote is never closed");
    refused(&mut decoder, "/a;2026-01-31 09:30:00;;u\"u;1;no;", "CSV field 4: a quote inside a field");
    refused(
        &mut decoder,
        "/a;2026-01-31 09:30:00;;;1;no;",
        "`user_id` is missing or empty: events.user_id takes it from `User`",
    );
}

#[test]
fn a_header_that_lacks_a_column_is_refused() {
    let mut decoder = decoder(&csv());
    let error = decoder.set_header(b"id,user,url").expect_err("a column is missing");
    assert_eq!(
        error.to_string(),
        "its header has no column `time`, which events.timestamp names; its columns are id, user, url"
    );
    let error = decoder.set_header(b"id,USER,user,time,url").expect_err("a column is there twice");
    assert_eq!(
        error.to_string(),
        "its header names `User` twice; write the number of the column in events.user_id instead"
    );
    assert!(decoder.set_header(b"id,User,user,time,url").is_ok(), "the very name comes first");
    assert!(decoder.set_header(b"id,\"user").is_err_and(|error| error.to_string().contains("never closed")));
    assert!(decoder.needs_header(), "a header that is refused leaves none behind");
    decoder.set_header(b"id,User,time,url").expect("a header");
    assert!(decoder.set_header(b"id,User,time,url,\xff").is_err_and(|error| error.to_string().contains("not UTF-8")));
    assert!(decoder.needs_header());
}

#[test]
fn one_of_several_columns_is_enough() {
    let mut mapping = csv();
    mapping.fields.url = Some(first(&["page", "url"]));
    let mut decoder = decoder(&mapping);
    decoder.set_header(b"id,user,time,url").expect("a header");
    assert!(read(&mut decoder, "1,2,1769851800,/a").is_ok_and(|click| click[3] == "/a"));
    assert!(decoder.set_header(b"id,user,time").is_err_and(|error| error.to_string().contains("`page`")));
}

#[test]
fn numbers_and_given_names_need_no_header() {
    let mut mapping = csv();
    mapping.columns = ["time", "id", "user", "url"].map(str::to_owned).to_vec();
    let mut named = decoder(&mapping);
    assert!(!named.needs_header());
    refused(&mut named, "1769851800,i,u", "3 fields where events.columns names 4");
    let mut mapping = csv();
    mapping.fields = Fields {
        click_id: None,
        user_id: Some(column(3)),
        timestamp: Some(column(1)),
        url: Some(column(4)),
        ..Fields::default()
    };
    let mut numbered = decoder(&mapping);
    assert!(!numbered.needs_header());
    for decoder in [&mut named, &mut numbered] {
        let [_, user, time, url] = four(decoder, "1769851800,i,u,\"/a,\"\"b\"\"\"").expect("a click");
        assert_eq!([&*user, &*time, &*url], ["u", TIME, "/a,\"b\""]);
    }
    refused(&mut numbered, "1769851800,i,u", "3 fields where the mapping names column 4");
    assert!(read(&mut numbered, "1769851800,i,u,/a,more,and more").is_ok());
}

#[test]
fn tabs_separate_without_quotes() {
    let mut mapping = mapping(Form::Tsv, None, "user", "time", "url");
    mapping.columns = ["user", "time", "url", "city"].map(str::to_owned).to_vec();
    mapping.fields.city = Some(field("city"));
    let mut decoder = decoder(&mapping);
    assert_eq!(decoder.framing(), Framing::Lines);
    let click = read(&mut decoder, "\"u\t1769851800\t/a,\"b\t\\N\r\n").expect("a click");
    assert_eq!([&*click[1], &*click[3], &*click[5]], ["\"u", "/a,\"b", "unknown"]);
    refused(&mut decoder, "\\N\t1769851800\t/a\tx", "`user_id` is missing");
    refused(&mut decoder, "u\t1769851800\t/a", "3 fields where events.columns names 4");
}

proptest! {
    /// What the csv crate writes is read back, whatever the separator.
    #[test]
    fn a_record_is_read_back(
        separator in prop::sample::select(b",;|\t~ ".to_vec()),
        user in any::<String>(), url in any::<String>(), noise in any::<String>(),
    ) {
        prop_assume!([&user, &url].into_iter().all(|text| !text.trim().is_empty() && text != "\\N"));
        let mut mapping = csv();
        mapping.separator = Some(char::from(separator));
        mapping.columns = ["noise", "user", "time", "url", "id"].map(str::to_owned).to_vec();
        let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
        writer.write_record([&noise, &user, "1769851800", &url, "i"]).expect("a record");
        let record = writer.into_inner().expect("a record");
        let (read, _) = read_all(&mut decoder(&mapping), &record);
        // A byte order mark before the record is none of it.
        prop_assume!(!noise.starts_with('\u{feff}'));
        prop_assert_eq!(read, vec![Ok(["i", &user, TIME, &url, "unknown", "unknown", "unknown", "unknown", "unknown"].map(str::to_owned))]);
    }
}
