//! Reads one JSON object: flat with the nine names, nested by family, or a mixture, each field at most once.
//!
//! A known field is the text of its value, so that numbers keep every digit: a float would change a long id and could move a time by a
//! millisecond. A whole number is the same id in every notation: `123.0` and `1.23e2` are `123`.
//!
//! `NaN`, `Infinity` and `-Infinity` are not valid JSON, but Python and other programs write them for unknown values. They count as
//! `null`.

mod numbers;

use std::fmt;

use memchr::memchr;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use super::error::DecodeError;
use super::event::FIELD_NAMES;
use super::fields::{EXCERPT_CHARS, Field, Piece};
use crate::text::excerpt;
pub(super) use numbers::{whole, without_nan};

/// The deepest nesting of an unknown field's value, which is the limit of serde_json.
pub(super) const MAX_DEPTH: usize = 128;

/// Reads one object. `text` begins with `{`, after blanks.
pub(super) fn read<'a>(text: &'a str, scratch: &mut String) -> Result<[Piece<'a>; FIELD_NAMES.len()], DecodeError> {
    members(text, scratch, false)
}

/// [`read`] for a text that [`without_nan`] has made.
pub(super) fn read_without_nan<'a>(
    text: &'a str,
    scratch: &mut String,
) -> Result<[Piece<'a>; FIELD_NAMES.len()], DecodeError> {
    members(text, scratch, true)
}

fn members<'a>(
    text: &'a str,
    scratch: &mut String,
    replaced: bool,
) -> Result<[Piece<'a>; FIELD_NAMES.len()], DecodeError> {
    let mut object = Object { pieces: [None; FIELD_NAMES.len()], families: [false; 3], scratch, replaced, fault: None };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let outcome = Members { object: &mut object, level: Level::Top }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match (object.fault, outcome) {
        (Some(fault), _) => Err(fault),
        (None, Err(error)) => Err(syntax(&error)),
        (None, Ok(())) => Ok(object.pieces.map(|piece| piece.unwrap_or(Piece::EMPTY))),
    }
}

/// The error for a text that is not JSON.
pub(super) fn syntax(error: &serde_json::Error) -> DecodeError {
    DecodeError::Json { reason: excerpt(&error.to_string(), 2 * EXCERPT_CHARS).into_owned().into_boxed_str() }
}

/// The fields that are read so far.
struct Object<'a, 's> {
    pieces: [Option<Piece<'a>>; FIELD_NAMES.len()],
    families: [bool; 3],
    scratch: &'s mut String,
    /// Whether empty strings may replace a `NaN` of the message.
    replaced: bool,
    /// Why reading stopped, if not because of the syntax.
    fault: Option<DecodeError>,
}

/// The object whose members are read. Each has its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Top,
    Family(Family),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Click,
    Geo,
    UserAgent,
}

impl Family {
    const fn name(self) -> &'static str {
        match self {
            Self::Click => "click_data",
            Self::Geo => "geo_data",
            Self::UserAgent => "user_agent_data",
        }
    }
}

enum Name {
    Field(Field),
    Family(Family),
    Unknown,
}

impl Level {
    fn name(self, name: &str) -> Name {
        let top = self == Self::Top;
        let click = top || self == Self::Family(Family::Click);
        let geo = top || self == Self::Family(Family::Geo);
        let user_agent = top || self == Self::Family(Family::UserAgent);
        match name {
            "click_id" | "row_key" if top => Name::Field(Field::ClickId),
            "user_id" if click => Name::Field(Field::UserId),
            "timestamp" if click => Name::Field(Field::Timestamp),
            "url" if click => Name::Field(Field::Url),
            "country" if geo => Name::Field(Field::Country),
            "city" if geo => Name::Field(Field::City),
            "browser" if user_agent => Name::Field(Field::Browser),
            "os" | "operating_system" if user_agent => Name::Field(Field::Os),
            "device" if user_agent => Name::Field(Field::Device),
            "click_data" if top => Name::Family(Family::Click),
            "geo_data" if top => Name::Family(Family::Geo),
            "user_agent_data" if top => Name::Family(Family::UserAgent),
            _ => Name::Unknown,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Level {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(self.name(name))
    }
}

/// Reads the members of the message or of one family.
struct Members<'o, 'a, 's> {
    object: &'o mut Object<'a, 's>,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Members<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Members<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Level::Top => f.write_str("an object"),
            Level::Family(family) => write!(f, "an object as `{}`", family.name()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { object, level } = self;
        while let Some(name) = map.next_key_seed(level)? {
            let kept = match name {
                Name::Field(field) => {
                    let value: &'de RawValue = map.next_value()?;
                    object.set(field, value.get())
                }
                Name::Family(family) => match object.enter(family) {
                    Ok(()) => {
                        map.next_value_seed(Members { object: &mut *object, level: Level::Family(family) })?;
                        Ok(())
                    }
                    fault => fault,
                },
                Name::Unknown => {
                    let value: &'de RawValue = map.next_value()?;
                    if nests_too_deep(value.get()) { Err(DecodeError::TooDeep { limit: MAX_DEPTH }) } else { Ok(()) }
                }
            };
            if let Err(fault) = kept {
                object.fault = Some(fault);
                return Err(A::Error::custom("see `fault`"));
            }
        }
        Ok(())
    }

    /// `null`: all fields of the family are unknown.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    /// Unlike the default method, does not quote the string in the error.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if self.object.replaced && text.is_empty() {
            return Ok(());
        }
        Err(E::invalid_type(Unexpected::Other("string"), &self))
    }
}

impl<'a> Object<'a, '_> {
    fn enter(&mut self, family: Family) -> Result<(), DecodeError> {
        if std::mem::replace(&mut self.families[family as usize], true) {
            return Err(DecodeError::DuplicateField { field: family.name() });
        }
        Ok(())
    }

    /// Sets the value of `field`, which is valid JSON.
    fn set(&mut self, field: Field, value: &'a str) -> Result<(), DecodeError> {
        let place = &mut self.pieces[field as usize];
        if place.is_some() {
            return Err(DecodeError::DuplicateField { field: field.name() });
        }
        let wrong = |found| Err(DecodeError::WrongType { field: field.name(), expected: expected(field), found });
        *place = Some(match value.as_bytes().first() {
            Some(b'"') => string(field, value, self.scratch)?,
            Some(b'n') => Piece::EMPTY,
            Some(b'{') => return wrong("an object"),
            Some(b'[') => return wrong("an array"),
            Some(b't' | b'f') => return wrong("a boolean"),
            _ => match field {
                Field::Timestamp => Piece::Message(value),
                Field::Url => return wrong("a number"),
                Field::ClickId | Field::UserId => match whole(value, self.scratch) {
                    Some(piece) => piece,
                    None => return wrong("a fraction, or a number of more than 40 digits"),
                },
                _ => whole(value, self.scratch).unwrap_or(Piece::Message(value)),
            },
        });
        Ok(())
    }
}

fn expected(field: Field) -> &'static str {
    match field {
        Field::ClickId | Field::UserId => "a string or an integer",
        Field::Url => "a string",
        _ => "a string or a number",
    }
}

/// The content of a JSON string with its quotes. It is borrowed from the message if it has no escapes.
fn string<'a>(field: Field, value: &'a str, scratch: &mut String) -> Result<Piece<'a>, DecodeError> {
    let content = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or_default();
    if memchr(b'\\', content.as_bytes()).is_none() {
        return Ok(Piece::Message(content));
    }
    let start = scratch.len();
    // Half of a surrogate pair is valid syntax, but not text.
    Unescape(scratch)
        .deserialize(&mut serde_json::Deserializer::from_str(value))
        .map_err(|_| DecodeError::NotText { field: field.name() })?;
    Ok(Piece::Scratch { start, end: scratch.len() })
}

/// Appends the unescaped content of a JSON string with its quotes; `None` if it contains half of a surrogate pair. It does not share
/// [`Unescape`], so that the compiler goes on to inline that where the nine fields are read.
pub(super) fn unescape(value: &str, scratch: &mut String) -> Option<()> {
    scratch.push_str(&serde_json::from_str::<String>(value).ok()?);
    Some(())
}

/// Appends the unescaped content of a string.
struct Unescape<'s>(&'s mut String);

impl<'de> DeserializeSeed<'de> for Unescape<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Unescape<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }
}

/// Whether arrays and objects in `value`, which is valid JSON, nest deeper than [`MAX_DEPTH`]. serde_json skips a value without
/// recursion, so depth costs no stack here. But other readers of the message may recurse, and no real producer nests so deep.
fn nests_too_deep(value: &str) -> bool {
    if value.len() <= MAX_DEPTH {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
