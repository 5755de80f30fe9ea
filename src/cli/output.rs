//! Text of events on its way to stdout.

use std::fmt::Write as _;

use crate::text::is_unsafe;

/// `json` with every character that could steer a terminal as a JSON escape: the same document, safe to print.
///
/// JSON writers leave the C1 controls and the bidirectional overrides as they are. Outside of strings none of them occurs.
pub(super) fn terminal_safe_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unsafe(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_stays_the_same_and_steers_nothing() {
        let text = "/a\u{9b}31m\u{202e}é\u{1b}";
        let json = serde_json::to_string(text).unwrap();
        let safe = terminal_safe_json(&json);
        assert!(!safe.chars().any(is_unsafe), "{safe:?}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }
}
