//! `[events]`: how the events of a clickstream become clicks, and how long the fields of a click may be.

use serde::{Deserialize, Serialize};

use super::event_values::as_value;
use super::kind::Kind;
use super::presets;
use super::setting::{Section, Setting};
use super::units::Bytes;
use crate::click::mapping::{Condition, Fields, Form, Mapping, Query, Source, TimeForm, UrlRules};

/// `[events]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSettings {
    /// The preset whose keys the other settings override.
    pub preset: Option<String>,
    /// How one event is written.
    pub form: Form,
    /// The separator of CSV fields.
    pub separator: Option<char>,
    /// The names of the columns, if the data has no header.
    pub columns: Vec<String>,
    /// Where the id of the event comes from.
    #[serde(default, with = "as_value::source")]
    pub click_id: Option<Source>,
    /// Where the user comes from.
    #[serde(default, with = "as_value::source")]
    pub user_id: Option<Source>,
    /// Where the time comes from.
    #[serde(default, with = "as_value::source")]
    pub timestamp: Option<Source>,
    /// Where the url comes from.
    #[serde(default, with = "as_value::source")]
    pub url: Option<Source>,
    /// Where the country comes from.
    #[serde(default, with = "as_value::source")]
    pub country: Option<Source>,
    /// Where the city comes from.
    #[serde(default, with = "as_value::source")]
    pub city: Option<Source>,
    /// Where the browser comes from.
    #[serde(default, with = "as_value::source")]
    pub browser: Option<Source>,
    /// Where the operating system comes from.
    #[serde(default, with = "as_value::source")]
    pub os: Option<Source>,
    /// Where the class of device comes from.
    #[serde(default, with = "as_value::source")]
    pub device: Option<Source>,
    /// Where the address of the visitor comes from.
    #[serde(default, with = "as_value::source")]
    pub ip: Option<Source>,
    /// Where the user agent of the visitor comes from.
    #[serde(default, with = "as_value::source")]
    pub user_agent: Option<Source>,
    /// How the time is written.
    #[serde(with = "as_value::time_form")]
    pub time_form: TimeForm,
    /// The time zone of times without an offset.
    pub time_zone: Option<String>,
    /// The conditions of which all must hold.
    #[serde(rename = "where", with = "as_value::conditions")]
    pub conditions: Vec<Condition>,
    /// Whether only the path of the url stays, with its query.
    pub url_path_only: bool,
    /// What becomes of the query of the url.
    #[serde(with = "as_value::query")]
    pub url_query: Query,
    /// Whether the fragment of the url is removed.
    #[serde(rename = "url_fragment", with = "as_value::drop_fragment")]
    pub url_drop_fragment: bool,
    /// Whether the host of the url is written in lower case.
    pub url_lower_case_host: bool,
    /// The longest url that clicktop takes.
    pub max_url_bytes: Bytes,
    /// The longest text of any other field, ids included, that clicktop takes.
    pub max_field_bytes: Bytes,
}

impl EventSettings {
    /// Every setting as a part of a mapping.
    pub(super) fn as_mapping(&self) -> Mapping {
        Mapping {
            form: self.form,
            separator: self.separator,
            columns: self.columns.clone(),
            fields: Fields {
                click_id: self.click_id.clone(),
                user_id: self.user_id.clone(),
                timestamp: self.timestamp.clone(),
                url: self.url.clone(),
                country: self.country.clone(),
                city: self.city.clone(),
                browser: self.browser.clone(),
                os: self.os.clone(),
                device: self.device.clone(),
                ip: self.ip.clone(),
                user_agent: self.user_agent.clone(),
            },
            time: self.time_form.clone(),
            time_zone: self.time_zone.clone(),
            conditions: self.conditions.clone(),
            url_rules: UrlRules {
                path_only: self.url_path_only,
                query: self.url_query.clone(),
                drop_fragment: self.url_drop_fragment,
                lower_case_host: self.url_lower_case_host,
            },
        }
    }
}

/// The keys that say where a field comes from.
pub(super) const SOURCES: [&str; 11] = [
    "events.click_id",
    "events.user_id",
    "events.timestamp",
    "events.url",
    "events.country",
    "events.city",
    "events.browser",
    "events.os",
    "events.device",
    "events.ip",
    "events.user_agent",
];

/// The setting that names the preset.
pub(super) const PRESET: &str = "events.preset";

/// The setting that names the form.
pub(super) const FORM: &str = "events.form";

/// Whether the setting `key` is a part of a mapping.
pub(super) fn is_of_mapping(key: &str) -> bool {
    let others = ["events.max_url_bytes", "events.max_field_bytes", PRESET];
    key.starts_with("events.") && !others.contains(&key)
}

const fn source(key: &'static str, help: &'static str) -> Setting {
    Setting { key, kind: Kind::Source, default: "", help, flags: &[] }
}

/// The settings of `[events]`.
pub(super) const EVENTS: Section = Section {
    table: "events",
    help: "Without any of these settings, clicktop reads its own nine fields. `clicktop inspect` looks at other events \
           and writes the settings for them; docs/events.md explains the language.",
    settings: &[
        Setting {
            key: PRESET,
            kind: Kind::OptionalChoice(&presets::NAMES),
            default: "",
            help: "A mapping by its name. Each setting below overrides that of the preset; \"\" takes a field of the \
                   preset back. `clicktop inspect --preset NAME` prints a preset.",
            flags: &["--preset"],
        },
        Setting {
            key: FORM,
            kind: Kind::Choice(&["auto", "csv", "tsv", "json", "combined", "w3c"]),
            default: "auto",
            help: "How one event is written: auto (JSON if it begins with {, else CSV), csv, tsv (tabs without \
                   quoting), json, combined (an access log of Apache or NGINX) or w3c (an extended log of IIS or \
                   CloudFront).",
            flags: &["--format"],
        },
        Setting {
            key: "events.separator",
            kind: Kind::Separator,
            default: "",
            help: "The separator of CSV fields, such as \";\". Not set: a comma; in a file under a header, the one \
                   that the header has.",
            flags: &[],
        },
        Setting {
            key: "events.columns",
            kind: Kind::Names,
            default: "",
            help: "The names of the columns, if the data has no header, as messages of Kafka never have: [\"id\", \
                   \"user\"].",
            flags: &[],
        },
        source(
            "events.click_id",
            "Where the id of the event comes from: a name or a path (\"context.page.url\", \"events[0].id\"); the \
             number of a column, from 1; a list, of which the first that is not empty counts; { constant = \"FR\" }; \
             { join = [\"date\", \"time\"], with = \" \" }; or { hash = [\"remote_addr\", \"user_agent\"] }, a short \
             text that does not show its parts. Not set: clicktop derives the id from the event's place.",
        ),
        source("events.user_id", "Where the user comes from. A mapping needs it."),
        source("events.timestamp", "Where the time comes from. A mapping needs it."),
        source("events.url", "Where the url comes from. A mapping needs it."),
        source("events.country", "Where the country comes from."),
        source("events.city", "Where the city comes from."),
        source("events.browser", "Where the browser comes from."),
        source("events.os", "Where the operating system comes from."),
        source("events.device", "Where the class of device comes from."),
        source("events.ip", "Where the address of the visitor comes from."),
        source("events.user_agent", "Where the user agent of the visitor comes from."),
        Setting {
            key: "events.time_form",
            kind: Kind::TimeForm,
            default: "auto",
            help: "How the time is written: auto (any form that docs/events.md lists), rfc3339, Unix time in s, ms, us \
                   or ns, or a pattern such as \"%d.%m.%Y %H:%M:%S\".",
            flags: &[],
        },
        Setting {
            key: "events.time_zone",
            kind: Kind::OptionalText,
            default: "",
            help: "The time zone of times without an offset, such as \"Europe/Paris\"; not set: UTC.",
            flags: &[],
        },
        Setting {
            key: "events.where",
            kind: Kind::Conditions,
            default: "",
            help: "Only events that meet every condition are clicks; clicktop counts the others as left out. Each is a \
                   field with a test: [{ field = \"type\", is = \"page\" }], is_not = \"a\", is = [\"a\", \"b\"], \
                   exists = true, exists = false.",
            flags: &[],
        },
        Setting {
            key: "events.url_path_only",
            kind: Kind::Switch,
            default: "false",
            help: "true removes scheme, user, host and port from urls; the path stays, with its query.",
            flags: &[],
        },
        Setting {
            key: "events.url_query",
            kind: Kind::Query,
            default: "keep",
            help: "What becomes of the query of a url: keep, drop, or a list of the parameters that stay.",
            flags: &[],
        },
        Setting {
            key: "events.url_fragment",
            kind: Kind::Choice(&["keep", "drop"]),
            default: "keep",
            help: "Whether a url keeps what follows #.",
            flags: &[],
        },
        Setting {
            key: "events.url_lower_case_host",
            kind: Kind::Switch,
            default: "false",
            help: "true writes the host of a url in lower case.",
            flags: &[],
        },
        Setting {
            key: "events.max_url_bytes",
            kind: Kind::FIELD,
            default: "8 KiB",
            help: "The longest url. clicktop rejects a click with a longer one, and any message longer than 512 KiB.",
            flags: &[],
        },
        Setting {
            key: "events.max_field_bytes",
            kind: Kind::FIELD,
            default: "4 KiB",
            help: "The longest text of any other field, ids included. clicktop rejects a click with a longer one.",
            flags: &[],
        },
    ],
};
