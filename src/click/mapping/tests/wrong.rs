//! A mapping that cannot work says which setting to change, and how.

use std::num::NonZeroUsize;

use super::*;

#[track_caller]
fn refused(mapping: &Mapping, line: &str) {
    let error = mapping.compile().expect_err("a wrong mapping").to_string();
    assert!(error.starts_with(line), "{error}\ninstead of {line}");
    assert!(!error.contains(char::is_control), "{error}");
}

fn with(form: Form, change: impl FnOnce(&mut Mapping)) -> Mapping {
    let mut mapping = mapping(form, Some("id"), "user", "time", "url");
    change(&mut mapping);
    mapping
}

#[test]
fn a_wrong_source_names_its_setting() {
    let json = |change: fn(&mut Mapping)| with(Form::Json, change);
    let cases = [
        (json(|m| m.fields.user_id = None), "events.user_id: name where the user comes from, such as user_id ="),
        (json(|m| m.fields.timestamp = None), "events.timestamp: name where the time comes from"),
        (json(|m| m.fields.url = None), "events.url: name where the url comes from"),
        (
            json(|m| m.fields.url = Some(field("context..url"))),
            "events.url: `context..url` is not a path: a name is empty",
        ),
        (json(|m| m.fields.ip = Some(field("a]"))), "events.ip: `a]` is not a path"),
        (json(|m| m.fields.url = Some(field(" "))), "events.url: a name is empty"),
        (json(|m| m.fields.url = Some(Source::First(vec![]))), "events.url: its list names no source"),
        (json(|m| m.fields.city = Some(Source::Column(NonZeroUsize::MIN))), "events.city: JSON has no column numbers"),
        (json(|m| m.conditions = vec![is("a[", &["x"])]), "events.where: `a[` is not a path"),
        (
            json(|m| {
                m.fields.url = Some(field("a[].url"));
                m.fields.timestamp = Some(field("b[].time"));
            }),
            "events.url: `b[]` and `a[]` are two arrays; only one array can hold the clicks",
        ),
        (
            json(|m| m.fields.url = Some(field("a[].url"))),
            "events.click_id: it is the same for all clicks of a message; name a value in `a[]`",
        ),
        (json(|m| m.fields.url = Some(field(&"a.".repeat(70).replace(".a.a.", ".a.")))), "events.url: `a.a"),
        (
            with(Form::Combined, |m| m.fields.url = Some(field("uri"))),
            "events.click_id: an access log has no field `id`; its fields are host, remote_addr,",
        ),
    ];
    for (mapping, line) in cases {
        refused(&mapping, line);
    }
    let mut deep = field("a");
    for _ in 0..100 {
        deep = Source::First(vec![deep]);
    }
    refused(&with(Form::Json, |m| m.fields.city = Some(deep)), "events.city: its sources nest deeper than 16 levels");
}

#[test]
fn wrong_columns_and_separators_name_their_setting() {
    let columns = |names: &'static [&'static str]| {
        move |m: &mut Mapping| m.columns = names.iter().map(|name| (*name).to_owned()).collect()
    };
    let cases = [
        (with(Form::Csv, |m| m.separator = Some('é')), "events.separator: only an ASCII character"),
        (with(Form::Csv, |m| m.separator = Some('"')), "events.separator: a quote or a line end"),
        (with(Form::Tsv, |m| m.separator = Some(';')), "events.separator: a tab separates"),
        (with(Form::Json, |m| m.separator = Some(';')), "events.separator: only CSV has a separator"),
        (with(Form::Json, columns(&["id"])), "events.columns: JSON and access logs have no columns"),
        (
            with(Form::Csv, columns(&["id", "user", "url"])),
            "events.timestamp: events.columns has no column `time`; its columns are id, user, url",
        ),
        (
            with(Form::Csv, columns(&["id", "time", "user", "url", "url"])),
            "events.url: events.columns names `url` twice",
        ),
        (
            with(Form::Csv, |m| {
                columns(&["id", "time", "user", "url"])(m);
                m.fields.city = NonZeroUsize::new(9).map(Source::Column);
            }),
            "events.city: there is no column 9: events.columns names 4 columns",
        ),
    ];
    for (mapping, line) in cases {
        refused(&mapping, line);
    }
}

#[test]
fn wrong_times_and_rules_name_their_setting() {
    let pattern = |text: &str| {
        let time = TimeForm::Pattern(text.to_owned());
        with(Form::Csv, |m| m.time = time)
    };
    refused(
        &pattern("iso8601"),
        "events.time_form: `iso8601` is not the pattern of a time (it has no %): write auto, rfc3339",
    );
    refused(&pattern("%H:%M"), "events.time_form: `%H:%M` is not the pattern of a time");
    refused(&pattern("%Y-%m-%d %é"), "events.time_form: `%Y-%m-%d %é` is not the pattern of a time");
    refused(&pattern("%Y-%m-%d %"), "events.time_form: `%Y-%m-%d %` is not");
    refused(
        &with(Form::Csv, |m| m.time_zone = Some("Paris".to_owned())),
        "events.time_zone: `Paris` is not a time zone: write its IANA name, such as Europe/Paris",
    );
    let query = |name: &str| {
        let query = Query::Only(vec![name.to_owned()]);
        with(Form::Csv, |m| m.url_rules.query = query)
    };
    refused(&query("a=1"), "events.url_query: `a=1` is not the name of a parameter");
    refused(&query("\u{1b}&"), "events.url_query: `\\u{1b}&` is not the name of a parameter");
}
