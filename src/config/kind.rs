//! The values that a setting takes.

use std::time::Duration;

use toml::Value;

use super::event_values::{conditions, names, query, separator, source, time_form, time_form_words, toml_or_text};
use super::names::quoted;
use super::properties::is_sensitive_property;
use super::units::{AUTO, Bytes, format_duration, parse_duration};
use crate::click::MAX_MESSAGE_BYTES;
use crate::secret::{MASK, mask_url};
use crate::text::printable;
use crate::theme::{SIXTEEN, ThemeColor};

/// The values that a setting takes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// Text, or empty if the setting is not set.
    OptionalText,
    /// The path of a file or folder; empty if the setting is not set.
    Path,
    /// The path of a file, or a list of them; empty for none.
    Paths,
    /// Text that clicktop never shows; empty if the setting is not set.
    Secret,
    /// A duration with its unit, from the first bound to the second.
    Duration(Duration, Duration),
    /// The same, or empty for none.
    OptionalDuration(Duration, Duration),
    /// A size from 1 B to this one.
    Size(Bytes),
    /// A whole number from 1 to this one.
    Count(u32),
    /// The same, or empty for none.
    OptionalCount(u32),
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
    /// The keys of an action of the console, or empty for the built-in ones, which are these.
    Keys(&'static str),
    /// A table of librdkafka properties.
    Properties,
    /// A table of options of Spark's Kafka source.
    ClusterOptions,
    /// An entry of one of those two, as librdkafka or Spark reads it.
    Property,
    /// A table of themes.
    Themes,
    /// A colour of a theme.
    Color,
    /// Where a field of a click comes from; empty if the setting is not set.
    Source,
    /// Conditions that events must meet.
    Conditions,
    /// Names, as a list or separated by commas.
    Names,
    /// A program and its arguments as a list, or its path alone; empty for none.
    Command,
    /// "keep", "drop", or the parameters of a url that stay.
    Query,
    /// How times are written.
    TimeForm,
    /// The separator of CSV fields; empty if the setting is not set.
    Separator,
}

/// Far beyond any honest time-out, and far from a duration that overflows a clock.
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Kind {
    /// How often something happens.
    pub(super) const INTERVAL: Kind = Kind::Duration(Duration::from_millis(10), Duration::from_secs(60 * 60));
    /// How long something may take.
    pub(super) const TIMEOUT: Kind = Kind::Duration(Duration::from_millis(1), YEAR);
    /// How long clicks are kept: at least as long as the largest window that the console counts.
    pub(super) const RETENTION: Kind = Kind::OptionalDuration(Duration::from_secs(60 * 60), YEAR.saturating_mul(100));
    /// How long a field may be: no longer than the longest message that clicktop reads.
    pub(super) const FIELD: Kind = Kind::Size(Bytes::new(MAX_MESSAGE_BYTES as u64));

    /// Whether it is a table that users fill with names of their own. Only the file can set such a table as a whole; the
    /// environment can set single librdkafka properties.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Kind::Properties | Kind::ClusterOptions | Kind::Themes)
    }

    /// The value that a text from the environment, a flag or a declared default stands for. A text that does not fit stays
    /// text, and [`Kind::takes`] refuses it. A setting that takes text keeps it as text, also if it looks like a number.
    pub(super) fn value_of(self, text: &str) -> Value {
        let as_text = || Value::String(text.to_owned());
        match self {
            Kind::Switch | Kind::AutoSwitch => text.parse().map_or_else(|_| as_text(), Value::Boolean),
            Kind::Count(_) | Kind::OptionalCount(_) => text.parse().map_or_else(|_| as_text(), Value::Integer),
            Kind::Urls => {
                let urls = text.split(',').map(str::trim).filter(|url| !url.is_empty());
                Value::Array(urls.map(|url| Value::String(url.to_owned())).collect())
            }
            Kind::Source | Kind::Query => toml_or_text(text),
            Kind::Conditions | Kind::Names if text.trim().is_empty() => Value::Array(Vec::new()),
            Kind::Names if !text.trim_start().starts_with('[') => {
                Value::Array(text.split(',').map(|name| Value::from(name.trim())).collect())
            }
            Kind::Paths if text.is_empty() => Value::Array(Vec::new()),
            Kind::Command | Kind::Paths if !text.is_empty() && !text.starts_with('[') => Value::Array(vec![as_text()]),
            Kind::Conditions | Kind::Names | Kind::Command | Kind::Paths => toml_or_text(text),
            _ => as_text(),
        }
    }

    /// Whether `value` means that the setting is not set.
    pub(super) fn is_unset(self, value: &Value) -> bool {
        match self {
            Kind::OptionalText
            | Kind::Path
            | Kind::Secret
            | Kind::OptionalDuration(..)
            | Kind::OptionalCount(_)
            | Kind::OptionalChoice(_)
            | Kind::Source
            | Kind::Separator => value.as_str() == Some(""),
            Kind::AutoSwitch => value.as_str() == Some(AUTO),
            Kind::Command => value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty),
            _ => false,
        }
    }

    /// The text that stands for a setting that is not set.
    pub(super) const fn unset(self) -> &'static str {
        match self {
            Kind::AutoSwitch => AUTO,
            _ => "",
        }
    }

    /// Whether a setting of this kind takes `value`.
    pub(super) fn takes(self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            _ if self.is_unset(value) => true,
            Kind::Text | Kind::OptionalText | Kind::Path | Kind::Secret | Kind::Keys(_) | Kind::Property => {
                text.is_some()
            }
            Kind::Duration(least, most) | Kind::OptionalDuration(least, most) => {
                text.and_then(parse_duration).is_some_and(|duration| (least..=most).contains(&duration))
            }
            Kind::Size(most) => {
                let size = match text {
                    Some(text) => Bytes::parse(text),
                    None => whole(value).map(Bytes::new),
                };
                size.is_some_and(|size| (1..=most.get()).contains(&size.get()))
            }
            Kind::Count(most) | Kind::OptionalCount(most) => {
                whole(value).is_some_and(|count| (1..=u64::from(most)).contains(&count))
            }
            Kind::Switch | Kind::AutoSwitch => value.is_bool(),
            Kind::Choice(words) | Kind::OptionalChoice(words) => text.is_some_and(|text| words.contains(&text)),
            Kind::Command => value.as_array().is_some_and(|parts| parts.iter().all(Value::is_str)),
            Kind::Urls | Kind::Paths => value.as_array().is_some_and(|texts| texts.iter().all(Value::is_str)),
            Kind::Properties | Kind::ClusterOptions | Kind::Themes => false,
            Kind::Color => text.and_then(ThemeColor::parse).is_some(),
            Kind::Source | Kind::Conditions | Kind::Names | Kind::Query | Kind::TimeForm | Kind::Separator => {
                self.other_than_event_value(value).is_none()
            }
        }
    }

    /// What `value` is instead of a value of `[events]`; `None` if it is one.
    fn other_than_event_value(self, value: &Value) -> Option<String> {
        match self {
            Kind::Source => source(value).err(),
            Kind::Conditions => conditions(value).err(),
            Kind::Names => names(value).err(),
            Kind::Query => query(value).err(),
            Kind::TimeForm => time_form(value).err(),
            Kind::Separator => separator(value).err(),
            _ => None,
        }
    }

    /// The values that it takes, for an error message.
    pub(super) fn expected(self) -> String {
        match self {
            Kind::Text | Kind::OptionalText | Kind::Secret | Kind::Keys(_) => "text in quotes".into(),
            Kind::Path => "a path in quotes".into(),
            Kind::Paths => "a path in quotes, or a list of them".into(),
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
            Kind::OptionalCount(most) => format!("a whole number from 1 to {most}, or \"\" for none"),
            Kind::Switch => "true or false".into(),
            Kind::AutoSwitch => format!("true, false or \"{AUTO}\""),
            Kind::Choice(words) => format!("one of {}", quoted(words)),
            Kind::OptionalChoice(words) => format!("one of {}, or \"\" for none", quoted(words)),
            Kind::Command => "a list of a program and its arguments, each in quotes".into(),
            Kind::Urls => "a URL in quotes, or a list of them".into(),
            Kind::Properties => "a table of librdkafka properties".into(),
            Kind::ClusterOptions => "a table of options of Spark's Kafka source".into(),
            Kind::Property => "text, a number, true or false".into(),
            Kind::Themes => "a table for each theme, [console.themes.NAME]".into(),
            Kind::Color => {
                format!("a colour: \"#rrggbb\", a number from 0 to 255, \"default\", or one of {}", quoted(&SIXTEEN))
            }
            Kind::Source => {
                "a name or path in quotes, a column number, a list of them, or a table with constant, join or hash"
                    .into()
            }
            Kind::Conditions => {
                "a list of conditions, such as [{ field = \"type\", is = \"page\" }], each with is, is_not or exists"
                    .into()
            }
            Kind::Names => "a list of names in quotes, each once".into(),
            Kind::Query => "\"keep\", \"drop\", or a list of the parameters that stay".into(),
            Kind::TimeForm => {
                format!("one of {}, or a pattern such as \"%d.%m.%Y %H:%M:%S\"", time_form_words())
            }
            Kind::Separator => "one character in quotes, such as \";\"".into(),
        }
    }

    /// The type and unit of its values, for the reference.
    pub(super) fn unit(self) -> String {
        let words = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        match self {
            Kind::Text | Kind::OptionalText => "text".into(),
            Kind::Path => "path".into(),
            Kind::Paths => "path, or a list of paths".into(),
            Kind::Secret => "secret text".into(),
            Kind::Duration(least, most) | Kind::OptionalDuration(least, most) => {
                format!("duration, {} to {}", format_duration(&least), format_duration(&most))
            }
            Kind::Size(most) => format!("size, 1 B to {most}"),
            Kind::Count(most) | Kind::OptionalCount(most) => format!("whole number, 1 to {most}"),
            Kind::Switch => words(&["true", "false"]),
            Kind::AutoSwitch => words(&[AUTO, "true", "false"]),
            Kind::Choice(choices) | Kind::OptionalChoice(choices) => words(choices),
            Kind::Command => "list of texts".into(),
            Kind::Urls => "URL, or a list of URLs".into(),
            Kind::Keys(_) => "keys".into(),
            Kind::Properties | Kind::ClusterOptions | Kind::Themes => "table".into(),
            Kind::Property => "text, number, `true`, `false`".into(),
            Kind::Color => "colour".into(),
            Kind::Source => "name, path, number, list, table".into(),
            Kind::Conditions => "list of conditions".into(),
            Kind::Names => "list of names".into(),
            Kind::Query => "`keep`, `drop`, list of names".into(),
            Kind::TimeForm => words(&["auto", "rfc3339", "s", "ms", "us", "ns"]) + ", pattern",
            Kind::Separator => "one character".into(),
        }
    }

    /// `value` of the setting `key` for an error message: only its type if it may be a secret.
    pub(super) fn found(self, key: &str, value: &Value) -> String {
        let secret = match self {
            Kind::Secret => true,
            Kind::Property => is_sensitive_property(key),
            _ => false,
        };
        if let Some(found) = self.other_than_event_value(value) {
            return found;
        }
        match value {
            Value::String(_) if secret => format!("a text ({MASK})"),
            Value::String(text) => show_text(text),
            Value::Integer(_) | Value::Float(_) if secret => format!("a number ({MASK})"),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(truth) => truth.to_string(),
            Value::Datetime(_) => "a date or time".into(),
            Value::Array(_) => "a list".into(),
            Value::Table(_) => "a table".into(),
        }
    }
}

/// Enough of a text to recognize it, without the parts of a URL that may be secret.
fn show_text(text: &str) -> String {
    const SHOWN: usize = 60;
    let masked = mask_url(text);
    match masked.char_indices().nth(SHOWN).and_then(|(end, _)| masked.get(..end)) {
        Some(beginning) => format!("\"{}…\"", printable(beginning)),
        None => format!("\"{}\"", printable(&masked)),
    }
}

fn whole(value: &Value) -> Option<u64> {
    value.as_integer().and_then(|number| u64::try_from(number).ok())
}
