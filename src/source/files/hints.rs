//! Hints for the message at the end of a replay without a click: what the first record seems to be, and what to do.

use crate::click::{FIELD_NAMES, ForeignFormat};

/// Fields of a click that must be there.
const REQUIRED: usize = 4;

/// The format of a record that is text of another kind than lines of fields; [`hint`] knows more of those.
pub(super) fn foreign_format(record: &[u8]) -> Option<ForeignFormat> {
    ForeignFormat::detect(record).filter(|format| {
        matches!(
            format,
            ForeignFormat::Utf16 | ForeignFormat::JsonArray | ForeignFormat::JsonInString | ForeignFormat::JsonSequence
        )
    })
}

/// A hint for people; empty where nothing is known.
pub(super) fn hint(record: &[u8]) -> &'static str {
    let count = |byte: u8| memchr::memchr_iter(byte, record).count();
    if record.trim_ascii_start().starts_with(b"{") {
        return match memchr::memmem::find(record, b"[{").is_some() {
            true => {
                "; if the clicks are in an array inside of it, take them out: jq -c '.NAME[]' FILE | clicktop replay -"
            }
            false => "",
        };
    }
    if count(b'\r') > 0 && count(b'\n') == 0 {
        return "; its lines end with carriage returns alone: tr '\\r' '\\n' < FILE | clicktop replay -";
    }
    if count(b',') + 1 == FIELD_NAMES.len() {
        return "";
    }
    match [b';', b'\t', b'|'].into_iter().find(|separator| count(*separator) + 1 >= REQUIRED) {
        Some(b';') => "; semicolons are read under a header: put click_id;user_id;timestamp;url… before the first line",
        Some(b'\t') => {
            "; tabs are read under a header: put click_id, user_id, timestamp, url…, separated by tabs, before the first line"
        }
        Some(_) => "; bars are read under a header: put click_id|user_id|timestamp|url… before the first line",
        None if count(b',') + 1 >= REQUIRED => {
            "; columns are told by a header: put a line with their names before the first line"
        }
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn what_can_be_known_is_said() {
        for (record, word) in [
            ("c1;u1;2026-01-01T00:00:00Z;/a;FR", "semicolons"),
            ("c1\tu1\t2026-01-01T00:00:00Z\t/a", "tabs"),
            ("c1|u1|2026-01-01T00:00:00Z|/a", "bars"),
            ("c1,u1,2026-01-01T00:00:00Z,/a,FR", "header"),
            ("c1,u1,0,/a,FR,,,,\rc2,u1,0,/a,FR,,,,", "carriage"),
            ("{\"events\": [{\"click_id\":1}]}", "jq"),
        ] {
            assert!(hint(record.as_bytes()).contains(word), "{record}");
        }
        for record in ["", "just a line", "c,u,yesterday,/;a;b;c,FR,,,,", "{\"a\":1}"] {
            assert_eq!(hint(record.as_bytes()), "", "{record}");
        }
    }
}
