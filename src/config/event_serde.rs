//! The values of `[events]` on their way into a config file, and how serde reads and writes them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Value;

use super::event_values::{TIME_FORMS, conditions, query, source, time_form};
use super::names::quoted;
use crate::click::mapping::{Condition, Query, Source, Test, TimeForm};

/// `source` as the config file holds it.
pub(super) fn of_source(source: &Source) -> Value {
    let list = |sources: &[Source]| Value::Array(sources.iter().map(of_source).collect());
    let table = |entries: Vec<(&str, Value)>| {
        Value::Table(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    match source {
        Source::Field(name) => Value::from(name.as_str()),
        Source::Column(number) => Value::Integer(i64::try_from(number.get()).unwrap_or(i64::MAX)),
        Source::First(sources) => list(sources),
        Source::Constant(text) => table(vec![("constant", Value::from(text.as_str()))]),
        Source::Join { parts, with } => table(vec![("join", list(parts)), ("with", Value::from(with.as_str()))]),
        Source::Hash(parts) => table(vec![("hash", list(parts))]),
    }
}

/// `conditions` as the config file holds them.
pub(super) fn of_conditions(conditions: &[Condition]) -> Value {
    let words = |words: &[String]| match words {
        [word] => Value::from(word.as_str()),
        words => Value::from(words.to_vec()),
    };
    let table = |condition: &Condition| {
        let (name, value) = match &condition.test {
            Test::Is(texts) => ("is", words(texts)),
            Test::IsNot(texts) => ("is_not", words(texts)),
            Test::Exists(exists) => ("exists", Value::Boolean(*exists)),
        };
        let entries = [("field".to_owned(), of_source(&condition.field)), (name.to_owned(), value)];
        Value::Table(entries.into_iter().collect())
    };
    Value::Array(conditions.iter().map(table).collect())
}

/// `query` as the config file holds it.
pub(super) fn of_query(query: &Query) -> Value {
    match query {
        Query::Keep => Value::from("keep"),
        Query::Drop => Value::from("drop"),
        Query::Only(names) => Value::from(names.clone()),
    }
}

/// `form` as the config file holds it.
pub(super) fn of_time_form(form: &TimeForm) -> Value {
    match form {
        TimeForm::Pattern(pattern) => Value::from(pattern.as_str()),
        form => {
            let word = TIME_FORMS.iter().find(|(_, known)| known == form).map_or("auto", |(word, _)| word);
            Value::from(word)
        }
    }
}

/// For `serde(with = …)`: each value as a TOML value.
pub(super) mod as_value {
    use super::*;
    /// A module for `serde(with = …)` of `$type`, which `$read` and `$write` turn from and into a value.
    macro_rules! with {
        ($name:ident, $type:ty, $read:path, $write:path) => {
            pub(in crate::config) mod $name {
                use super::*;

                #[allow(clippy::ptr_arg, reason = "serde hands over the field's own type")]
                pub(in crate::config) fn serialize<S: Serializer>(
                    value: &$type,
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    $write(value).serialize(serializer)
                }

                pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<$type, D::Error> {
                    $read(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
                }
            }
        };
    }

    with!(conditions, Vec<Condition>, super::conditions, super::of_conditions);
    with!(query, Query, super::query, super::of_query);
    with!(time_form, TimeForm, super::time_form, super::of_time_form);
    with!(source, Option<Source>, super::some_source, super::of_some_source);
    with!(drop_fragment, bool, super::drops, super::of_drops);

    fn some_source(value: &Value) -> Result<Option<Source>, String> {
        source(value).map(Some)
    }

    fn of_some_source(source: &Option<Source>) -> Option<Value> {
        source.as_ref().map(of_source)
    }

    fn drops(value: &Value) -> Result<bool, String> {
        match value.as_str() {
            Some("keep") => Ok(false),
            Some("drop") => Ok(true),
            _ => Err(format!("expected {}", quoted(&["keep", "drop"]))),
        }
    }

    fn of_drops(drops: &bool) -> &'static str {
        if *drops { "drop" } else { "keep" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Table;

    fn value(text: &str) -> Value {
        toml::from_str::<Table>(&format!("value = {text}")).unwrap().remove("value").unwrap()
    }

    #[test]
    fn sources_and_conditions_come_back_as_they_were_written() {
        for text in [
            "'context.page.url'",
            "5",
            "['a', 2, { constant = 'x' }]",
            "{ join = ['date', 'time'], with = ' ' }",
            "{ hash = ['ip', ['agent', 'ua']] }",
        ] {
            let read = source(&value(text)).unwrap();
            assert_eq!(of_source(&read), value(text), "{text}");
        }
        for text in [
            "[]",
            "[{ field = 'type', is = 'page' }, { field = ['a', 'b'], is_not = ['x', 'y'] }, { field = 3, exists = true }]",
        ] {
            assert_eq!(of_conditions(&conditions(&value(text)).unwrap()), value(text), "{text}");
        }
    }
}
