//! The reference, `docs/settings.md`, made from the declarations of the settings.

use super::catalogue::SECTIONS;
use super::kind::Kind;
use super::names::variable_of;
use super::setting::{Section, Setting};

const HEAD: &str = "\
# Settings

<!-- Generated from the declarations in src/config. Renew it with: UPDATE_DOCS=1 cargo test --lib config::reference -->

This page lists every setting with its default, its values, its environment variable and its flags.
[Configuration](configuration.md) explains how the config file, the environment and the flags work together.

A duration has a unit: `500 ms`, `30 s`, `1h 30m`. A size has one, too: `5 MB`, `64 MiB`; a plain number is bytes. In the
config file, write text, durations and sizes in quotes; `\"\"` means not set.
";

/// The reference page: a table for each section of the config file.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for section in &SECTIONS {
        let title = match section.table {
            "" => "Top of the file".into(),
            table if section.settings.iter().any(|setting| matches!(setting.kind, Kind::Themes)) => {
                format!("`[{table}.NAME]`")
            }
            table => format!("`[{table}]`"),
        };
        page += &format!("\n## {title}\n\n");
        if !section.help.is_empty() {
            page += &format!("{}\n\n", section.help);
        }
        page += &of_section(section);
    }
    page
}

fn of_section(section: &Section) -> String {
    match section.settings {
        [table] if table.kind.is_open() => format!("{}\n", table.help),
        settings if settings.iter().all(|setting| matches!(setting.kind, Kind::Keys(_))) => {
            let rows = settings.iter().filter_map(|setting| match setting.kind {
                Kind::Keys(built_in) => Some(format!("| `{}` | {} |\n", setting.name(), cell(built_in))),
                _ => None,
            });
            "| action | built-in keys |\n|---|---|\n".to_owned() + &rows.collect::<String>()
        }
        settings => {
            let head = "| setting, variable, flags | default | values | meaning |\n|---|---|---|---|\n";
            head.to_owned() + &settings.iter().map(row).collect::<String>()
        }
    }
}

fn row(setting: &Setting) -> String {
    let mut names = vec![format!("`{}`", setting.key), format!("`{}`", variable_of(setting.key))];
    names.extend(setting.flags.iter().map(|flag| format!("`{flag}`")));
    let default = match setting.default {
        "" => "not set".to_owned(),
        default => format!("`{default}`"),
    };
    format!("| {} | {} | {} | {} |\n", names.join("<br>"), default, setting.kind.unit(), cell(setting.help))
}

/// `text` as it may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::example;

    /// Compares a generated file with the one in the repository; with `UPDATE_DOCS=1`, writes it.
    fn is_current(file: &str, generated: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
            std::fs::write(&path, generated).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = found.lines().zip(generated.lines()).position(|(found, generated)| found != generated);
        assert!(
            found == generated,
            "{file} differs from the declarations of the settings, first in line {}. Renew it with: UPDATE_DOCS=1 cargo \
             test --lib config::reference",
            differs.unwrap_or_else(|| found.lines().count().min(generated.lines().count())) + 1
        );
    }

    #[test]
    fn the_reference_is_current() {
        is_current("docs/settings.md", &reference());
    }

    #[test]
    fn the_example_file_is_current() {
        is_current("assets/clicktop.toml", &example());
    }
}
