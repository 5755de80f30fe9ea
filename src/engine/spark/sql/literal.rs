//! Texts of a mapping in SQL. They come from a user, and must never be more than a text.

use std::fmt::Write as _;

/// The literal of a text. What is more than plain words travels as hexadecimal digits, which no quote, escape or setting of Spark can
/// turn into anything else.
pub(super) fn text(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " _.:,;()=/<>+-".contains(c);
    if text.chars().all(is_plain) {
        return format!("'{text}'");
    }
    format!("CAST({} AS STRING)", bytes(text.as_bytes()))
}

/// The literal of bytes.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let mut literal = String::from("X'");
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(literal, "{byte:02x}");
    }
    literal + "'"
}

/// A regular expression that matches this text alone.
pub(super) fn pattern(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            pattern.push(c);
        } else {
            let _ = write!(pattern, "\\x{{{:x}}}", u32::from(c));
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_literal() {
        assert_eq!(text("page_view"), "'page_view'");
        assert_eq!(text(""), "''");
        assert_eq!(text("it's"), "CAST(X'69742773' AS STRING)");
        for wild in ["'", "\\", "@time", "{{white}}", "`", "\"", "\n", "é", "$1"] {
            let literal = text(wild);
            assert!(
                literal.starts_with("CAST(X'")
                    && literal.bytes().all(|b| b.is_ascii_alphanumeric() || b" ()'".contains(&b)),
                "{literal}"
            );
        }
        assert_eq!(pattern("a'b]"), r"a\x{27}b\x{5d}");
    }
}
