//! A mapping as the user writes it: plain data. `docs/events.md` describes the language.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

/// How the events of a foreign clickstream become clicks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// How one event is written.
    pub form: Form,
    /// The separator of CSV fields.
    pub separator: Option<char>,
    /// The names of the columns of a separated form, if the data has no header.
    pub columns: Vec<String>,
    /// Where each field of a click comes from.
    pub fields: Fields,
    /// How the time is written.
    pub time: TimeForm,
    /// The time zone of times without an offset, by its IANA name; UTC if there is none.
    pub time_zone: Option<String>,
    /// An event is a click if it passes all of these tests. All others are left out.
    pub conditions: Vec<Condition>,
    /// What becomes of the url.
    pub url_rules: UrlRules,
}

/// How one event is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Each event by its first byte: `{` begins JSON, anything else is CSV.
    #[default]
    Auto,
    /// Fields between separators, RFC 4180 quoting.
    Csv,
    /// Fields between tabs, without quoting.
    Tsv,
    /// One JSON object.
    Json,
    /// A line of an Apache or NGINX access log, in the common or the combined format.
    Combined,
    /// A line of a W3C extended log, as IIS and CloudFront write it.
    W3c,
}

/// Where each field of a click comes from; `None` if the data does not have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The id of the event. Without one, clicktop derives it from the event's place.
    pub click_id: Option<Source>,
    /// The user.
    pub user_id: Option<Source>,
    /// The time.
    pub timestamp: Option<Source>,
    /// The url.
    pub url: Option<Source>,
    /// The country.
    pub country: Option<Source>,
    /// The city.
    pub city: Option<Source>,
    /// The browser.
    pub browser: Option<Source>,
    /// The operating system.
    pub os: Option<Source>,
    /// The class of device.
    pub device: Option<Source>,
    /// The address of the visitor, for enrichment.
    pub ip: Option<Source>,
    /// The user agent of the visitor, for enrichment.
    pub user_agent: Option<Source>,
}

/// Where a text of an event comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The column or the JSON value with this name or path, such as `url`, `context.page.url`, `events[0].id`,
    /// `event_params[key=page_location].value.string_value` or `actionDetails[].url`.
    Field(String),
    /// The column with this number, from 1.
    Column(NonZeroUsize),
    /// The first of these that is not empty.
    First(Vec<Source>),
    /// Always this text.
    Constant(String),
    /// Those of `parts` that are not empty, with `with` between them.
    Join {
        /// The parts.
        parts: Vec<Source>,
        /// The text between two parts.
        with: String,
    },
    /// A short text that is the same for the same parts. It has no key, so it does not protect the parts: whoever guesses them can
    /// compute it.
    Hash(Vec<Source>),
}

/// How the time of an event is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TimeForm {
    /// Any form of [`Timestamp`](crate::click::Timestamp).
    #[default]
    Auto,
    /// RFC 3339 and nothing else.
    Rfc3339,
    /// Unix time in seconds, perhaps with a fraction.
    Seconds,
    /// Unix time in milliseconds.
    Millis,
    /// Unix time in microseconds.
    Micros,
    /// Unix time in nanoseconds.
    Nanos,
    /// A strptime pattern of jiff, such as `%d.%m.%Y %H:%M:%S`.
    Pattern(String),
}

/// A test that an event has to pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is tested.
    pub field: Source,
    /// The test.
    pub test: Test,
}

/// What a tested text has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// One of these texts.
    Is(Vec<String>),
    /// None of these texts; an absent field passes.
    IsNot(Vec<String>),
    /// Not empty, or, if false, empty.
    Exists(bool),
}

/// What becomes of a url.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlRules {
    /// Whether only the path stays, with its query: scheme, user, host and port are removed.
    pub path_only: bool,
    /// What becomes of the query.
    pub query: Query,
    /// Whether the fragment, from `#` on, is removed.
    pub drop_fragment: bool,
    /// Whether the host is written in lower case.
    pub lower_case_host: bool,
}

/// What becomes of the query of a url.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Query {
    /// It stays.
    #[default]
    Keep,
    /// It is removed.
    Drop,
    /// Only these parameters stay, in the order of the url.
    Only(Vec<String>),
}
