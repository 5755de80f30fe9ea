//! Values as text of a TOML file.

use std::fmt::Write as _;

use serde_json::Value;

use crate::text::printable;

/// `value` as TOML; `unset` stands for null.
pub(super) fn toml(value: &Value, unset: &str) -> String {
    match value {
        Value::Null => quote(unset),
        Value::String(text) => quote(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| toml(item, unset)).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entry = |(name, value): (&String, &Value)| format!("{} = {}", key(name), toml(value, unset));
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// `name` as a key of a table.
fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare { name.to_owned() } else { quote(name) }
}

/// `text` as a TOML basic string in which nothing can steer a terminal.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if printable(c.encode_utf8(&mut [0; 4])) == c.encode_utf8(&mut [0; 4]) as &str => quoted.push(c),
            c => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_toml_and_steers_no_terminal() {
        let text = "a\"b\\c\u{1b}[2J\u{202e}é\n";
        let quoted = quote(text);
        assert_eq!(quoted, "\"a\\\"b\\\\c\\U0000001b[2J\\U0000202eé\\U0000000a\"");
        let text_of = format!("x = {quoted}");
        let parsed = toml::de::DeTable::parse(&text_of).unwrap();
        let (_, value) = parsed.get_ref().iter().next().unwrap();
        assert_eq!(value.get_ref().as_str(), Some(text));
    }
}
