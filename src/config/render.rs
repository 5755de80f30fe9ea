//! The effective settings as TOML, each with where it came from.

use std::fmt::Write as _;

use serde_json::Value;

use super::Loaded;
use super::keys::{KEYS, Kind, PROPERTIES, THEMES, table_of};
use crate::text::printable;

/// Comments stand in one column unless a line is longer than this.
const WIDEST: usize = 48;

impl Loaded {
    /// Every setting in the order of the sample file as valid TOML, with a comment that says where it came from: `default`,
    /// the file, `env CLICKTOP_…`, `flag --…`. Secrets are masked; what is not set is `""`.
    pub fn render(&self) -> String {
        let settings = serde_json::to_value(&self.settings).unwrap_or_default();
        let mut lines = Vec::new();
        let mut table = "";
        for key in KEYS {
            let value = settings.pointer(&format!("/{}", key.name.replace('.', "/"))).unwrap_or(&Value::Null);
            if let (Kind::Themes, Value::Object(themes)) = (key.kind, value) {
                themes.iter().for_each(|(name, theme)| lines.extend(self.theme(name, theme)));
                continue;
            }
            let (its_table, properties) = match value {
                Value::Object(properties) if key.name == PROPERTIES => (PROPERTIES, Some(properties)),
                _ => (table_of(key.name), None),
            };
            if table != its_table {
                lines.push(Line { text: String::new(), origin: None });
                lines.push(Line { text: format!("[{its_table}]"), origin: None });
                table = its_table;
            }
            match properties {
                Some(properties) => lines.extend(properties.iter().map(|(name, value)| Line {
                    text: format!("{} = {}", quote(name), toml(value)),
                    origin: Some(self.origin.of(&format!("{PROPERTIES}.{name}")).to_string()),
                })),
                None => lines.push(Line {
                    text: format!("{} = {}", key.name.rsplit('.').next().unwrap_or(key.name), toml(value)),
                    origin: Some(self.origin.of(key.name).to_string()),
                }),
            }
        }
        align(&lines)
    }

    fn theme(&self, name: &str, theme: &Value) -> Vec<Line> {
        let table = format!("{THEMES}.{name}");
        let mut lines = vec![
            Line { text: String::new(), origin: None },
            // Names of themes need no quotes.
            Line { text: format!("[{table}]"), origin: None },
        ];
        lines.extend(theme.as_object().into_iter().flatten().map(|(role, value)| Line {
            text: format!("{role} = {}", toml(value)),
            origin: Some(self.origin.of(&format!("{table}.{role}")).to_string()),
        }));
        lines
    }
}

struct Line {
    text: String,
    origin: Option<String>,
}

fn align(lines: &[Line]) -> String {
    let width = |line: &Line| line.text.chars().count();
    let column = lines.iter().filter(|line| line.origin.is_some()).map(width).filter(|width| *width <= WIDEST).max();
    let column = column.unwrap_or(0);
    let mut out = String::new();
    for Line { text, origin } in lines {
        // Writing to a String cannot fail.
        let _ = match origin {
            Some(origin) => writeln!(out, "{text:<column$}  # {origin}"),
            None => writeln!(out, "{text}"),
        };
    }
    out
}

fn toml(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".into(),
        Value::String(text) => quote(text),
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// As a TOML basic string in which nothing can steer a terminal.
fn quote(text: &str) -> String {
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
        let parsed = toml_edit::Document::parse(format!("x = {quoted}")).unwrap();
        assert_eq!(parsed.as_table().get("x").and_then(|item| item.as_str()), Some(text));
    }
}
