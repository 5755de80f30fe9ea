//! The environment and the flags as layers.

use super::catalogue;
use super::error::ConfigError;
use super::folders::resolve;
use super::foreign;
use super::given::Given;
use super::kind::Kind;
use super::names::{CLUSTER_OPTIONS, CONFIG, PREFIX, PROPERTIES, variable_of};
use super::place::{Origin, Place};
use super::setting::Setting;
use super::sources::Override;

/// Single properties: `CLICKTOP_KAFKA__PROPERTIES__FETCH_WAIT_MAX_MS` is librdkafka's `fetch.wait.max.ms`. Spark does not mind the
/// case of its options.
const PROPERTY_PREFIXES: [(&str, &str); 2] =
    [("CLICKTOP_KAFKA__PROPERTIES__", PROPERTIES), ("CLICKTOP_SPARK__KAFKA__OPTIONS__", CLUSTER_OPTIONS)];

/// The variables of the environment that begin with our prefix.
#[derive(Default)]
pub(super) struct Environment {
    pub(super) given: Vec<Given>,
    /// Names of variables that are meant for other programs.
    pub(super) ignored: Vec<String>,
}

/// The settings among `variables`. An unknown one with clicktop's prefix becomes a problem, unless it is meant for another
/// program.
pub(super) fn read(variables: &[(String, String)], home: Option<&str>, problems: &mut Vec<ConfigError>) -> Environment {
    let Environment { mut given, mut ignored } = Environment::default();
    for (name, text) in variables {
        if !name.starts_with(PREFIX) || name == CONFIG {
            continue;
        }
        let place = Place { origin: Origin::Env(name.clone()), line: None };
        let property = PROPERTY_PREFIXES.iter().find_map(|(prefix, table)| Some((table, name.strip_prefix(prefix)?)));
        if let Some((table, property)) = property.filter(|(_, property)| !property.is_empty()) {
            let key = format!("{table}.{}", property.to_ascii_lowercase().replace("__", "_").replace('_', "."));
            given.push(Given { key, value: Kind::Property.value_of(text), place });
            continue;
        }
        match closed().find(|setting| variable_of(setting.key) == *name) {
            Some(setting) => {
                let value = match setting.kind {
                    Kind::Path => setting.kind.value_of(&resolve(text, home, None)),
                    kind => kind.value_of(text),
                };
                given.push(Given { key: setting.key.to_owned(), value, place });
            }
            None if foreign::is_of_an_alarm(name)
                || foreign::is_of_the_tests(name)
                || foreign::is_of_a_service(name, text) =>
            {
                ignored.push(name.clone())
            }
            None => problems.push(ConfigError::UnknownVariable { name: name.clone(), suggestion: nearest(name) }),
        }
    }
    ignored.sort_unstable();
    Environment { given, ignored }
}

/// The settings that a single variable can set.
fn closed() -> impl Iterator<Item = &'static Setting> {
    catalogue::settings().filter(|setting| !setting.kind.is_open())
}

fn nearest(unknown: &str) -> Option<String> {
    let upper = unknown.to_ascii_uppercase();
    let names = closed().map(|setting| variable_of(setting.key));
    let (nearest, distance) = names
        .chain([CONFIG.to_owned()])
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&upper, &name);
            (name, distance)
        })
        .min_by_key(|near| near.1)?;
    // The prefix is right already: only the rest counts as a name.
    catalogue::near_enough(upper.strip_prefix(PREFIX).unwrap_or(&upper), distance).then_some(nearest)
}

/// The settings among `flags`. clap refuses flags that do not exist; a flag that names no setting is an error, too.
pub(super) fn read_flags(flags: &[Override], problems: &mut Vec<ConfigError>) -> Vec<Given> {
    let mut given = Vec::new();
    for Override { key, value, flag } in flags {
        let place = Place { origin: Origin::Flag(flag), line: None };
        match catalogue::find(key) {
            Some(found) => given.push(Given { key: found.key.to_owned(), value: found.kind.value_of(value), place }),
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
    fn slips_find_the_variable_that_was_meant() {
        assert_eq!(nearest("CLICKTOP_KAFKA_BROKERS").as_deref(), Some("CLICKTOP_KAFKA__BROKERS"));
        assert_eq!(nearest("CLICKTOP_kafka__brokers").as_deref(), Some("CLICKTOP_KAFKA__BROKERS"));
        assert_eq!(nearest("CLICKTOP_CONFIG_FILE"), None);
        assert_eq!(nearest("CLICKTOP_CONFGI").as_deref(), Some("CLICKTOP_CONFIG"));
    }
}
