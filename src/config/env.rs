//! The environment and the flags as layers.

use super::error::ConfigError;
use super::foreign;
use super::keys::{self, KEYS, Kind, PROPERTIES};
use super::source::{Given, Origin, Override, Place, resolve};

/// Every variable with this prefix must be a setting, but for those that are for others.
pub(super) const PREFIX: &str = "CLICKTOP_";

/// Names the config file; the only variable that is no setting.
pub(super) const CONFIG: &str = "CLICKTOP_CONFIG";

/// Librdkafka properties: `CLICKTOP_KAFKA__PROPERTIES__FETCH_WAIT_MAX_MS` is `fetch.wait.max.ms`.
const PROPERTY_PREFIX: &str = "CLICKTOP_KAFKA__PROPERTIES__";

/// The variable of a setting: `kafka.brokers` is `CLICKTOP_KAFKA__BROKERS`.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"))
}

/// What the environment holds for us.
#[derive(Default)]
pub(super) struct Environment {
    pub(super) given: Vec<Given>,
    /// Names of variables with our prefix that are for others.
    pub(super) ignored: Vec<String>,
}

/// The settings among `variables`. An unknown one with clicktop's prefix becomes a problem, unless it is for others.
pub(super) fn read(variables: &[(String, String)], home: Option<&str>, problems: &mut Vec<ConfigError>) -> Environment {
    let Environment { mut given, mut ignored } = Environment::default();
    for (name, text) in variables {
        if !name.starts_with(PREFIX) || name == CONFIG {
            continue;
        }
        let place = Place { origin: Origin::Env(name.clone()), line: None };
        if let Some(property) = name.strip_prefix(PROPERTY_PREFIX).filter(|property| !property.is_empty()) {
            let key = format!("{PROPERTIES}.{}", property.to_ascii_lowercase().replace("__", "_").replace('_', "."));
            given.push(Given { key, value: Kind::Property.value_of(text), place });
            continue;
        }
        match KEYS.iter().find(|key| !key.kind.is_open() && variable_of(key.name) == *name) {
            Some(key) => {
                let value = match key.kind {
                    Kind::Path => key.kind.value_of(&resolve(text, home, None)),
                    kind => kind.value_of(text),
                };
                given.push(Given { key: key.name.to_owned(), value, place });
            }
            None if foreign::is_of_the_tests(name) || foreign::is_of_a_service(name, text) => {
                ignored.push(name.clone())
            }
            None => problems.push(ConfigError::UnknownVariable { name: name.clone(), suggestion: nearest(name) }),
        }
    }
    ignored.sort_unstable();
    Environment { given, ignored }
}

fn nearest(unknown: &str) -> Option<String> {
    let upper = unknown.to_ascii_uppercase();
    let names = KEYS.iter().filter(|key| !key.kind.is_open()).map(|key| variable_of(key.name));
    let (nearest, distance) = names
        .chain([CONFIG.to_owned()])
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&upper, &name);
            (name, distance)
        })
        .min_by_key(|near| near.1)?;
    // The prefix is right by definition: only the rest counts as a name.
    keys::near_enough(upper.strip_prefix(PREFIX).unwrap_or(&upper), distance).then_some(nearest)
}

/// The settings among `flags`. The command line has only flags that exist, so an unknown key is refused as one.
pub(super) fn read_flags(flags: &[Override], problems: &mut Vec<ConfigError>) -> Vec<Given> {
    let mut given = Vec::new();
    for Override { key, value, flag } in flags {
        let place = Place { origin: Origin::Flag(flag), line: None };
        match keys::find(key) {
            Some(found) => given.push(Given { key: found.name.to_owned(), value: found.kind.value_of(value), place }),
            None => {
                problems.push(ConfigError::Invalid { place, key: (*key).into(), reason: "is not a setting".into() });
            }
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_after_their_settings() {
        assert_eq!(variable_of("data_dir"), "CLICKTOP_DATA_DIR");
        assert_eq!(variable_of("kafka.sasl.password_file"), "CLICKTOP_KAFKA__SASL__PASSWORD_FILE");
    }

    #[test]
    fn slips_find_the_variable_that_was_meant() {
        assert_eq!(nearest("CLICKTOP_KAFKA_BROKERS").as_deref(), Some("CLICKTOP_KAFKA__BROKERS"));
        assert_eq!(nearest("CLICKTOP_kafka__brokers").as_deref(), Some("CLICKTOP_KAFKA__BROKERS"));
        assert_eq!(nearest("CLICKTOP_CONFIG_FILE"), None);
        assert_eq!(nearest("CLICKTOP_CONFGI").as_deref(), Some("CLICKTOP_CONFIG"));
    }
}
