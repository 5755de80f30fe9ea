//! The example file, `assets/clicktop.toml`, made from the declarations of the settings.

use super::catalogue::SECTIONS;
use super::kind::Kind;
use super::setting::{Section, Setting};
use super::toml_text::toml;

const HEAD: &str = "\
# Every setting of clicktop with its default. Keep the settings that you change, and leave out the rest.
#
# Read from: --config FILE, else the file that CLICKTOP_CONFIG names, else $XDG_CONFIG_HOME/clicktop/clicktop.toml
# (~/.config/clicktop/clicktop.toml). clicktop reads a file in the working directory only if you name it.
# The environment overrides the file: kafka.brokers is CLICKTOP_KAFKA__BROKERS, with two underscores for each dot. Flags
# override both. `clicktop config` prints every setting in effect, and where its value came from.
#
# Durations have a unit: \"500 ms\", \"30 s\", \"1h 30m\". So do sizes: \"5 MB\", \"64 MiB\"; a plain number is bytes.
# \"\" means not set. A relative path starts at this file's folder; \"~/\" is the home folder.
#
# This file is generated: see src/config/example.rs.
";

const OWN_THEME: &str = "\
#
# [console.themes.solarized]
# base = \"dark\"
# text = \"#93a1a1\"
# background = \"#002b36\"
# faint = \"#839496\"       # labels
# accent = \"#2aa198\"      # the panel that has the focus
# good = \"#859900\"
# warn = \"#b58900\"
# bad = \"#dc322f\"
# calm = \"#268bd2\"        # ingest in the chart; countries with few clicks
# other = \"#d33682\"       # aggregate in the chart; countries with some clicks
";

/// Comments are wrapped at this many columns.
const COLUMNS: usize = 120;

/// The example file: every setting with its explanation and its default.
pub fn example() -> String {
    let mut lines: Vec<String> = vec![HEAD.trim_end().into()];
    for section in &SECTIONS {
        lines.push(String::new());
        of_section(section, &mut lines);
    }
    lines.push(OWN_THEME.trim_end().into());
    lines.join("\n") + "\n"
}

fn of_section(section: &Section, lines: &mut Vec<String>) {
    lines.extend(comment(section.help));
    if !section.table.is_empty() && !section.settings.iter().any(|setting| setting.kind.is_open()) {
        lines.push(format!("[{}]", section.table));
    }
    for setting in section.settings {
        lines.extend(comment(setting.help));
        match setting.kind {
            Kind::Properties | Kind::ClusterOptions => lines.push(format!("[{}]", setting.key)),
            Kind::Themes => {}
            Kind::Keys(built_in) => lines.push(format!("{:<22}  # {built_in}", default(setting))),
            _ => lines.push(default(setting)),
        }
    }
}

/// `name = value`.
fn default(setting: &Setting) -> String {
    let value = serde_json::to_value(setting.kind.value_of(setting.default)).unwrap_or_default();
    format!("{} = {}", setting.name(), toml(&value, ""))
}

fn comment(text: &str) -> Vec<String> {
    let options = textwrap::Options::new(COLUMNS).initial_indent("# ").subsequent_indent("# ").break_words(false);
    let wrapped = textwrap::wrap(text, options);
    wrapped.into_iter().filter(|_| !text.is_empty()).map(|line| line.into_owned()).collect()
}
