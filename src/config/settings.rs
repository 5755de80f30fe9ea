//! Every setting, typed.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alarms::AlarmSettings;
use super::attach::AttachSettings;
use super::check::Check;
use super::console::ConsoleSettings;
use super::enrich::{GeoIpSettings, PrivacySettings, UserAgentSettings};
use super::error::ConfigError;
use super::events::EventSettings;
use super::index::IndexSettings;
use super::kafka::KafkaSettings;
use super::kind::Kind;
use super::log::LogSettings;
use super::pipeline::{AggregateSettings, IngestSettings, StoreSettings};
use super::place::Origins;
use super::schema_registry::SchemaRegistrySettings;
use super::serve::ServeSettings;
use super::setting::{Section, Setting};
use super::spark::{ENGINE, EngineKind, SparkSettings};
use super::units::duration;

/// Every setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the database and the embedded index live; not set: [`default_data_dir`](super::default_data_dir).
    pub data_dir: Option<PathBuf>,
    /// What stores and counts the clicks.
    pub engine: EngineKind,
    /// How long the stages may drain when clicktop ends.
    #[serde(with = "duration")]
    pub shutdown_timeout: Duration,
    /// `[log]`.
    pub log: LogSettings,
    /// `[kafka]`.
    pub kafka: KafkaSettings,
    /// `[schema_registry]`.
    pub schema_registry: SchemaRegistrySettings,
    /// `[events]`.
    pub events: EventSettings,
    /// `[geoip]`.
    pub geoip: GeoIpSettings,
    /// `[user_agents]`.
    pub user_agents: UserAgentSettings,
    /// `[privacy]`.
    pub privacy: PrivacySettings,
    /// `[ingest]`.
    pub ingest: IngestSettings,
    /// `[store]`.
    pub store: StoreSettings,
    /// `[aggregate]`.
    pub aggregate: AggregateSettings,
    /// `[spark]`.
    pub spark: SparkSettings,
    /// `[index]`.
    pub index: IndexSettings,
    /// `[alarms]`.
    pub alarms: AlarmSettings,
    /// `[serve]`.
    pub serve: ServeSettings,
    /// `[attach]`.
    pub attach: AttachSettings,
    /// `[console]`.
    pub console: ConsoleSettings,
}

/// The settings at the top of the file.
pub(super) const TOP: Section = Section {
    table: "",
    help: "",
    settings: &[
        Setting {
            key: "data_dir",
            kind: Kind::Path,
            default: "",
            help: "Where the database and the embedded index live; not set: $XDG_DATA_HOME/clicktop or \
                   ~/.local/share/clicktop. One clicktop at a time may use a folder.",
            flags: &["--data-dir"],
        },
        ENGINE,
        Setting {
            key: "shutdown_timeout",
            kind: Kind::TIMEOUT,
            default: "30 s",
            help: "How long the stages may take to finish their work when clicktop ends. The next start does the rest, \
                   so a short time loses nothing.",
            flags: &[],
        },
    ],
};

impl Settings {
    /// Whether clicktop takes any certificate of the broker (the embedded one has none) or of the search engine.
    pub fn takes_any_certificate(&self, own_broker: bool) -> bool {
        self.index.takes_any_certificate()
            || self.schema_registry.takes_any_certificate()
            || (!own_broker && self.kafka.takes_any_certificate())
    }

    /// The settings for events that clicktop itself makes: without a mapping, whatever the user's own events need.
    pub fn for_own_events(&self) -> Self {
        let EventSettings { max_url_bytes, max_field_bytes, .. } = self.events;
        let events = EventSettings { max_url_bytes, max_field_bytes, ..Settings::default().events };
        Self { events, schema_registry: Settings::default().schema_registry, ..self.clone() }
    }

    /// Settings that are allowed but dangerous, one line each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        self.kafka.warn(&mut warnings);
        self.schema_registry.warn(&mut warnings);
        self.index.warn(&mut warnings);
        self.alarms.warn(&mut warnings);
        self.serve.warn(&mut warnings);
        warnings
    }

    /// The values that do not fit together.
    pub(super) fn validate(&self, origins: &Origins) -> Vec<ConfigError> {
        let mut check = Check::new(origins);
        self.log.validate(&mut check);
        self.kafka.validate(&mut check);
        self.schema_registry.validate(&self.kafka, &self.events, &mut check);
        self.events.validate(&self.kafka, &mut check);
        self.privacy.validate(&mut check);
        self.spark.validate(self.engine, &self.kafka, &mut check);
        self.index.validate(&mut check);
        self.alarms.validate(&mut check);
        self.serve.validate(&mut check);
        self.attach.validate(&mut check);
        self.console.validate(&mut check);
        check.into_problems()
    }
}
