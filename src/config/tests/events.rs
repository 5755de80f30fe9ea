//! Tests of the settings of `[events]`: how they become a mapping, and the presets below them.

use super::*;
use crate::click::Format;
use crate::click::mapping::{Condition, Form, Mapping, Query, Source, Test, TimeForm, UrlRules};

fn field(name: &str) -> Option<Source> {
    Some(Source::Field(name.into()))
}

fn mapping(text: &str) -> Option<Mapping> {
    Config::new(text).load(&[]).unwrap().settings.events.mapping()
}

#[test]
fn every_key_is_a_part_of_the_mapping() {
    let text = "[events]\nform = 'csv'\nseparator = ';'\ncolumns = ['messageId', 'userId', 'date', 'time', 'context.page.url', \
                'city', 'b', 'o', 'd', 'context.ip', 'ua', 'type', 'bot']\nclick_id = 'messageId'\n\
                user_id = ['userId', 2]\ntimestamp = { join = ['date', 'time'], with = 'T' }\nurl = 'context.page.url'\n\
                country = { constant = 'FR' }\ncity = 'city'\nbrowser = 'b'\nos = 'o'\ndevice = 'd'\nip = 'context.ip'\n\
                user_agent = { hash = ['ua'] }\ntime_form = '%d.%m.%Y'\ntime_zone = 'Europe/Paris'\n\
                where = [{ field = 'type', is = 'page' }, { field = 'bot', exists = false }]\nurl_path_only = true\n\
                url_query = ['q']\nurl_fragment = 'drop'\nurl_lower_case_host = true\n";
    let mapping = mapping(text).unwrap();
    assert_eq!((mapping.form, mapping.separator), (Form::Csv, Some(';')));
    assert_eq!((mapping.columns.len(), mapping.columns[0].as_str()), (13, "messageId"));
    let fields = &mapping.fields;
    assert_eq!(fields.click_id, field("messageId"));
    let second = Source::Column(2.try_into().unwrap());
    assert_eq!(fields.user_id, Some(Source::First(vec![Source::Field("userId".into()), second])));
    let parts = ["date", "time"].map(|name| Source::Field(name.into())).to_vec();
    assert_eq!(fields.timestamp, Some(Source::Join { parts, with: "T".into() }));
    assert_eq!(fields.url, field("context.page.url"));
    assert_eq!(fields.country, Some(Source::Constant("FR".into())));
    assert_eq!((&fields.city, &fields.browser), (&field("city"), &field("b")));
    assert_eq!((&fields.os, &fields.device, &fields.ip), (&field("o"), &field("d"), &field("context.ip")));
    assert_eq!(fields.user_agent, Some(Source::Hash(vec![Source::Field("ua".into())])));
    assert_eq!(mapping.time, TimeForm::Pattern("%d.%m.%Y".into()));
    assert_eq!(mapping.time_zone.as_deref(), Some("Europe/Paris"));
    let condition = |name: &str, test| Condition { field: Source::Field(name.into()), test };
    let is_page = condition("type", Test::Is(vec!["page".into()]));
    assert_eq!(mapping.conditions, [is_page, condition("bot", Test::Exists(false))]);
    let query = Query::Only(vec!["q".into()]);
    let rules = UrlRules { path_only: true, query, drop_fragment: true, lower_case_host: true };
    assert_eq!(mapping.url_rules, rules);
}

#[test]
fn the_environment_and_tables_of_the_file_name_sources_too() {
    let needed = "[events]\nuser_id = 'u'\ntimestamp = 't'\n[events.url]\njoin = ['host', 'path']\nwith = ''\n\
                  [[events.where]]\nfield = 'type'\nis = ['page', 'screen']\n";
    let loaded = Config::new(needed).load(&[
        ("CLICKTOP_EVENTS__USER_ID", "['a.b', 'c']"),
        ("CLICKTOP_EVENTS__TIMESTAMP", "3"),
        ("CLICKTOP_EVENTS__COUNTRY", "geo.country"),
        ("CLICKTOP_EVENTS__COLUMNS", "a.b, c,host,path,type, geo.country"),
        ("CLICKTOP_EVENTS__URL_QUERY", "['q']"),
    ]);
    let mapping = loaded.unwrap().settings.events.mapping().unwrap();
    let user = ["a.b", "c"].map(|name| Source::Field(name.into())).to_vec();
    assert_eq!(mapping.fields.user_id, Some(Source::First(user)));
    assert_eq!(mapping.fields.timestamp, Some(Source::Column(3.try_into().unwrap())));
    assert_eq!(mapping.fields.country, field("geo.country"));
    let parts = ["host", "path"].map(|name| Source::Field(name.into())).to_vec();
    assert_eq!(mapping.fields.url, Some(Source::Join { parts, with: String::new() }));
    assert_eq!(mapping.columns, ["a.b", "c", "host", "path", "type", "geo.country"]);
    assert_eq!(mapping.url_rules.query, Query::Only(vec!["q".into()]));
    assert_eq!(mapping.conditions.len(), 1);
}

#[test]
fn without_a_mapping_events_are_clicks_of_our_own() {
    assert_eq!(mapping(""), None);
    assert_eq!(mapping("events.preset = 'nine'"), None);
    for (form, format) in [("csv", Format::Csv), ("json", Format::Json), ("auto", Format::Auto)] {
        let settings = Config::new(&format!("events.form = '{form}'")).load(&[]).unwrap().settings;
        assert_eq!(settings.events.mapping(), None, "{form}");
        assert_eq!(settings.events.own_format(&settings.kafka), format);
    }
    let settings = Config::new("kafka.format = 'json'").load(&[]).unwrap().settings;
    assert_eq!(settings.events.own_format(&settings.kafka), Format::Json);
}

#[test]
fn what_is_set_beside_our_own_fields_maps_them() {
    for text in ["events.url_query = 'drop'", "events.form = 'tsv'", "events.time_form = 'ms'"] {
        let config = Config::new(text);
        let loaded = config.load(&[]).unwrap();
        assert!(loaded.settings.events.mapping().is_some_and(|mapping| mapping.columns.len() == 9), "{text}");
        assert_eq!(loaded.origin.of("events.url"), &Origin::Preset("nine"));
    }
}

#[test]
fn every_preset_is_a_whole_mapping_that_names_its_source() {
    for name in preset_names() {
        let text = preset_text(name).unwrap();
        assert!(text.starts_with("# ") && text.contains("\n# Form: "), "{name}");
        assert!(text.contains("https://") || *name == "nine", "{name}");
        let loaded = Config::new(&format!("events.preset = '{name}'")).load(&[]).unwrap();
        assert_eq!(Some(loaded.settings.events.as_mapping()), preset_mapping(name), "{name}");
        assert_eq!(loaded.settings.events.mapping().is_none(), *name == "nine", "{name}");
        assert_eq!(loaded.origin.of("events.user_id"), &Origin::Preset(name));
        // As a file of the user's own, it means the same.
        let copied = Config::new(text).load(&[]).unwrap();
        assert_eq!(copied.settings.events.as_mapping(), loaded.settings.events.as_mapping(), "{name}");
    }
    assert_eq!(preset_text("segmnet"), None);
}

#[test]
fn own_keys_override_those_of_the_preset() {
    let config = Config::new("[events]\nurl = 'properties.path'\ncountry = ''\npreset = 'segment'\n");
    let loaded = config.load(&[("CLICKTOP_EVENTS__CITY", "town")]).unwrap();
    let fields = loaded.settings.events.mapping().unwrap().fields;
    assert_eq!((fields.url, fields.country, fields.city), (field("properties.path"), None, field("town")));
    assert_eq!(fields.click_id, field("messageId"));
    assert_eq!(loaded.origin.of("events.url"), &Origin::File(config.path()));
    assert_eq!(loaded.origin.of("events.click_id"), &Origin::Preset("segment"));
    let rendered = loaded.render();
    let line = rendered.lines().find(|line| line.starts_with("where = ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words.join(" "), "where = [{ field = \"type\", is = \"page\" }] # preset segment");
    assert_eq!(Config::new(&rendered).load(&[]).unwrap().settings, loaded.settings);
}

#[test]
fn the_last_layer_names_the_preset_and_may_take_it_back() {
    let config = Config::new("events.preset = 'segment'\n");
    let other = config.load(&[("CLICKTOP_EVENTS__PRESET", "posthog")]).unwrap();
    assert_eq!(other.settings.events.user_id, field("distinct_id"));
    let none = config.load(&[("CLICKTOP_EVENTS__PRESET", "")]).unwrap();
    assert_eq!(none.settings.events.mapping(), None);
}

#[test]
fn a_log_without_a_field_has_the_preset_of_its_form() {
    for (form, preset) in [("combined", "combined"), ("w3c", "w3c")] {
        let loaded = Config::new(&format!("events.form = '{form}'")).load(&[]).unwrap();
        assert_eq!(loaded.settings.events.mapping(), preset_mapping(preset));
        assert_eq!(loaded.origin.of("events.url"), &Origin::Preset(preset));
    }
    let own = mapping("[events]\nform = 'combined'\nuser_id = 'ident'\ntimestamp = 'time'\nurl = 'request'\n").unwrap();
    assert_eq!((own.fields.user_id, own.fields.ip), (field("ident"), None));
}

#[test]
fn wrong_values_are_named_with_what_would_do() {
    let source =
        "expected a name or path in quotes, a column number, a list of them, or a table with constant, join or hash";
    for (text, error) in [
        ("url = 0", format!("events.url (line 2): {source}, found 0")),
        ("url = true", format!("events.url (line 2): {source}, found true")),
        ("url = { first = ['a'] }", format!("events.url (line 2): {source}, found a table with first")),
        (
            "where = { type = 'page' }",
            "events.where (line 2): expected a list of conditions, such as [{ field = \"type\", is = \"page\" }], each with is, \
             is_not or exists, found a table"
                .into(),
        ),
        (
            "form = 'xml'",
            "events.form (line 2): expected one of \"auto\", \"csv\", \"tsv\", \"json\", \"combined\", \"w3c\", found \"xml\"".into(),
        ),
        ("separator = 'ab'", "events.separator (line 2): expected one character in quotes, such as \";\", found \"ab\"".into()),
        (
            "columns = ['a', 'a']",
            "events.columns (line 2): expected a list of names in quotes, each once, found \"a\" twice".into(),
        ),
        (
            "time_form = 'seconds'",
            "events.time_form (line 2): expected one of \"auto\", \"rfc3339\", \"s\", \"ms\", \"us\", \"ns\", or a pattern such as \
             \"%d.%m.%Y %H:%M:%S\", found \"seconds\""
                .into(),
        ),
        (
            "url_query = 'strip'",
            "events.url_query (line 2): expected \"keep\", \"drop\", or a list of the parameters that stay, found \"strip\"".into(),
        ),
        ("usr_id = 'a'", "unknown setting events.usr_id (line 2); did you mean events.user_id?".into()),
    ] {
        assert_eq!(file_error(&format!("[events]\n{text}\n")), format!("clicktop.toml: {error}"));
    }
    let error = file_error("events.preset = 'segmnet'");
    assert!(
        error.starts_with("clicktop.toml: events.preset (line 1): expected one of \"nine\", \"combined\""),
        "{error}"
    );
    assert!(error.ends_with(", found \"segmnet\""), "{error}");
    let error = env_error(&[("CLICKTOP_EVENTS__URL", "['a',")]);
    assert!(error.starts_with("environment variable CLICKTOP_EVENTS__URL: expected a name or path"), "{error}");
}

#[test]
fn a_mapping_needs_three_fields_and_its_own_form() {
    let reason = "is not set, and a mapping needs it: name the field that holds";
    assert_eq!(
        file_error("events.url = 'page'"),
        format!(
            "events.user_id: {reason} the user; `clicktop inspect` shows the fields\n\
             events.timestamp: {reason} the time; `clicktop inspect` shows the fields"
        )
    );
    assert_eq!(
        file_error("kafka.format = 'json'\nevents.preset = 'segment'\n"),
        "clicktop.toml: kafka.format (line 1): is for clicktop's own nine fields; with a mapping, set events.form instead, and \
         this to \"auto\""
    );
    assert_eq!(
        file_error("kafka.format = 'json'\nevents.form = 'csv'\n"),
        "clicktop.toml: kafka.format (line 1): and events.form name different formats; keep one"
    );
}

#[test]
fn a_mapping_that_cannot_be_used_is_named_with_its_line() {
    let error = file_error("[events]\npreset = 'segment'\nurl = 'context..url'\n");
    assert!(error.starts_with("clicktop.toml: events.url (line 3): `context..url` is not a path: "), "{error}");
    let error = file_error("[events]\npreset = 'segment'\ntime_zone = 'Mars'\n");
    assert!(error.starts_with("clicktop.toml: events.time_zone (line 3): "), "{error}");
    let error = file_error("[events]\npreset = 'snowplow'\nurl = 'pageurl'\n");
    assert!(error.starts_with("clicktop.toml: events.url (line 3): events.columns has no column `pageurl`"), "{error}");
}

#[test]
fn events_that_clicktop_makes_need_no_mapping() {
    let settings = Config::new("[events]\npreset = 'segment'\nmax_url_bytes = 100\n").load(&[]).unwrap().settings;
    let own = settings.for_own_events();
    assert_eq!(own.events.mapping(), None);
    assert_eq!(own.events.max_url_bytes, Bytes::new(100));
    assert_eq!(own.kafka, settings.kafka);
}
