//! Every setting there is: its key, what it takes, and which one someone meant who wrote another.

use std::borrow::Cow;
use std::time::Duration;

use figment::value::Value;

use super::properties::is_sensitive_property;
use super::theme;
use super::units::{AUTO, Bytes, format_duration, parse_duration};
use crate::click::MAX_MESSAGE_BYTES;
use crate::secret::{MASK, mask_url};
use crate::text::printable;
use crate::theme::ThemeColor;

/// The setting below which any librdkafka property may stand.
pub(super) const PROPERTIES: &str = "kafka.properties";

/// The setting below which the user's own themes stand, each a table.
pub(super) const THEMES: &str = "console.themes";

/// One setting.
pub(super) struct Key {
    /// Dotted, `kafka.brokers`.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What a setting takes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Text; empty means not set, where the setting may be unset.
    Text,
    /// The path of a file or folder; empty means not set.
    Path,
    /// Text that is never shown; empty means not set.
    Secret,
    /// Friendly text, within these bounds.
    Duration(Duration, Duration),
    /// The same, or empty for none.
    OptionalDuration(Duration, Duration),
    /// A size from 1 B to this one.
    Size(Bytes),
    /// A whole number from 1 to this one.
    Count(u64),
    /// true or false.
    Switch,
    /// true, false or "auto".
    AutoSwitch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words, or empty for none.
    OptionalChoice(&'static [&'static str]),
    /// URLs, as a list or separated by commas.
    Urls,
    /// A table of librdkafka properties.
    Properties,
    /// One of those, as librdkafka reads it.
    Property,
    /// A table of themes.
    Themes,
    /// A colour of a theme.
    Color,
}

const MILLISECOND: Duration = Duration::from_millis(1);
/// Far beyond any honest time-out, and far from where adding it to a clock overflows.
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// How often something may happen, seldom or often.
const TICK: Kind = Kind::Duration(Duration::from_millis(10), Duration::from_secs(60 * 60));
const WAIT: Kind = Kind::Duration(MILLISECOND, YEAR);

/// How long clicks are kept: the largest window that the console counts, at least.
const KEEP: Kind = Kind::OptionalDuration(Duration::from_secs(60 * 60), YEAR.saturating_mul(100));

/// How long a field may be: no longer than a message is read.
const FIELD: Kind = Kind::Size(Bytes::new(MAX_MESSAGE_BYTES as u64));

const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, kind }
}

/// In the order of the sample file and of `clicktop config`; the settings of a table stand together.
pub(super) const KEYS: &[Key] = &[
    key("data_dir", Kind::Path),
    key("shutdown_timeout", WAIT),
    key("log.file", Kind::Path),
    key("log.level", Kind::Text),
    key("kafka.brokers", Kind::Text),
    key("kafka.topic", Kind::Text),
    key("kafka.group", Kind::Text),
    key("kafka.format", Kind::Choice(&["auto", "csv", "json"])),
    key("kafka.start", Kind::Choice(&["earliest", "latest"])),
    key("kafka.on_lost_offset", Kind::Choice(&["stop", "earliest", "latest"])),
    key("kafka.max_batch_bytes", Kind::Size(Bytes::mib(1024))),
    key("kafka.connect_timeout", WAIT),
    key("kafka.security", Kind::Choice(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"])),
    key("kafka.sasl.mechanism", Kind::OptionalChoice(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"])),
    key("kafka.sasl.username", Kind::Text),
    key("kafka.sasl.password", Kind::Secret),
    key("kafka.sasl.password_file", Kind::Path),
    key("kafka.tls.ca_file", Kind::Path),
    key("kafka.tls.certificate_file", Kind::Path),
    key("kafka.tls.key_file", Kind::Path),
    key("kafka.tls.key_password", Kind::Secret),
    key("kafka.tls.key_password_file", Kind::Path),
    key("kafka.tls.danger_accept_invalid_certs", Kind::Switch),
    key(PROPERTIES, Kind::Properties),
    key("events.max_url_bytes", FIELD),
    key("events.max_field_bytes", FIELD),
    key("ingest.batch_events", Kind::Count(1_000_000)),
    key("ingest.batch_interval", TICK),
    key("ingest.queue_batches", Kind::Count(1_000)),
    key("store.synchronous", Kind::Choice(&["normal", "full"])),
    key("store.check", Kind::Choice(&["auto", "always", "never"])),
    key("store.retention", KEEP),
    key("store.cache", Kind::Size(Bytes::new(1 << 40))),
    key("store.max_rejects", Kind::Count(1_000_000_000)),
    key("store.max_reject_bytes", Kind::Size(Bytes::new(1 << 40))),
    key("aggregate.session_timeout", WAIT),
    key("aggregate.interval", TICK),
    key("aggregate.recent_clicks", Kind::Count(1_000_000_000)),
    key("index.kind", Kind::Choice(&["embedded", "elasticsearch"])),
    key("index.urls", Kind::Urls),
    key("index.name", Kind::Text),
    key("index.username", Kind::Text),
    key("index.password", Kind::Secret),
    key("index.password_file", Kind::Path),
    key("index.api_key", Kind::Secret),
    key("index.api_key_file", Kind::Path),
    key("index.ca_file", Kind::Path),
    key("index.danger_accept_invalid_certs", Kind::Switch),
    key("index.interval", TICK),
    key("index.bulk_documents", Kind::Count(100_000)),
    key("index.bulk_bytes", Kind::Size(Bytes::mib(100))),
    key("index.in_flight", Kind::Count(64)),
    key("index.request_timeout", WAIT),
    key("console.frame_interval", Kind::Duration(Duration::from_millis(10), Duration::from_secs(10))),
    key("console.color", Kind::Choice(&["auto", "always", "never", "16", "256", "true"])),
    key("console.theme", Kind::Text),
    key("console.ascii", Kind::AutoSwitch),
    key("console.mouse", Kind::Switch),
    key("console.keys.next-panel", Kind::Text),
    key("console.keys.previous-panel", Kind::Text),
    key("console.keys.pick-stage-1", Kind::Text),
    key("console.keys.pick-stage-2", Kind::Text),
    key("console.keys.pick-stage-3", Kind::Text),
    key("console.keys.pick-stage-4", Kind::Text),
    key("console.keys.pick-stage-5", Kind::Text),
    key("console.keys.pick-stage-6", Kind::Text),
    key("console.keys.pick-stage-7", Kind::Text),
    key("console.keys.pick-stage-8", Kind::Text),
    key("console.keys.pick-stage-9", Kind::Text),
    key("console.keys.start-stop", Kind::Text),
    key("console.keys.restart", Kind::Text),
    key("console.keys.start-all", Kind::Text),
    key("console.keys.stop-all", Kind::Text),
    key("console.keys.reset", Kind::Text),
    key("console.keys.up", Kind::Text),
    key("console.keys.down", Kind::Text),
    key("console.keys.left", Kind::Text),
    key("console.keys.right", Kind::Text),
    key("console.keys.page-up", Kind::Text),
    key("console.keys.page-down", Kind::Text),
    key("console.keys.first", Kind::Text),
    key("console.keys.last", Kind::Text),
    key("console.keys.view-overview", Kind::Text),
    key("console.keys.view-partitions", Kind::Text),
    key("console.keys.view-store", Kind::Text),
    key("console.keys.view-rejects", Kind::Text),
    key("console.keys.view-search", Kind::Text),
    key("console.keys.view-log", Kind::Text),
    key("console.keys.view-map", Kind::Text),
    key("console.keys.next-view", Kind::Text),
    key("console.keys.previous-view", Kind::Text),
    key("console.keys.expand", Kind::Text),
    key("console.keys.zoom-in", Kind::Text),
    key("console.keys.zoom-out", Kind::Text),
    key("console.keys.zoom-auto", Kind::Text),
    key("console.keys.open-url", Kind::Text),
    key("console.keys.filter", Kind::Text),
    key("console.keys.window", Kind::Text),
    key("console.keys.search-text", Kind::Text),
    key("console.keys.log-level", Kind::Text),
    key("console.keys.sort", Kind::Text),
    key("console.keys.country-urls", Kind::Text),
    key("console.keys.back", Kind::Text),
    key("console.keys.log", Kind::Text),
    key("console.keys.freeze", Kind::Text),
    key("console.keys.mouse", Kind::Text),
    key("console.keys.help", Kind::Text),
    key("console.keys.suspend", Kind::Text),
    key("console.keys.quit", Kind::Text),
    key("console.keys.export", Kind::Text),
    key("console.keys.copy-url", Kind::Text),
    key("console.keys.palette", Kind::Text),
    key("console.keys.theme", Kind::Text),
    key(THEMES, Kind::Themes),
];

/// The table of the keys, one setting for each action.
pub(super) const ACTIONS: &str = "console.keys.";

/// The setting of this name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// What the setting `name` takes, also where it stands below one that users fill with names of their own.
pub(super) fn kind_of(name: &str) -> Kind {
    match (find(name), theme::parts(name)) {
        (Some(key), _) => key.kind,
        (None, Some((_, theme::BASE))) => Kind::Choice(&theme::BUILT_IN),
        (None, Some(_)) => Kind::Color,
        (None, None) => Kind::Property,
    }
}

/// The dotted name of the table a setting stands in; empty at the top.
pub(super) fn table_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(table, _)| table)
}

/// Whether settings stand below this name.
pub(super) fn is_table(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

impl Kind {
    /// Whether it is a table that users fill with names of their own: only the file can, and librdkafka's properties the
    /// environment too.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Kind::Properties | Kind::Themes)
    }

    /// The value that text from the environment or a flag stands for. What does not fit stays text, and is refused as such;
    /// text that a setting takes as text stays text, however much it looks like a number.
    pub(super) fn value_of(self, text: &str) -> Value {
        match self {
            Kind::Switch | Kind::AutoSwitch => text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
            Kind::Count(_) => text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from),
            Kind::Urls => {
                let urls = text.split(',').map(str::trim).filter(|url| !url.is_empty());
                Value::from(urls.map(Value::from).collect::<Vec<_>>())
            }
            _ => Value::from(text),
        }
    }

    /// Whether a setting of this kind takes `value`.
    pub(super) fn takes(self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Kind::Text | Kind::Path | Kind::Secret => text.is_some(),
            Kind::Duration(least, most) => {
                text.and_then(parse_duration).is_some_and(|duration| (least..=most).contains(&duration))
            }
            Kind::OptionalDuration(least, most) => text == Some("") || Kind::Duration(least, most).takes(value),
            Kind::Size(most) => {
                let size = match text {
                    Some(text) => Bytes::parse(text),
                    None => whole(value).map(Bytes::new),
                };
                size.is_some_and(|size| (1..=most.get()).contains(&size.get()))
            }
            Kind::Count(most) => whole(value).is_some_and(|count| (1..=most).contains(&count)),
            Kind::Switch => value.to_bool().is_some(),
            Kind::AutoSwitch => text == Some(AUTO) || value.to_bool().is_some(),
            Kind::Choice(words) => text.is_some_and(|text| words.contains(&text)),
            Kind::OptionalChoice(words) => text.is_some_and(|text| text.is_empty() || words.contains(&text)),
            Kind::Urls => value.as_array().is_some_and(|urls| urls.iter().all(|url| url.as_str().is_some())),
            Kind::Properties | Kind::Themes => false,
            Kind::Property => text.is_some(),
            Kind::Color => text.is_some_and(|text| ThemeColor::parse(text).is_some()),
        }
    }

    /// What it takes, for a message.
    pub(super) fn expected(self) -> String {
        match self {
            Kind::Text | Kind::Secret => "text in quotes".into(),
            Kind::Path => "a path in quotes".into(),
            Kind::Duration(least, most) => format!(
                "a duration from \"{}\" to \"{}\" with its unit, such as \"500 ms\" or \"1h 30m\"",
                format_duration(&least),
                format_duration(&most)
            ),
            Kind::OptionalDuration(least, most) => {
                format!("{}, or \"\" for none", Kind::Duration(least, most).expected())
            }
            Kind::Size(most) => format!("a size from 1 to \"{most}\", such as \"5 MB\" or \"64 MiB\""),
            Kind::Count(most) => format!("a whole number from 1 to {most}"),
            Kind::Switch => "true or false".into(),
            Kind::AutoSwitch => format!("true, false or \"{AUTO}\""),
            Kind::Choice(words) => format!("one of {}", quoted(words)),
            Kind::OptionalChoice(words) => format!("one of {}, or \"\" for none", quoted(words)),
            Kind::Urls => "a URL in quotes, or a list of them".into(),
            Kind::Properties => "a table of librdkafka properties".into(),
            Kind::Property => "text, a number, true or false".into(),
            Kind::Themes => "a table for each theme, [console.themes.NAME]".into(),
            Kind::Color => theme::expected_color(),
        }
    }

    /// `value` for a message: shown if it cannot be a secret, else only its type.
    pub(super) fn found(self, key: &str, value: &Value) -> String {
        let secret = match self {
            Kind::Secret => true,
            Kind::Property => is_sensitive_property(key),
            _ => false,
        };
        match value {
            Value::String(_, _) | Value::Char(_, _) if secret => format!("a text ({MASK})"),
            Value::String(_, text) => show_text(text),
            Value::Num(_, _) if secret => format!("a number ({MASK})"),
            Value::Num(_, number) => match (number.to_i128(), number.to_f64()) {
                (Some(number), _) => number.to_string(),
                (None, Some(number)) => number.to_string(),
                (None, None) => whole(value).map_or_else(|| "a number".into(), |number| number.to_string()),
            },
            Value::Bool(_, truth) => truth.to_string(),
            Value::Array(_, _) => "a list".into(),
            Value::Dict(_, _) => "a table".into(),
            _ => "something else".into(),
        }
    }
}

/// Enough of a text to recognize it by, without what may be secret in a URL.
fn show_text(text: &str) -> String {
    const SHOWN: usize = 60;
    let masked = mask_url(text);
    match masked.char_indices().nth(SHOWN).and_then(|(end, _)| masked.get(..end)) {
        Some(beginning) => format!("\"{}…\"", printable(beginning)),
        None => format!("\"{}\"", printable(&masked)),
    }
}

fn whole(value: &Value) -> Option<u64> {
    let number = value.to_i128().and_then(|number| u64::try_from(number).ok());
    number.or_else(|| value.to_u128().and_then(|number| u64::try_from(number).ok()))
}

pub(super) fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    words.join(", ")
}

/// The setting or table that someone most likely meant by `unknown`: of the same name elsewhere, else the nearest by
/// spelling if it is near at all.
pub(super) fn nearest(unknown: &str) -> Option<&'static str> {
    let unknown = unknown.to_lowercase().replace('-', "_");
    let last = unknown.rsplit('.').next()?;
    let distance = |name: &&'static str| strsim::damerau_levenshtein(&unknown, name);
    let names = || KEYS.iter().map(|key| key.name);
    let namesakes = names().filter(|name| name.rsplit('.').next() == Some(last));
    let tables = names().map(table_of).filter(|table| !table.is_empty());
    namesakes.min_by_key(distance).or_else(|| {
        let (nearest, distance) =
            names().chain(tables).map(|name| (name, distance(&name))).min_by_key(|near| near.1)?;
        near_enough(&unknown, distance).then_some(nearest)
    })
}

/// A third of the name wrong is still a slip; more is something else.
pub(super) fn near_enough(name: &str, distance: usize) -> bool {
    distance <= (name.chars().count() / 3).max(2)
}

/// `value` of the property or setting `key` as it may be printed.
pub(super) fn masked<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if is_sensitive_property(key) { Cow::Borrowed(MASK) } else { mask_url(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_the_setting_that_was_meant() {
        for (unknown, meant) in [
            ("kafka.brokerz", Some("kafka.brokers")),
            ("brokers", Some("kafka.brokers")),
            ("kafka.ca_file", Some("kafka.tls.ca_file")),
            ("data-dir", Some("data_dir")),
            ("kafak", Some("kafka")),
            ("kafka.slas", Some("kafka.sasl")),
            ("Index.URLs", Some("index.urls")),
            ("ingest.batch_evnets", Some("ingest.batch_events")),
            ("colour_of_the_sky", None),
        ] {
            assert_eq!(nearest(unknown), meant, "{unknown}");
        }
    }

    #[test]
    fn settings_of_a_table_stand_together() {
        let mut seen = Vec::new();
        for key in KEYS {
            let table = if key.kind.is_open() { key.name } else { table_of(key.name) };
            if seen.last() != Some(&table) {
                assert!(!seen.contains(&table), "{table} is torn apart");
                seen.push(table);
            }
        }
    }
}
