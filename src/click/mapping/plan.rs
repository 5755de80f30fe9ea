//! A compiled mapping: what a decoder needs to read one event.

use super::access_log::Line;
use super::clock::Clock;
use super::columns::Columns;
use super::condition::Condition;
use super::model::UrlRules;
use super::names::Names;
use super::separated::Separated;
use super::source::Origin;
use crate::click::FIELD_NAMES;

/// The settings of the fields, in the order of [`FIELD_NAMES`].
pub(crate) const SETTINGS: [&str; FIELD_NAMES.len()] = [
    "events.click_id",
    "events.user_id",
    "events.timestamp",
    "events.url",
    "events.country",
    "events.city",
    "events.browser",
    "events.os",
    "events.device",
];

/// The setting of the visitor's address.
pub(crate) const ADDRESS_SETTING: &str = "events.ip";

/// The setting of the user agent.
pub(crate) const AGENT_SETTING: &str = "events.user_agent";

/// A compiled mapping.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    pub(crate) names: Names,
    /// The sources of the fields, in the order of [`FIELD_NAMES`].
    pub(crate) fields: [Option<Origin>; FIELD_NAMES.len()],
    /// What each field is taken from, for errors.
    pub(crate) described: [Box<str>; FIELD_NAMES.len()],
    /// The source of the visitor's address, if something reads it.
    pub(crate) address: Option<Origin>,
    /// The source of the user agent, if something reads it.
    pub(crate) agent: Option<Origin>,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) clock: Clock,
    /// `None` if they change nothing.
    pub(crate) url_rules: Option<UrlRules>,
    /// The columns that are known without a header.
    pub(crate) columns: Option<Columns>,
    /// The bytes of the constants, which may make a field longer than its event.
    pub(crate) constant_bytes: usize,
}

/// How an event is written.
#[derive(Debug)]
pub(crate) enum Shape {
    /// JSON if it begins with `{`, otherwise separated.
    Either(Separated),
    Json,
    Separated(Separated),
    /// A line of a W3C log: separated by blanks or tabs, with lines that begin with `#` in between.
    W3c,
    Log(Line),
}

impl Plan {
    /// All sources.
    pub(crate) fn origins(&self) -> impl Iterator<Item = &Origin> {
        let visitor = [&self.address, &self.agent].into_iter().flatten();
        self.fields.iter().flatten().chain(visitor).chain(self.conditions.iter().map(|condition| &condition.field))
    }
}
