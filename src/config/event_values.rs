//! The values of `[events]` as they stand in the config file, and as parts of a mapping.
//!
//! A function that reads a value returns, as its error, what it finds instead; [`super::kind`] says what it expects.

use toml::{Table, Value};

use super::names::quoted;
use crate::click::mapping::{Condition, Query, Source, Test, TimeForm};
use crate::text::excerpt;

/// The most characters of a text in an error.
const SHOWN: usize = 60;

/// The text between two joined parts if the user names none.
const BLANK: &str = " ";

/// Reads where a field comes from.
pub(super) fn source(value: &Value) -> Result<Source, String> {
    match value {
        Value::String(text) if text.trim().is_empty() => Err("an empty text".into()),
        // A list or a table of the environment that is not TOML.
        Value::String(text) if text.starts_with(['[', '{']) => Err(shown(text)),
        Value::String(name) => Ok(Source::Field(name.clone())),
        Value::Integer(number) => {
            let column = usize::try_from(*number).ok().and_then(|number| number.try_into().ok());
            column.map(Source::Column).ok_or_else(|| number.to_string())
        }
        Value::Array(items) => Ok(Source::First(sources(items)?)),
        Value::Table(table) => source_of_table(table),
        other => Err(kind_of(other)),
    }
}

fn source_of_table(table: &Table) -> Result<Source, String> {
    if let Some(unknown) = unknown_key(table, &["constant", "join", "with", "hash"]) {
        return Err(unknown);
    }
    let [constant, join, hash] = ["constant", "join", "hash"].map(|name| table.get(name));
    match (constant, join, hash, table.get("with")) {
        (Some(constant), None, None, None) => Ok(Source::Constant(word("constant", constant)?)),
        (None, Some(join), None, with) => {
            let with = with.map_or(Ok(BLANK.to_owned()), |with| match with {
                Value::String(text) => Ok(text.clone()),
                other => Err(format!("with = {}", kind_of(other))),
            })?;
            Ok(Source::Join { parts: parts("join", join)?, with })
        }
        (None, None, Some(hash), None) => Ok(Source::Hash(parts("hash", hash)?)),
        _ => Err(format!("a table with {}", names_of(table))),
    }
}

fn parts(name: &str, value: &Value) -> Result<Vec<Source>, String> {
    match value {
        Value::Array(items) => sources(items).map_err(|found| format!("{found} in {name}")),
        other => Err(format!("{name} = {}", kind_of(other))),
    }
}

fn sources(items: &[Value]) -> Result<Vec<Source>, String> {
    match items {
        [] => Err("an empty list".into()),
        items => items.iter().map(source).collect(),
    }
}

/// Reads the conditions of which all must hold.
pub(super) fn conditions(value: &Value) -> Result<Vec<Condition>, String> {
    match value {
        Value::Array(items) => items.iter().map(condition).collect(),
        Value::String(text) => Err(shown(text)),
        other => Err(kind_of(other)),
    }
}

fn condition(value: &Value) -> Result<Condition, String> {
    let Value::Table(table) = value else { return Err(format!("{} in the list", kind_of(value))) };
    if let Some(unknown) = unknown_key(table, &["field", "is", "is_not", "exists"]) {
        return Err(unknown);
    }
    let field = table.get("field").ok_or_else(|| format!("a table with {}, but without field", names_of(table)))?;
    let field = source(field).map_err(|found| format!("field = {found}"))?;
    let test = match (table.get("is"), table.get("is_not"), table.get("exists")) {
        (Some(words), None, None) => Test::Is(words_of("is", words)?),
        (None, Some(words), None) => Test::IsNot(words_of("is_not", words)?),
        (None, None, Some(Value::Boolean(exists))) => Test::Exists(*exists),
        (None, None, Some(other)) => return Err(format!("exists = {}", kind_of(other))),
        (None, None, None) => return Err("a table with field, but without is, is_not or exists".into()),
        _ => return Err(format!("a table with {}", names_of(table))),
    };
    Ok(Condition { field, test })
}

/// One text or a list of them.
fn words_of(name: &str, value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(items) if items.is_empty() => Err(format!("{name} = an empty list")),
        Value::Array(items) => items.iter().map(|item| word(name, item)).collect(),
        other => Ok(vec![word(name, other)?]),
    }
}

/// A text; a whole number and a truth value stand for the text that a field of theirs has.
fn word(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(truth) => Ok(truth.to_string()),
        other => Err(format!("{name} = {}", kind_of(other))),
    }
}

/// Reads names, each of them once.
pub(super) fn names(value: &Value) -> Result<Vec<String>, String> {
    let Value::Array(items) = value else {
        return Err(value.as_str().map_or_else(|| kind_of(value), shown));
    };
    let mut names: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::String(name) if name.trim().is_empty() => return Err("an empty name".into()),
            Value::String(name) if names.contains(name) => return Err(format!("{} twice", shown(name))),
            Value::String(name) => names.push(name.clone()),
            other => return Err(format!("{} in the list", kind_of(other))),
        }
    }
    Ok(names)
}

/// Reads what becomes of the query of a url.
pub(super) fn query(value: &Value) -> Result<Query, String> {
    match value {
        Value::String(word) if word == "keep" => Ok(Query::Keep),
        Value::String(word) if word == "drop" => Ok(Query::Drop),
        Value::Array(_) => names(value).map(Query::Only),
        Value::String(text) => Err(shown(text)),
        other => Err(kind_of(other)),
    }
}

/// The words for a form of times, apart from patterns.
const TIME_FORMS: [(&str, TimeForm); 6] = [
    ("auto", TimeForm::Auto),
    ("rfc3339", TimeForm::Rfc3339),
    ("s", TimeForm::Seconds),
    ("ms", TimeForm::Millis),
    ("us", TimeForm::Micros),
    ("ns", TimeForm::Nanos),
];

/// Reads how times are written.
pub(super) fn time_form(value: &Value) -> Result<TimeForm, String> {
    let Value::String(text) = value else { return Err(kind_of(value)) };
    match TIME_FORMS.iter().find(|(word, _)| word == text) {
        Some((_, form)) => Ok(form.clone()),
        None if text.contains('%') => Ok(TimeForm::Pattern(text.clone())),
        None => Err(shown(text)),
    }
}

/// The words for a form of times, in quotes.
pub(super) fn time_form_words() -> String {
    quoted(&TIME_FORMS.each_ref().map(|(word, _)| *word))
}

/// Reads the separator of CSV fields: one character that cannot be part of a quoted field's frame.
pub(super) fn separator(value: &Value) -> Result<char, String> {
    let Value::String(text) = value else { return Err(kind_of(value)) };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(separator), None) if separator.is_ascii() && !matches!(separator, '"' | '\n' | '\r') => Ok(separator),
        _ => Err(shown(text)),
    }
}

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

/// The value that a text of the environment or of a flag stands for: what is written as a TOML list, table, number or quoted
/// text is one, and anything else is a plain text.
pub(super) fn toml_or_text(text: &str) -> Value {
    let as_text = || Value::String(text.to_owned());
    let begins = text.trim_start().starts_with(['[', '{', '"', '\'']);
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !begins && !is_number {
        return as_text();
    }
    let parsed = toml::from_str::<Table>(&format!("value = {text}")).ok();
    let only = parsed.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    only.unwrap_or_else(as_text)
}

fn unknown_key(table: &Table, known: &[&str]) -> Option<String> {
    let unknown = table.keys().find(|name| !known.contains(&name.as_str()))?;
    Some(format!("a table with {}", excerpt(unknown, SHOWN)))
}

fn names_of(table: &Table) -> String {
    match table.keys().map(|name| excerpt(name, SHOWN)).collect::<Vec<_>>().as_slice() {
        [] => "nothing in it".to_owned(),
        names => names.join(" and "),
    }
}

fn kind_of(value: &Value) -> String {
    match value {
        Value::String(text) => shown(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(_) => "a date or time".into(),
        Value::Array(_) => "a list".into(),
        Value::Table(_) => "a table".into(),
    }
}

fn shown(text: &str) -> String {
    format!("\"{}\"", excerpt(text, SHOWN))
}

/// How serde reads and writes the values: each as a TOML value.
pub(super) mod as_value {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use toml::Value;

    use super::super::names::quoted;
    use crate::click::mapping::{Condition, Query, Source, TimeForm};

    /// A module for `serde(with = …)` of `$type`, which `$read` and `$write` turn from and into a value.
    macro_rules! with {
        ($name:ident, $type:ty, $read:path, $write:path) => {
            pub(in crate::config) mod $name {
                use super::*;

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

    with!(conditions, Vec<Condition>, super::super::conditions, super::super::of_conditions);
    with!(query, Query, super::super::query, super::super::of_query);
    with!(time_form, TimeForm, super::super::time_form, super::super::of_time_form);
    with!(source, Option<Source>, super::some_source, super::of_some_source);
    with!(drop_fragment, bool, super::drops, super::of_drops);

    fn some_source(value: &Value) -> Result<Option<Source>, String> {
        super::source(value).map(Some)
    }

    fn of_some_source(source: &Option<Source>) -> Option<Value> {
        source.as_ref().map(super::of_source)
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

    #[test]
    fn numbers_and_truths_stand_for_the_texts_of_such_fields() {
        let read = conditions(&value("[{ field = 'status', is = [200, true] }]")).unwrap();
        let test = Test::Is(vec!["200".into(), "true".into()]);
        assert_eq!(read, [Condition { field: Source::Field("status".into()), test }]);
    }

    #[test]
    fn what_is_wrong_inside_a_value_is_named() {
        for (text, found) in [
            ("''", "an empty text"),
            ("0", "0"),
            ("1.5", "1.5"),
            ("[]", "an empty list"),
            ("['a', true]", "true"),
            ("{ jion = ['a'] }", "a table with jion"),
            ("{ constant = 'a', hash = ['b'] }", "a table with constant and hash"),
            ("{ join = 'a' }", "join = \"a\""),
            ("{ join = ['a', ''] }", "an empty text in join"),
            ("{}", "a table with nothing in it"),
        ] {
            assert_eq!(source(&value(text)).unwrap_err(), found, "{text}");
        }
        for (text, found) in [
            ("'type'", "\"type\""),
            ("['type']", "\"type\" in the list"),
            ("[{ is = 'page' }]", "a table with is, but without field"),
            ("[{ field = 'type' }]", "a table with field, but without is, is_not or exists"),
            ("[{ field = 'type', is = 'a', is_not = 'b' }]", "a table with field and is and is_not"),
            ("[{ field = 'type', exists = 'yes' }]", "exists = \"yes\""),
            ("[{ field = 'type', is = [] }]", "is = an empty list"),
            ("[{ field = 'type', like = 'a%' }]", "a table with like"),
        ] {
            assert_eq!(conditions(&value(text)).unwrap_err(), found, "{text}");
        }
        assert_eq!(names(&value("['a', 'b', 'a']")).unwrap_err(), "\"a\" twice");
        assert_eq!(time_form(&value("'seconds'")).unwrap_err(), "\"seconds\"");
        assert_eq!(separator(&value("';;'")).unwrap_err(), "\";;\"");
    }

    #[test]
    fn the_environment_holds_a_plain_name_or_toml() {
        for (text, expected) in [
            ("context.page.url", value("'context.page.url'")),
            ("5", value("5")),
            ("'5'", value("'5'")),
            ("['a', 'b']", value("['a', 'b']")),
            ("{ constant = 'FR' }", value("{ constant = 'FR' }")),
            ("events[0].id", value("'events[0].id'")),
            // Nothing but the one value.
            ("1\nother = 2", Value::from("1\nother = 2")),
            ("['a'", Value::from("['a'")),
        ] {
            assert_eq!(toml_or_text(text), expected, "{text}");
        }
        assert!(source(&toml_or_text("['a'")).is_err());
    }
}
