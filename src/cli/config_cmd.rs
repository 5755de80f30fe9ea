//! `clicktop config`: every setting, its value and where it came from.

use std::io::{self, Write};

use crate::config::Loaded;
use crate::text::printable;

/// Prints the effective settings as TOML, secrets masked, with the origin of each as a comment. Warnings of dangerous
/// settings come first.
///
/// # Errors
/// If `out` cannot be written.
pub fn print(loaded: &Loaded, out: &mut impl Write) -> io::Result<()> {
    match &loaded.file {
        Some(file) => writeln!(out, "# Config file: {}", printable(&file.to_string_lossy()))?,
        None => writeln!(out, "# Config file: none")?,
    }
    for warning in loaded.warnings() {
        writeln!(out, "# Warning: {}", printable(&warning))?;
    }
    if !loaded.ignored.is_empty() {
        let ignored: Vec<_> = loaded.ignored.iter().map(|name| printable(name)).collect();
        writeln!(out, "# Ignored variables, of Kubernetes services or of the tests: {}", ignored.join(", "))?;
    }
    writeln!(out)?;
    out.write_all(loaded.render().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    #[test]
    fn it_prints_toml_that_loads_again_and_warns_first() {
        let env = [
            ("CLICKTOP_INDEX__KIND", "elasticsearch"),
            ("CLICKTOP_INDEX__URLS", "https://search:9200"),
            ("CLICKTOP_INDEX__DANGER_ACCEPT_INVALID_CERTS", "true"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let loaded = load(&Sources { env, ..Sources::default() }).unwrap();
        let mut out = Vec::new();
        print(&loaded, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("# Config file: none\n# Warning: index.danger_accept_invalid_certs is on:"), "{text}");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clicktop.toml");
        std::fs::write(&file, text).unwrap();
        let again = load(&Sources { file: Some(file), ..Sources::default() }).unwrap();
        assert_eq!(again.settings, loaded.settings);
    }
}
