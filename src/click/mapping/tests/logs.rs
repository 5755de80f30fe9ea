//! Lines of access logs and of W3C logs.

use proptest::prelude::*;

use super::*;
use crate::click::mapping::Framing;

const LINE: &str = r#"83.149.9.216 - frank [17/May/2015:10:05:03 +0200] "GET /a?b=1 HTTP/1.1" 200 203023 "http://example.com/" "Mozilla/5.0 (X11)""#;
const TIME: &str = "2015-05-17T08:05:03.000Z";

fn log(url: &str) -> Mapping {
    mapping(Form::Combined, None, "remote_addr", "time", url)
}

/// One field of a line.
fn value(name: &str, line: &str) -> Result<String, String> {
    let mut mapping = log("status");
    mapping.fields.city = Some(field(name));
    read(&mut decoder(&mapping), line).map(|click| click[5].clone())
}

#[test]
fn each_field_of_a_line_has_a_name() {
    let fields = [
        ("remote_addr", "83.149.9.216"),
        ("ident", "unknown"),
        ("remote_user", "frank"),
        ("time", "17/May/2015:10:05:03 +0200"),
        ("request", "GET /a?b=1 HTTP/1.1"),
        ("method", "GET"),
        ("path", "/a?b=1"),
        ("protocol", "HTTP/1.1"),
        ("status", "200"),
        ("bytes", "203023"),
        ("referer", "http://example.com/"),
        ("user_agent", "Mozilla/5.0 (X11)"),
        ("host", "unknown"),
        ("field_10", "unknown"),
    ];
    for (name, expected) in fields {
        assert_eq!(value(name, LINE).as_deref(), Ok(expected), "{name}");
    }
    let mut mapping = log("path");
    mapping.fields.city = Some(Source::Column(std::num::NonZeroUsize::MIN));
    let click = read(&mut decoder(&mapping), &format!("{LINE}\r\n")).expect("a click");
    assert_eq!([&*click[1], &*click[2], &*click[3], &*click[5]], ["83.149.9.216", TIME, "/a?b=1", "83.149.9.216"]);
    assert_eq!(decoder(&mapping).framing(), Framing::Lines);
    assert!(!decoder(&mapping).needs_header());
}

#[test]
fn common_lines_hosts_and_further_fields_are_read() {
    let common = LINE.split_once(" \"http").expect("a referer").0;
    assert_eq!(value("bytes", common).as_deref(), Ok("203023"));
    assert_eq!(value("referer", common).as_deref(), Ok("unknown"));
    let with_host = format!("shop.example.com:443 {LINE}");
    assert_eq!(value("host", &with_host).as_deref(), Ok("shop.example.com"));
    assert_eq!(value("remote_addr", &with_host).as_deref(), Ok("83.149.9.216"));
    assert_eq!(value("host", &format!("shop.example.com {LINE}")).as_deref(), Ok("shop.example.com"));
    let with_more = format!(r#"{LINE} 0.004 "10.0.0.1, 10.0.0.2" -"#);
    assert_eq!(value("field_10", &with_more).as_deref(), Ok("0.004"));
    assert_eq!(value("field_11", &with_more).as_deref(), Ok("10.0.0.1, 10.0.0.2"));
    assert_eq!(value("field_12", &with_more).as_deref(), Ok("unknown"));
    let ipv6 = LINE.replace("83.149.9.216", "2001:db8::1");
    assert_eq!(value("remote_addr", &ipv6).as_deref(), Ok("2001:db8::1"));
    let user = ipv6.replace("frank", "frank [x] y");
    assert_eq!(value("remote_addr", &user).map_err(|_| ()), Err(()), "a bracket behind a blank begins the time");
    let user = ipv6.replace("frank", "frank miller");
    assert_eq!(value("remote_user", &user).as_deref(), Ok("frank miller"));
    assert_eq!(value("host", &user).as_deref(), Ok("unknown"));
    let absolute = LINE.replace("GET /a?b=1", "GET http://example.com/a b");
    assert_eq!(value("path", &absolute).as_deref(), Ok("http://example.com/a b"));
}

#[test]
fn escapes_are_undone_where_a_field_is_wanted() {
    let line = LINE.replace("/a?b=1", r"/caf\xC3\xA9?q=\x22x\x22").replace("Mozilla/5.0", r#"say \"hi\" \xE9"#);
    assert_eq!(value("path", &line).as_deref(), Ok("/café?q=\"x\""));
    assert_eq!(
        value("user_agent", &line),
        Err("`user_agent` is not UTF-8 once its escapes are undone (events.city)".to_owned())
    );
    assert_eq!(value("user_agent", &line.replace(r" \xE9", "")).as_deref(), Ok("say \"hi\" (X11)"));
}

#[test]
fn a_line_that_is_cut_or_wrong_says_why() {
    let mut decoder = decoder(&log("path"));
    let cases = [
        ("hello", "not a line of an access log: it has no time in brackets"),
        (
            "1.2.3.4 - [17/May/2015:10:05:03 +0200] \"GET / HTTP/1.1\" 200 1",
            "three fields have to come before the time",
        ),
        ("1.2.3.4 - - [17/May/2015:10:05:03 +0200", "the bracket of the time is never closed"),
        ("1.2.3.4 - - [17/May/2015:10:05:03 +0200] GET / HTTP/1.1 200 1", "the request is not in quotes"),
        (
            "1.2.3.4 - - [17/May/2015:10:05:03 +0200] \"GET / HTTP/1.1",
            "a quote is never closed; perhaps the line is cut",
        ),
        ("1.2.3.4 - - [17/May/2015:10:05:03 +0200] \"GET / HTTP/1.1\" 200", "it ends before the size of the answer"),
        (
            "1.2.3.4 - - [17/May/2015:10:05:03 +0200] \"GET / HTTP/1.1\" 2000 1",
            "the status is not a number of three digits",
        ),
        (
            "1.2.3.4 - - [17/May/2015:10:05:03 +0200] \"GET / HTTP/1.1\" 200 many",
            "the size of the answer is not a number",
        ),
        ("1.2.3.4 - - [17/May/2015:10:05:03 +0200] \"GET /\"x\" HTTP/1.1\" 200 1", "text follows a closing quote"),
        (
            "1.2.3.4 - - [17/Mai/2015:10:05:03 +0200] \"GET / HTTP/1.1\" 200 1",
            "timestamp `17/Mai/2015:10:05:03 +0200` is not a time",
        ),
        (
            "1.2.3.4 - - [17/May/2015:10:05:03 +0200] \"-\" 408 0",
            "the request `-` is not like `GET /path HTTP/1.1`, so it has no path (events.url)",
        ),
        (r#"1.2.3.4 - - [17/May/2015:10:05:03 +0200] "\x16\x03\x01" 400 0"#, r"the request `\x16\x03\x01` is not like"),
        ("1.2.3.4 - - [17/May/2015:10:05:03 +0200] \"GET /\" 400 0", "the request `GET /` is not like"),
        (
            r#"1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET /\q HTTP/1.1" 400 0"#,
            "`path` has a backslash that begins no escape",
        ),
    ];
    for (line, reason) in cases {
        refused(&mut decoder, line, reason);
    }
}

#[test]
fn a_condition_leaves_requests_of_another_shape_out() {
    let mut mapping = log("path");
    mapping.conditions = vec![is("status", &["200", "304"])];
    let mut decoder = decoder(&mapping);
    let garbage = br#"1.2.3.4 - - [17/May/2015:10:05:03 +0200] "\x16\x03\x01" 400 0"#;
    assert_eq!(read_all(&mut decoder, garbage), (vec![], 1));
    assert!(read(&mut decoder, LINE).is_ok());
}

fn w3c() -> Mapping {
    let mut mapping = mapping(Form::W3c, None, "c-ip", "time", "cs-uri-stem");
    mapping.fields.timestamp = Some(Source::Join { parts: vec![field("date"), field("time")], with: " ".to_owned() });
    mapping.fields.url =
        Some(Source::Join { parts: vec![field("cs-uri-stem"), field("cs-uri-query")], with: "?".to_owned() });
    mapping.fields.browser = Some(field("cs(user-agent)"));
    mapping
}

#[test]
fn the_line_of_fields_tells_the_columns_also_in_the_middle() {
    let mut decoder = decoder(&w3c());
    assert!(decoder.needs_header());
    refused(&mut decoder, "2026-01-31 09:30:00 /a - 1.2.3.4 -", "no header tells which column is `c-ip`");
    decoder.set_header(b"#Fields: date time cs-uri-stem cs-uri-query c-ip cs(User-Agent)\r\n").expect("a header");
    assert!(!decoder.needs_header());
    let click = read(&mut decoder, "2026-01-31 09:30:00 /a - 1.2.3.4 Mozilla/5.0+(X11)\r\n").expect("a click");
    assert_eq!(
        [&*click[1], &*click[2], &*click[3], &*click[6]],
        ["1.2.3.4", "2026-01-31T09:30:00.000Z", "/a", "Mozilla/5.0+(X11)"]
    );
    let click = read(&mut decoder, "2026-01-31 09:30:00 /a b=1 1.2.3.4 -").expect("a click");
    assert_eq!([&*click[3], &*click[6]], ["/a?b=1", "unknown"]);
    refused(&mut decoder, "2026-01-31 09:30:00 /a - 1.2.3.4", "5 fields where the header has 6");
    for line in ["#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0", "#"] {
        assert_eq!(read_all(&mut decoder, line.as_bytes()), (vec![], 0), "{line}");
    }
    // CloudFront separates the names with blanks and the fields with tabs.
    let fields = b"#Fields: date time c-ip cs-uri-stem cs(User-Agent) cs-uri-query";
    assert_eq!(read_all(&mut decoder, fields), (vec![], 0));
    let click = read(&mut decoder, "2026-01-31\t09:30:01\t1.2.3.4\t/c\tMozilla%2F5.0\t-").expect("a click");
    assert_eq!([&*click[1], &*click[3], &*click[6]], ["1.2.3.4", "/c", "Mozilla%2F5.0"]);
    refused(&mut decoder, "#Fields: date time c-ip", "its header has no column `cs-uri-stem`, which events.url names");
    refused(&mut decoder, "2026-01-31 09:30:00 1.2.3.4", "no header tells");
}

#[test]
fn given_columns_need_no_line_of_fields() {
    let mut mapping = w3c();
    mapping.columns =
        ["date", "time", "cs-uri-stem", "cs-uri-query", "c-ip", "cs(User-Agent)"].map(str::to_owned).to_vec();
    let mut decoder = decoder(&mapping);
    assert!(!decoder.needs_header());
    assert!(read(&mut decoder, "2026-01-31 09:30:00 /a - 1.2.3.4 -").is_ok());
}

/// Writes a text as Apache does in a quoted field.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out
}

proptest! {
    #[test]
    fn a_line_is_read_back(path in "[!-~é\u{1f}][ -~é\t\"\\\\]{0,30}", agent in any::<String>(), user in "[a-z]{1,5}( [a-z]{1,5})?") {
        prop_assume!(path != "-" && !path.ends_with(' ') && !path.starts_with(' ') && path != "\\N");
        let mut mapping = log("path");
        mapping.fields.browser = Some(field("user_agent"));
        mapping.fields.city = Some(field("remote_user"));
        let line = format!(
            "host:80 ::1 - {user} [17/May/2015:10:05:03 +0200] \"GET {} HTTP/2.0\" 200 - \"-\" \"{}\"",
            escaped(&path),
            escaped(&agent)
        );
        let click = read(&mut decoder(&mapping), &line).expect("a click");
        let agent = if agent.trim().is_empty() || agent == "-" || agent == "\\N" { "unknown" } else { &agent };
        prop_assert_eq!((&*click[3], &*click[6], &*click[5], &*click[1]), (&*path, agent, &*user, "::1"));
    }

    /// A line that is cut before its size is never a click.
    #[test]
    fn a_cut_line_is_a_reject(at in 1..=LINE.find("203023").unwrap_or(0)) {
        let (read, _) = read_all(&mut decoder(&log("path")), &LINE.as_bytes()[..at]);
        prop_assert!(read.len() == 1 && read[0].is_err(), "{:?}", read);
    }
}
