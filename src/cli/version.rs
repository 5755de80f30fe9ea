//! What `clicktop --version` tells of the program: its commit, the libraries that matter most, and its features.

use std::sync::LazyLock;

use rdkafka::util::get_rdkafka_version;

/// The optional features that this program has, in the order of `Cargo.toml`.
const FEATURES: [(&str, bool); 3] = [
    ("system-libraries", cfg!(feature = "system-libraries")),
    ("static", cfg!(feature = "static")),
    ("spark", cfg!(feature = "spark")),
];

/// The commit that the program was built from, where the build could tell; a build for development cannot.
pub(super) const COMMIT: Option<&str> = option_env!("CLICKTOP_BUILD_COMMIT");

/// The version of librdkafka, the C library that reads Kafka.
pub(super) fn librdkafka() -> String {
    get_rdkafka_version().1
}

/// The features of this program, separated by commas.
pub(super) fn features() -> String {
    let mut names = FEATURES.iter().filter_map(|(name, is_on)| is_on.then_some(*name)).peekable();
    if names.peek().is_none() { "none".to_owned() } else { names.collect::<Vec<_>>().join(", ") }
}

/// The text behind the program's name in `--version`.
pub(super) fn long() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{}\ncommit: {}\nlibrdkafka: {}\nSQLite: {}\nfeatures: {}",
            env!("CARGO_PKG_VERSION"),
            COMMIT.unwrap_or("unknown, a build for development"),
            librdkafka(),
            rusqlite::version(),
            features()
        )
    });
    &LONG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_names_program_commit_libraries_and_features() {
        let long = long();
        let lines: Vec<&str> = long.lines().collect();
        assert_eq!(lines[0], env!("CARGO_PKG_VERSION"));
        assert!(lines[1].starts_with("commit: "), "{long}");
        for (line, name) in [(lines[2], "librdkafka: "), (lines[3], "SQLite: 3.")] {
            let version = line.strip_prefix(name).unwrap_or_else(|| panic!("{line}"));
            assert!(version.chars().next().is_some_and(|first| first.is_ascii_digit()), "{line}");
        }
        assert_eq!(lines[4].contains("spark"), cfg!(feature = "spark"), "{long}");
    }
}
