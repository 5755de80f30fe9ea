//! The effective settings as TOML, each with its origin.

use std::fmt::Write as _;

use serde_json::Value;

use super::catalogue::SECTIONS;
use super::kind::Kind;
use super::load::Loaded;
use super::names::THEMES;
use super::setting::Setting;
use super::toml_text::{quote, toml};

/// Comments stand in one column unless a line is longer than this.
const WIDEST: usize = 48;

impl Loaded {
    /// Every setting in the order of the example file as valid TOML, with a comment that names its origin: `default`, the
    /// file, `env CLICKTOP_…`, `flag --…`. Secrets are masked; a setting that is not set is `""`.
    pub fn render(&self) -> String {
        let settings = serde_json::to_value(&self.settings).unwrap_or_default();
        let mut lines = Vec::new();
        for section in &SECTIONS {
            let mut of_section = Vec::new();
            for setting in section.settings {
                let value = settings.pointer(&format!("/{}", setting.key.replace('.', "/"))).unwrap_or(&Value::Null);
                match (setting.kind, value) {
                    (Kind::Themes, Value::Object(themes)) => {
                        themes.iter().for_each(|(name, theme)| lines.extend(self.theme(name, theme)));
                    }
                    (Kind::Properties | Kind::ClusterOptions, Value::Object(properties)) => {
                        of_section.extend(properties.iter().map(|(name, value)| self.property(setting, name, value)));
                    }
                    _ => of_section.push(Line {
                        text: format!("{} = {}", setting.name(), toml(value, setting.kind.unset())),
                        origin: Some(self.origin.of(setting.key).to_string()),
                    }),
                }
            }
            if section.table != THEMES && !section.table.is_empty() {
                lines.push(Line { text: String::new(), origin: None });
                lines.push(Line { text: format!("[{}]", section.table), origin: None });
            }
            lines.append(&mut of_section);
        }
        align(&lines)
    }

    fn property(&self, table: &Setting, name: &str, value: &Value) -> Line {
        Line {
            text: format!("{} = {}", quote(name), toml(value, "")),
            origin: Some(self.origin.of(&format!("{}.{name}", table.key)).to_string()),
        }
    }

    fn theme(&self, name: &str, theme: &Value) -> Vec<Line> {
        let table = format!("{THEMES}.{name}");
        let mut lines = vec![
            Line { text: String::new(), origin: None },
            // Names of themes need no quotes.
            Line { text: format!("[{table}]"), origin: None },
        ];
        lines.extend(theme.as_object().into_iter().flatten().map(|(role, value)| Line {
            text: format!("{role} = {}", toml(value, "")),
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
