//! JSON events by paths.

use proptest::prelude::*;

use super::*;

const TIME: &str = "2026-01-31T09:30:00.000Z";

fn json() -> Mapping {
    mapping(Form::Json, Some("id"), "user", "at", "page.url")
}

#[test]
fn values_are_found_by_path_and_everything_else_is_skipped() {
    let mut mapping = json();
    mapping.fields.country = Some(field("geo.\"country.code\""));
    mapping.fields.city = Some(field("geo.names[1]"));
    mapping.fields.browser = Some(field("params[key=browser].value.text"));
    let mut decoder = decoder(&mapping);
    let event = r#" {"x":{"url":[1,{"id":"no"}]},"geo":{"country.code":"FR","names":["Lutetia","Orl\u00e9ans"]},
        "params":[{"key":"os","value":{"text":"Linux"}},{"value":{"n":null,"text":"Fire\"fox"},"key":"brow\u0073er"}],
        "page":{"title":"T","url":"/a"},"at":1769851800000,"user":17.0,"id":123456789012345678901234567890,"z":-1e400} "#;
    let expected =
        ["123456789012345678901234567890", "17", TIME, "/a", "FR", "Orléans", "Fire\"fox", "unknown", "unknown"];
    assert_eq!(read(&mut decoder, event), Ok(expected.map(str::to_owned)));
    // The same decoder keeps nothing of it.
    let next = format!(r#"{{"id":"i","user":"u","at":"{TIME}","page":{{"url":"/b"}},"geo":null,"params":[]}}"#);
    let expected = ["i", "u", TIME, "/b", "unknown", "unknown", "unknown", "unknown", "unknown"];
    assert_eq!(read(&mut decoder, &next), Ok(expected.map(str::to_owned)));
}

#[test]
fn a_name_may_be_a_value_and_a_way() {
    let mut mapping = json();
    mapping.fields.url = Some(first(&["page.url", "page"]));
    let mut decoder = decoder(&mapping);
    let event = |page: &str| format!(r#"{{"id":1,"user":2,"at":1769851800000,"page":{page}}}"#);
    let url = |read: Read| read.map(|read| read[3].clone());
    assert_eq!(url(read(&mut decoder, &event("\"/a\""))), Ok("/a".to_owned()));
    assert_eq!(url(read(&mut decoder, &event("{\"url\":\"/b\"}"))), Ok("/b".to_owned()));
    refused(&mut decoder, &event("{\"url\":7}"), "JSON: `page.url` is a number instead of a string (events.url)");
    refused(&mut decoder, &event("{\"uri\":7}"), "JSON: `page` is an object instead of a string (events.url)");
    refused(&mut decoder, &event("null"), "`url` is missing or empty: events.url takes it from `page.url` or `page`");
}

#[test]
fn a_wrong_event_says_what_is_wrong_and_where() {
    let mut decoder = decoder(&json());
    let deep = format!(r#"{{"x":{}0{}}}"#, "[".repeat(200), "]".repeat(200));
    let cases = [
        (r#"{"id":1,"user":2,"at":1769851800000,"page":{"url":"/a"}"#, "JSON: EOF"),
        (r#"{"id":1} {"id":2}"#, "JSON: trailing characters"),
        ("[1]", "JSON: not an object"),
        ("\u{feff} ", "empty message"),
        (
            r#"{"id":1,"id":2,"user":2,"at":1769851800000,"page":{"url":"/a"}}"#,
            "JSON: `id` is given twice (events.click_id)",
        ),
        (
            r#"{"id":1,"page":{},"user":2,"at":1769851800000,"page":{"url":"/a"}}"#,
            "JSON: `page` is given twice (events.url)",
        ),
        (r#"{"id":1.5,"user":2,"at":1769851800000,"page":{"url":"/a"}}"#, "`id` is a fraction"),
        (
            r#"{"id":true,"user":2,"at":1769851800000,"page":{"url":"/a"}}"#,
            "`id` is a boolean instead of a string or an integer",
        ),
        (r#"{"id":1,"user":{},"at":1769851800000,"page":{"url":"/a"}}"#, "`user` is an object"),
        (
            r#"{"id":1,"user":2,"at":[],"page":{"url":"/a"}}"#,
            "JSON: `at` is an array instead of a string or a number (events.timestamp)",
        ),
        (
            r#"{"id":1,"user":2,"at":1769851800000,"page":"/a"}"#,
            "JSON: `page` is a string instead of an object (events.url)",
        ),
        (r#"{"id":1,"user":2,"at":1769851800000,"page":["/a"]}"#, "JSON: `page` is an array instead of an object"),
        (
            r#"{"id":"\ud800","user":2,"at":1769851800000,"page":{"url":"/a"}}"#,
            "JSON: `id` contains half of a surrogate pair",
        ),
        (
            r#"{"id":1,"user":" ","at":1769851800000,"page":{"url":"/a"}}"#,
            "`user_id` is missing or empty: events.user_id takes it from `user`",
        ),
        (r#"{"id":1,"user":NaN,"at":1769851800000,"page":{"url":"/a"}}"#, "`user_id` is missing"),
        (r#"{"id":1,"user":2,"at":"soon","page":{"url":"/a"}}"#, "timestamp `soon` is not a time"),
        (&deep, "JSON: nested deeper than 128 levels"),
    ];
    for (event, reason) in cases {
        refused(&mut decoder, event, reason);
    }
}

#[test]
fn nan_counts_as_null() {
    let mut decoder = decoder(&json());
    let event = r#"{"x":NaN,"geo":-Infinity,"id":1,"user":2,"at":1769851800000,"page":{"n":NaN,"url":"/a"}}"#;
    assert_eq!(four(&mut decoder, event), Ok(["1", "2", TIME, "/a"].map(str::to_owned)));
    let mut mapping = json();
    mapping.fields.city = Some(field("geo.city"));
    let mut decoder = super::decoder(&mapping);
    assert!(read(&mut decoder, &event.replace("-Infinity", "NaN")).is_ok_and(|click| click[5] == "unknown"));
}

#[test]
fn each_element_is_a_click_and_a_broken_one_is_one_reject() {
    let mut mapping = mapping(Form::Json, None, "visitor", "actions[].at", "actions[].url");
    mapping.conditions = vec![is("actions[].type", &["action", "2"])];
    mapping.fields.city = Some(field("city"));
    let mut decoder = decoder(&mapping);
    let visit = r#"{"actions":[
        {"type":"action","at":1769851800,"url":"/a"},
        {"type":"event","at":"never"},
        {"type":"action","at":1769851801,"url":7},
        {"type":2,"at":1769851802,"url":"/c"},
        5,
        {"type":"action","type":"action","at":1769851803,"url":"/d"}
    ],"visitor":"v","city":"Orl\u00e9ans"}"#;
    let (read, left_out) = read_all(&mut decoder, visit.as_bytes());
    assert_eq!(left_out, 2);
    let short: Vec<_> =
        read.iter().map(|read| read.as_ref().map(|click| (&*click[1], &*click[3], &*click[5]))).collect();
    assert_eq!(short[0], Ok(("v", "/a", "Orléans")));
    assert!(short[1].is_err_and(|error| error == "JSON: `actions[].url` is a number instead of a string (events.url)"));
    assert_eq!(short[2], Ok(("v", "/c", "Orléans")));
    assert!(short[3].is_err_and(|error| error == "JSON: `actions[].type` is given twice (events.where)"));
    assert_eq!(short.len(), 4);
    // Their ids tell them apart, and sort like them.
    let ids: Vec<&str> = read.iter().flatten().map(|click| &*click[0]).collect();
    assert!(ids[0] < ids[1] && ids[0].get(..24) == ids[1].get(..24), "{ids:?}");
}

#[test]
fn a_message_without_its_array_is_one_reject() {
    let mut mapping = mapping(Form::Json, None, "visitor", "actions[].at", "actions[].url");
    mapping.conditions = vec![is("kind", &["visit"])];
    let mut decoder = decoder(&mapping);
    assert_eq!(read_all(&mut decoder, br#"{"kind":"visit","visitor":1,"actions":[]}"#), (vec![], 0));
    assert_eq!(read_all(&mut decoder, br#"{"kind":"other","visitor":1}"#), (vec![], 1));
    refused(
        &mut decoder,
        r#"{"kind":"visit","visitor":1}"#,
        "JSON: `actions` is missing, but has to be an array of events",
    );
    refused(&mut decoder, r#"{"kind":"visit","visitor":1,"actions":{}}"#, "`actions` is an object, but");
    refused(&mut decoder, r#"{"kind":"visit","actions":[],"visitor":1,"actions":[]}"#, "`actions` is given twice, but");
}

#[test]
fn conditions_come_before_everything_else() {
    let mut mapping = json();
    mapping.conditions = vec![
        is("type", &["page", "true", "7"]),
        Condition { field: field("bot"), test: Test::IsNot(vec!["true".to_owned()]) },
        exists("page", true),
        exists("error", false),
    ];
    let mut decoder = decoder(&mapping);
    let tail = r#""id":1,"user":2,"at":1769851800000,"page":{"url":"/a"}}"#;
    for kept in ["\"type\":\"page\"", "\"type\":true", "\"type\":7.0", "\"type\":\"page\",\"error\":\"\",\"bot\":{}"] {
        assert!(read(&mut decoder, &format!("{{{kept},{tail}")).is_ok(), "{kept}");
    }
    for left_out in [
        r#"{"type":"track","id":{}}"#,
        r#"{"type":{"page":1},"user":[]}"#,
        r#"{"at":"never"}"#,
        r#"{"type":"page","bot":true,"page":5}"#,
        r#"{"type":"page","page":null}"#,
        r#"{"type":"page","page":5,"error":{}}"#,
    ] {
        assert_eq!(read_all(&mut decoder, left_out.as_bytes()), (vec![], 1), "{left_out}");
    }
}

#[test]
fn either_form_is_known_by_the_first_byte() {
    let mut mapping = mapping(Form::Auto, Some("id"), "user", "at", "url");
    mapping.columns = ["at", "user", "id", "url"].map(str::to_owned).to_vec();
    let mut decoder = decoder(&mapping);
    let expected = Ok(["1", "2", TIME, "/a"].map(str::to_owned));
    assert_eq!(four(&mut decoder, r#" {"id":1,"user":2,"at":1769851800,"url":"/a"}"#), expected);
    assert_eq!(four(&mut decoder, "1769851800,2,1,/a\r\n"), expected);
}

proptest! {
    /// What serde_json writes of any texts is read back.
    #[test]
    fn an_event_is_read_back(user in "\\PC{1,20}", url in "[!-~]\\PC{0,20}", noise in "\\PC{0,10}", city in any::<String>()) {
        prop_assume!(!user.trim().is_empty() && user != "\\N");
        let mut mapping = json();
        mapping.fields.city = Some(field("geo[key=city].v"));
        let event = serde_json::json!({
            "noise": {noise.clone(): [noise.clone(), {"url": noise.clone()}]},
            "user": user, "page": {"x": noise, "url": url}, "at": TIME, "id": "i",
            "geo": [{"v": "no", "key": "country"}, {"v": city, "key": "city"}],
        });
        let click = read(&mut decoder(&mapping), &event.to_string()).expect("a click");
        let city = if city.trim().is_empty() || city == "\\N" { "unknown" } else { &city };
        prop_assert_eq!((&click[1], &click[3], &*click[5]), (&user, &url, city));
    }

    /// An event that is cut anywhere is one reject.
    #[test]
    fn a_cut_event_is_a_reject(at in 1_usize..70) {
        let event = r#"{"id":1,"user":"\u00e9","at":1769851800000,"page":{"url":"/a"},"x":[1]}"#;
        let (read, left_out) = read_all(&mut decoder(&json()), &event.as_bytes()[..at]);
        prop_assert!(left_out == 0 && read.len() == 1 && read[0].is_err(), "{:?}", read);
    }
}
