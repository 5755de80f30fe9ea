//! Names that several files of the config share.

/// The setting below which any librdkafka property may stand.
pub(super) const PROPERTIES: &str = "kafka.properties";

/// The setting below which any option of Spark's Kafka source may stand.
pub(super) const CLUSTER_OPTIONS: &str = "spark.kafka.options";

/// The table of properties to which the setting `key` belongs, and the property's name, which holds dots.
pub(super) fn property_of(key: &str) -> Option<(&'static str, &str)> {
    [PROPERTIES, CLUSTER_OPTIONS]
        .into_iter()
        .find_map(|table| Some((table, key.strip_prefix(table)?.strip_prefix('.')?)))
}

/// The setting below which the user's own themes stand, each as a table.
pub(super) const THEMES: &str = "console.themes";

/// The table of the console's keys, with one setting for each action.
pub(super) const ACTIONS: &str = "console.keys";

/// Every variable with this prefix is a setting, except those that are meant for other programs.
pub(super) const PREFIX: &str = "CLICKTOP_";

/// Names the config file; the only variable of clicktop that is not a setting.
pub(super) const CONFIG: &str = "CLICKTOP_CONFIG";

/// The variable of a setting: `kafka.brokers` is `CLICKTOP_KAFKA__BROKERS`.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"))
}

/// `words` in quotes, separated by commas.
pub(super) fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_after_their_settings() {
        assert_eq!(variable_of("data_dir"), "CLICKTOP_DATA_DIR");
        assert_eq!(variable_of("kafka.sasl.password_file"), "CLICKTOP_KAFKA__SASL__PASSWORD_FILE");
    }
}
