//! Whether an element of an array is the one that `[key=text]` names.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::trie::Selected;
use crate::click::json::unescape;

/// Whether the first member `key` of an object, which is valid JSON, is the wanted text.
pub(super) fn is_selected(object: &str, selected: &Selected) -> bool {
    let mut found = None;
    // Reading stops behind the member, with an error.
    let _ = Find { key: &selected.key, found: &mut found }.deserialize(&mut serde_json::Deserializer::from_str(object));
    let Some(json) = found else { return false };
    match json.strip_prefix('"').and_then(|json| json.strip_suffix('"')) {
        Some(text) if !text.contains('\\') => *text == *selected.text,
        Some(_) => {
            let mut text = String::new();
            unescape(json, &mut text).is_some() && *text == *selected.text
        }
        None => *json == *selected.text,
    }
}

/// Finds the value of the first member `key`.
struct Find<'k, 'f, 'a> {
    key: &'k str,
    found: &'f mut Option<&'a str>,
}

impl<'a> DeserializeSeed<'a> for Find<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Find<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(is_key) = map.next_key_seed(Is(self.key))? {
            if is_key {
                let json: &'a RawValue = map.next_value()?;
                *self.found = Some(json.get());
                return Err(A::Error::custom("found"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Whether a name is this one.
struct Is<'k>(&'k str);

impl<'a> DeserializeSeed<'a> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}
