//! Settings from four layers, where a later layer overrides an earlier one: defaults, config file (TOML), environment
//! (`CLICKTOP_…`), flags. Each setting remembers its layer and its line.
//!
//! Each setting has one declaration, a `Setting` beside the field that holds its value. Default, variable, error messages,
//! `assets/clicktop.toml` and `docs/settings.md` come from the declaration.
//!
//! | files, from the bottom up | hold |
//! |---|---|
//! | `names`, `place`, `error`, `check`, `foreign`, `folders`, `units` | what the others share |
//! | `properties`, `event_values`, `event_serde`, `kind`, `setting` | the values that a setting takes, and its declaration |
//! | `kafka`, `schema_registry`, `events`, `enrich`, `pipeline`, `spark`, `spark_kafka`, `index`, `engine_url`, `serve`, `attach`, `alarms`, `alarm_sections`, `console`, `action_keys`, `theme`, `log`, `settings` | the settings, table by table |
//! | `kafka_checks`, `kafka_client`, `kafka_cluster`, `secret_file`, `danger` | checks whether settings fit together, the properties of a client, warnings |
//! | `presets`, `preset_layer`, `event_mapping`, `event_block` | mappings by name, the mapping in effect, and one as text |
//! | `catalogue` | all declarations, found by name |
//! | `given`, `sources`, `file`, `env`, `tree`, `defaults`, `load` | the layers, and how clicktop merges them |
//! | `toml_text`, `render`, `example`, `reference` | the settings in effect, the example file and the reference as text |

mod action_keys;
mod alarm_sections;
mod alarms;
mod attach;
mod catalogue;
mod changes;
mod check;
mod console;
mod danger;
mod defaults;
mod engine_url;
mod enrich;
mod env;
mod error;
mod event_block;
mod event_mapping;
mod event_serde;
mod event_values;
mod events;
mod example;
mod file;
mod folders;
mod foreign;
mod given;
mod index;
mod kafka;
mod kafka_checks;
mod kafka_client;
mod kafka_cluster;
mod kind;
mod load;
mod log;
mod names;
mod pipeline;
mod place;
mod preset_layer;
mod presets;
mod properties;
mod reference;
mod render;
mod schema_registry;
mod secret_file;
mod serve;
mod setting;
mod settings;
mod sources;
mod spark;
mod spark_kafka;
#[cfg(test)]
mod tests;
mod theme;
mod toml_text;
mod tree;
mod units;

pub use action_keys::{ActionKeys, built_in_keys};
pub use alarms::{AlarmSettings, CountAlarm, SilenceAlarm, StageAlarm, TimeAlarm};
pub use attach::AttachSettings;
pub use catalogue::declared_flags;
pub use console::ConsoleSettings;
pub use engine_url::EngineUrl;
pub use enrich::{GeoIpSettings, KeptUsers, PrivacySettings, UserAgentSettings};
pub use error::ConfigError;
pub use event_block::events_block;
pub use events::EventSettings;
pub use example::example;
pub use folders::default_data_dir;
pub use index::{IndexKind, IndexSettings};
pub use kafka::{KafkaSettings, SaslMechanism, SaslSettings, Security, TlsSettings};
pub use kafka_cluster::ClusterKafka;
pub use load::{Loaded, load};
pub use log::{LogFormat, LogRotation, LogSettings};
pub use pipeline::{AggregateSettings, IngestSettings, StoreSettings, Synchronous};
pub use place::{Origin, Origins, Place};
pub use preset_layer::preset_mapping;
pub use presets::{preset_names, preset_text};
pub use properties::Properties;
pub use reference::reference;
pub use schema_registry::SchemaRegistrySettings;
pub use serve::ServeSettings;
pub use settings::Settings;
pub use sources::{Override, Sources};
pub use spark::{EngineKind, SparkSettings};
pub use spark_kafka::ClusterKafkaSettings;
pub use units::{Bytes, format_duration, parse_duration};
