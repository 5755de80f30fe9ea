//! The nine fields as the decoders find them, and how they become a [`Click`].

use super::error::DecodeError;
use super::event::{Click, FIELD_NAMES, UNKNOWN};
use crate::text::excerpt;

/// The longest quotation of a message in an error, in characters.
pub(super) const EXCERPT_CHARS: usize = 80;

/// The longest texts of a click, in bytes. They bound what is stored of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLimits {
    /// The longest url; the setting `events.max_url_bytes`.
    pub url: usize,
    /// The longest other field; the setting `events.max_field_bytes`.
    pub field: usize,
}

impl Default for FieldLimits {
    fn default() -> Self {
        Self { url: 8 * 1024, field: 4 * 1024 }
    }
}

impl FieldLimits {
    /// The smallest limit. A message that is not longer has no field that is too long.
    pub(super) fn smallest(self) -> usize {
        self.url.min(self.field)
    }

    /// Fails if a field is too long.
    #[cold]
    pub(super) fn check(self, click: &Click<'_>) -> Result<(), DecodeError> {
        let within = |field: Field, text: &str, limit, setting| match text.len() {
            bytes if bytes > limit => Err(DecodeError::FieldTooLong { field: field.name(), bytes, limit, setting }),
            _ => Ok(()),
        };
        within(Field::Url, click.url, self.url, "events.max_url_bytes")?;
        for (field, text) in [
            (Field::ClickId, click.click_id),
            (Field::UserId, click.user_id),
            (Field::Country, click.country),
            (Field::City, click.city),
            (Field::Browser, click.browser),
            (Field::Os, click.os),
            (Field::Device, click.device),
        ] {
            // An absent field holds our own word.
            if text != UNKNOWN {
                within(field, text, self.field, "events.max_field_bytes")?;
            }
        }
        Ok(())
    }
}

/// One of the nine fields. Its number is its index in [`FIELD_NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    ClickId,
    UserId,
    Timestamp,
    Url,
    Country,
    City,
    Browser,
    Os,
    Device,
}

impl Field {
    /// The required fields.
    pub(super) const REQUIRED: [Self; 4] = [Self::ClickId, Self::UserId, Self::Timestamp, Self::Url];

    /// All fields, in CSV order.
    pub(super) const ALL: [Self; 9] = [
        Self::ClickId,
        Self::UserId,
        Self::Timestamp,
        Self::Url,
        Self::Country,
        Self::City,
        Self::Browser,
        Self::Os,
        Self::Device,
    ];

    pub(super) const fn name(self) -> &'static str {
        FIELD_NAMES[self as usize]
    }
}

/// The text of one field: in the message itself, or in the decoder's scratch buffer if it had escapes. A range instead of a reference,
/// because the buffer still grows while later fields are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece<'a> {
    Message(&'a str),
    Scratch { start: usize, end: usize },
}

impl<'a> Piece<'a> {
    pub(super) const EMPTY: Self = Self::Message("");

    pub(super) fn text(self, scratch: &'a str) -> &'a str {
        match self {
            Self::Message(text) => text,
            Self::Scratch { start, end } => scratch.get(start..end).unwrap_or_default(),
        }
    }
}

/// Makes a click of nine fields in CSV order.
#[inline(never)]
pub(super) fn click<'a>(record: &[Piece<'a>; 9], scratch: &'a str) -> Result<Click<'a>, DecodeError> {
    let [click_id, user_id, timestamp, url, country, city, browser, os, device] = record;
    let text = |piece: &Piece<'a>| piece.text(scratch);
    let click_id = required(Field::ClickId, text(click_id))?;
    let user_id = required(Field::UserId, text(user_id))?;
    let timestamp = required(Field::Timestamp, text(timestamp))?;
    let url = required(Field::Url, text(url))?;
    let timestamp = timestamp.parse().map_err(|reason| DecodeError::Timestamp {
        text: excerpt(timestamp, EXCERPT_CHARS).into_owned().into_boxed_str(),
        reason,
    })?;
    Ok(Click {
        click_id,
        user_id,
        timestamp,
        url,
        country: or_unknown(text(country)),
        city: or_unknown(text(city)),
        browser: or_unknown(text(browser)),
        os: or_unknown(text(os)),
        device: or_unknown(text(device)),
    })
}

#[inline]
fn required(field: Field, text: &str) -> Result<&str, DecodeError> {
    match text.as_bytes() {
        // Nearly every field begins with one of these, and then it is not blank.
        [b'!'..=b'[' | b']'..=b'~', ..] => Ok(text),
        _ if is_null(text) || text.chars().all(char::is_whitespace) => {
            Err(DecodeError::MissingField { field: field.name() })
        }
        _ => Ok(text),
    }
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() || is_null(text) { UNKNOWN } else { text }
}

/// Databases write NULL like this in CSV (Postgres `COPY`, MySQL `INTO OUTFILE`, Hive). Such a field counts as empty; otherwise all
/// unknown users would be one user.
pub(super) const NULL: &str = r"\N";

fn is_null(text: &str) -> bool {
    text == NULL
}
