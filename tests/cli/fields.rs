//! What a field may hold: times, numbers and lengths as programs write them, through the whole program.

use crate::support::figures::database;
use crate::support::program::Home;

/// The reasons of what was rejected, in the order of their ids.
fn reasons(home: &Home) -> Vec<String> {
    let database = database(&home.data());
    let mut select = database.prepare("SELECT reason FROM rejects ORDER BY partition, \"offset\"").expect("a query");
    let rows = select.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("rejects")
}

#[test]
fn json_as_python_writes_it_is_stored_and_only_a_wrong_id_rejected() {
    let lines = r#"{"click_id":1.0,"user_id":123.0,"timestamp":1767225600.0,"url":"/a","country":"FR"}
{"click_id":"2","user_id":"u2","timestamp":1767225600,"url":"/a","country":NaN}
{"click_id":"3","user_id":"u3","timestamp":1767225600,"url":"/a","country":"FR","time_spent":NaN}
{"click_id":"4","user_id":"u4","timestamp":1767225600,"url":"/a","country":"FR","price":Infinity}
{"click_id":"6","user_id":true,"timestamp":1767225600,"url":"/a"}
{"click_id":"7","user_id":"u7","timestamp":1767225600,"url":"/a","city":75001}
"#;
    let home = Home::new();
    let summary = home.replay(&home.file("floats.json", lines.as_bytes()), &[]);
    assert_eq!((&summary["stored"], &summary["rejected"]), (&5.into(), &1.into()), "{summary}");
    assert_eq!(reasons(&home), ["JSON: `user_id` is a boolean instead of a string or an integer"]);
}

#[test]
fn a_field_that_is_too_long_is_rejected_until_the_setting_allows_it() {
    let lines = format!(
        "c1,u1,2026-01-31T09:30:00Z,/{},FR,,,,\nc2,{},2026-01-31T09:30:00Z,/a,FR,,,,\nc3,u3,2026-01-31T09:30:00Z,/a,FR,,,,\n",
        "x".repeat(8_192),
        "u".repeat(200_000),
    );
    let home = Home::new();
    let file = home.file("long.csv", lines.as_bytes());
    let summary = home.replay(&file, &[]);
    assert_eq!((&summary["stored"], &summary["rejected"]), (&1.into(), &2.into()), "{summary}");
    let mut found = reasons(&home);
    found.sort();
    assert_eq!(
        found,
        [
            "`url` has 8193 bytes, more than the 8192 that events.max_url_bytes allows",
            "`user_id` has 200000 bytes, more than the 4096 that events.max_field_bytes allows",
        ]
    );

    let wider = Home::new().with("CLICKTOP_EVENTS__MAX_URL_BYTES", "16 KiB");
    let summary = wider.replay(&wider.file("long.csv", lines.as_bytes()), &[]);
    assert_eq!((&summary["stored"], &summary["rejected"]), (&2.into(), &1.into()), "{summary}");
}
