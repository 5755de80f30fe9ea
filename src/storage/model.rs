//! Ids and rows as the database stores them.

use std::cmp::Ordering;
use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use uuid::Uuid;

use crate::click::Timestamp;

/// The row id of a dictionary. Four bytes, because the aggregation keeps millions of them.
macro_rules! dictionary_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub u32);

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let id = value.as_i64()?;
                u32::try_from(id).map($name).map_err(|_| FromSqlError::OutOfRange(id))
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.0))
            }
        }
    };
}

dictionary_id!(
    /// Row of `users`.
    UserId
);
dictionary_id!(
    /// Row of `urls`.
    UrlId
);
dictionary_id!(
    /// Row of `countries`.
    CountryId
);
dictionary_id!(
    /// Row of `places`: one country × city.
    PlaceId
);
dictionary_id!(
    /// Row of `agents`: one browser × operating system × device.
    AgentId
);
dictionary_id!(
    /// Row of `page_stats`: one url × country.
    PageId
);

/// The id of a click: 16 bytes if it is a UUID in canonical lower case, otherwise its text.
///
/// Both kinds are ordered as their texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ClickKey {
    /// A canonical lower-case UUID.
    Uuid([u8; 16]),
    /// Anything else.
    Text(Box<str>),
}

impl ClickKey {
    /// The key of `click_id`.
    pub fn new(click_id: &str) -> Self {
        match canonical_uuid(click_id) {
            Some(bytes) => Self::Uuid(bytes),
            None => Self::Text(click_id.into()),
        }
    }
}

impl Ord for ClickKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // Bytes sort like their hex digits, and all UUIDs have their hyphens at the same places.
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Text(b)) => spell(a, &mut Uuid::encode_buffer()).cmp(b),
            (Self::Text(a), Self::Uuid(b)) => (**a).cmp(spell(b, &mut Uuid::encode_buffer())),
        }
    }
}

/// The id as the event has it.
impl fmt::Display for ClickKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(bytes) => f.pad(spell(bytes, &mut Uuid::encode_buffer())),
            Self::Text(text) => f.pad(text),
        }
    }
}

impl PartialOrd for ClickKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromSql for ClickKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(bytes) => bytes
                .try_into()
                .map(Self::Uuid)
                .map_err(|_| FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: bytes.len() }),
            other => other.as_str().map(|text| Self::Text(text.into())),
        }
    }
}

impl ToSql for ClickKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Uuid(bytes) => ValueRef::Blob(bytes),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_millis)
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_millis()))
    }
}

/// A click as the aggregation needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClick {
    /// Its number in order of arrival.
    pub id: i64,
    /// The time of the event.
    pub timestamp: Timestamp,
    /// Its id, which orders clicks of the same moment.
    pub key: ClickKey,
    /// The user.
    pub user: UserId,
    /// The url.
    pub url: UrlId,
    /// The country.
    pub country: CountryId,
}

fn canonical_uuid(text: &str) -> Option<[u8; 16]> {
    let canonical = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    canonical.then(|| Uuid::try_parse(text).ok().map(Uuid::into_bytes)).flatten()
}

fn spell<'b>(bytes: &[u8; 16], buffer: &'b mut [u8; 36 + 9]) -> &'b str {
    Uuid::from_bytes_ref(bytes).hyphenated().encode_lower(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "8c77bd62-50bc-5c62-b14e-c23292823b39";

    #[test]
    fn only_canonical_uuids_are_packed() {
        assert!(matches!(ClickKey::new(ID), ClickKey::Uuid(_)));
        for text in [ID.to_uppercase().as_str(), "8c77bd6250bc5c62b14ec23292823b39", "{8c77bd62}", "", "click-1"] {
            assert!(matches!(ClickKey::new(text), ClickKey::Text(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_texts(a in "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[ -~]{0,40}", b in "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[ -~]{0,40}") {
            prop_assert_eq!(ClickKey::new(&a).cmp(&ClickKey::new(&b)), a.cmp(&b));
        }
    }
}
