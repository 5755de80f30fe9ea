//! Every setting there is, in the order of the example file, and how to find one by its name or by a similar name.

use super::action_keys::ACTION_KEYS;
use super::alarm_sections::{ALARMS, BACKLOG, BEHIND, DELAY, HEADROOM, INDEX_PENDING, LAG, REJECTS, SILENCE, STAGE};
use super::attach::ATTACH;
use super::console::{CONSOLE, OWN_THEMES};
use super::enrich::{GEOIP, PRIVACY, USER_AGENTS};
use super::events::EVENTS;
use super::index::INDEX;
use super::kafka::{KAFKA, KAFKA_PROPERTIES, SASL, TLS};
use super::kind::Kind;
use super::log::LOG;
use super::pipeline::{AGGREGATE, INGEST, STORE};
use super::schema_registry::SCHEMA_REGISTRY;
use super::serve::SERVE;
use super::setting::{Section, Setting};
use super::settings::TOP;
use super::spark::SPARK;
use super::spark_kafka::{SPARK_KAFKA, SPARK_KAFKA_OPTIONS};
use super::theme;

/// Every table of the config file, in the order of the example file.
pub(super) static SECTIONS: [Section; 33] = [
    TOP,
    LOG,
    KAFKA,
    SASL,
    TLS,
    KAFKA_PROPERTIES,
    SCHEMA_REGISTRY,
    EVENTS,
    GEOIP,
    USER_AGENTS,
    PRIVACY,
    INGEST,
    STORE,
    AGGREGATE,
    SPARK,
    SPARK_KAFKA,
    SPARK_KAFKA_OPTIONS,
    INDEX,
    ALARMS,
    BEHIND,
    LAG,
    HEADROOM,
    DELAY,
    BACKLOG,
    REJECTS,
    STAGE,
    SILENCE,
    INDEX_PENDING,
    SERVE,
    ATTACH,
    CONSOLE,
    ACTION_KEYS,
    OWN_THEMES,
];

/// Every setting, in the same order.
pub(super) fn settings() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings)
}

/// The setting of this name.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    settings().find(|setting| setting.key == key)
}

/// The values that the setting `key` takes, also where it stands in a table that users fill with names of their own.
pub(super) fn kind_of(key: &str) -> Kind {
    match (find(key), theme::parts(key)) {
        (Some(setting), _) => setting.kind,
        (None, Some((_, theme::BASE))) => Kind::Choice(&theme::BUILT_IN),
        (None, Some(_)) => Kind::Color,
        (None, None) => Kind::Property,
    }
}

/// Each flag that sets a setting, with the setting's key.
pub fn declared_flags() -> impl Iterator<Item = (&'static str, &'static str)> {
    settings().flat_map(|setting| setting.flags.iter().map(|flag| (setting.key, *flag)))
}

/// Whether settings stand below this name.
pub(super) fn is_table(name: &str) -> bool {
    settings().any(|setting| setting.key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The setting or table that somebody most likely meant by `unknown`: one of the same name in another table, else the one
/// with the most similar spelling, if it is similar at all.
pub(super) fn nearest(unknown: &str) -> Option<&'static str> {
    let unknown = unknown.to_lowercase().replace('-', "_");
    let last = unknown.rsplit('.').next()?;
    let distance = |name: &&'static str| strsim::damerau_levenshtein(&unknown, name);
    let same_name = settings().filter(|setting| setting.name() == last).map(|setting| setting.key);
    let tables = SECTIONS.iter().map(|section| section.table).filter(|table| !table.is_empty());
    same_name.min_by_key(distance).or_else(|| {
        let names = settings().map(|setting| setting.key).chain(tables);
        let (nearest, distance) = names.map(|name| (name, distance(&name))).min_by_key(|near| near.1)?;
        near_enough(&unknown, distance).then_some(nearest)
    })
}

/// Whether `distance` slips can turn a name into `name`: a third of it may be wrong.
pub(super) fn near_enough(name: &str, distance: usize) -> bool {
    distance <= (name.chars().count() / 3).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_the_setting_that_was_meant() {
        for (unknown, meant) in [
            ("kafka.brokerz", Some("kafka.brokers")),
            ("brokers", Some("kafka.brokers")),
            ("kafka.ca_file", Some("kafka.tls.ca_file")),
            ("data-dir", Some("data_dir")),
            ("kafak", Some("kafka")),
            ("kafka.slas", Some("kafka.sasl")),
            ("Index.URLs", Some("index.urls")),
            ("ingest.batch_evnets", Some("ingest.batch_events")),
            ("colour_of_the_sky", None),
        ] {
            assert_eq!(nearest(unknown), meant, "{unknown}");
        }
    }

    #[test]
    fn every_setting_stands_in_the_table_of_its_name() {
        for section in &SECTIONS {
            for setting in section.settings {
                let table = match setting.kind.is_open() {
                    true => setting.key,
                    false => setting.key.rsplit_once('.').map_or("", |(table, _)| table),
                };
                assert_eq!(table, section.table, "{}", setting.key);
            }
        }
    }

    #[test]
    fn every_default_is_a_value_of_its_setting() {
        for setting in settings().filter(|setting| !setting.kind.is_open()) {
            assert!(setting.kind.takes(&setting.kind.value_of(setting.default)), "{}", setting.key);
        }
    }

    #[test]
    fn every_setting_is_explained_and_none_twice() {
        let mut keys = Vec::new();
        for setting in settings() {
            assert!(matches!(setting.kind, Kind::Keys(_)) || setting.help.ends_with(['.']), "{}", setting.key);
            assert!(!keys.contains(&setting.key), "{}", setting.key);
            keys.push(setting.key);
        }
    }
}
