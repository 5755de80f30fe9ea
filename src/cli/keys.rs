//! `clicktop keys`: the keys of the console with this config.

use std::io::{self, Write};

use comfy_table::{Table, TableStyle};

use crate::console::KeyBindings;

/// Prints every binding: where it works, its keys, the names of its actions in the config, and what it does.
///
/// # Errors
/// If `out` cannot be written to.
pub(super) fn print(keys: &KeyBindings, out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(["WHERE", "KEYS", "ACTION", "DOES"]);
    for binding in keys.table() {
        let names = binding.action.names();
        // A key with an action of its own has a row of its own.
        if names.len() > 1 {
            for (chord, name) in binding.chords.iter().zip(names) {
                let description = binding.description_of_one_key(name);
                table.add_row([binding.context.name(), &chord.name(), name, &description]);
            }
        } else {
            let name = names.first().copied().unwrap_or_default();
            table.add_row([binding.context.name(), &binding.label, name, binding.description]);
        }
    }
    writeln!(out, "{}", table.trim_fmt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_config_are_shown_with_the_others() {
        let keys = KeyBindings::with([("sort", "o"), ("view-log", "F12")]).unwrap();
        let mut out = Vec::new();
        print(&keys, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let row = |words: &[&str]| {
            text.lines().any(|line| words.iter().all(|word| line.split_whitespace().any(|w| w == *word)))
        };
        assert!(
            row(&["everywhere", "o", "sort"])
                && row(&["F12", "view-log", "log"])
                && row(&["F10", "view-rounds", "rounds"])
                && row(&["F1", "view-overview"]),
            "{text}"
        );
        assert!(!row(&["everywhere", "s", "sort"]), "{text}");
    }
}
