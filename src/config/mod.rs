//! Settings: what there is to set, read from four layers, the later over the earlier: defaults, config file (TOML),
//! environment (`CLICKTOP_…`), flags. Each setting remembers the layer it came from.
//!
//! | file | holds |
//! |---|---|
//! | `keys` | every setting's key and what it takes |
//! | `source`, `file`, `env` | the layers |
//! | `foreign` | variables that begin as ours do and are for others |
//! | `kafka`, `events`, `pipeline`, `index`, `console`, `theme` | the settings, typed, and what must hold among them |
//! | `units`, `properties` | values that have a unit, or pass through to librdkafka |
//! | `danger` | what of it is allowed and dangerous |
//! | `error`, `render` | what is said about them |

mod console;
mod danger;
mod env;
mod error;
mod events;
mod file;
mod foreign;
mod index;
mod kafka;
mod keys;
mod pipeline;
mod properties;
mod render;
mod source;
#[cfg(test)]
mod tests;
mod theme;
mod units;

use std::path::PathBuf;
use std::time::Duration;

use figment::error::Kind as ProblemKind;
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use serde::{Deserialize, Serialize};

pub use console::{ConsoleSettings, KeySettings, LogSettings};
pub use error::ConfigError;
pub use events::EventSettings;
pub use index::{EngineUrl, IndexKind, IndexSettings};
pub use kafka::{KafkaSettings, SaslMechanism, SaslSettings, Security, TlsSettings};
pub use pipeline::{AggregateSettings, IngestSettings, StoreSettings, Synchronous};
pub use properties::Properties;
pub use source::{Origin, Origins, Override, Place, Sources, default_data_dir};
pub use units::{Bytes, format_duration, parse_duration};

use keys::PROPERTIES;
use source::Given;
use units::{duration, empty_as_none};

/// Every setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the database and the embedded index live; see [`default_data_dir`] if not set.
    #[serde(deserialize_with = "empty_as_none")]
    pub data_dir: Option<PathBuf>,
    /// How long the stages may drain when clicktop ends.
    #[serde(with = "duration")]
    pub shutdown_timeout: Duration,
    /// `[log]`.
    pub log: LogSettings,
    /// `[kafka]`.
    pub kafka: KafkaSettings,
    /// `[events]`.
    pub events: EventSettings,
    /// `[ingest]`.
    pub ingest: IngestSettings,
    /// `[store]`.
    pub store: StoreSettings,
    /// `[aggregate]`.
    pub aggregate: AggregateSettings,
    /// `[index]`.
    pub index: IndexSettings,
    /// `[console]`.
    pub console: ConsoleSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: None,
            shutdown_timeout: Duration::from_secs(30),
            log: LogSettings::default(),
            kafka: KafkaSettings::default(),
            events: EventSettings::default(),
            ingest: IngestSettings::default(),
            store: StoreSettings::default(),
            aggregate: AggregateSettings::default(),
            index: IndexSettings::default(),
            console: ConsoleSettings::default(),
        }
    }
}

impl Settings {
    /// Whether the certificate of the broker (which an embedded one has not) or of the search engine is taken unseen.
    pub fn takes_any_certificate(&self, own_broker: bool) -> bool {
        self.index.takes_any_certificate() || (!own_broker && self.kafka.takes_any_certificate())
    }

    /// What is allowed but dangerous, one line each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let kafka = &self.kafka;
        if kafka.security.uses_tls() && kafka.tls.danger_accept_invalid_certs {
            warnings.push(
                "kafka.tls.danger_accept_invalid_certs is on: anyone between clicktop and the broker can read and change \
                 everything"
                    .into(),
            );
        }
        if kafka.security == Security::SaslPlaintext && kafka.sasl.mechanism == Some(SaslMechanism::Plain) {
            warnings.push(
                "kafka.security is \"sasl_plaintext\" with PLAIN: the password can be read on the way to the broker"
                    .into(),
            );
        }
        kafka.warn(&mut warnings);
        self.index.warn(&mut warnings);
        warnings
    }

    fn validate(&self, origins: &Origins) -> Vec<ConfigError> {
        let mut check = Check { origins, problems: Vec::new() };
        self.log.validate(&mut check);
        self.kafka.validate(&mut check);
        self.index.validate(&mut check);
        self.console.validate(&mut check);
        check.problems
    }
}

/// Settings with where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Where each came from.
    pub origin: Origins,
    /// The config file that was read.
    pub file: Option<PathBuf>,
    /// Variables that begin as clicktop's do and are for others: of a Kubernetes service, or of the project's tests.
    pub ignored: Vec<String>,
}

impl Loaded {
    /// What is allowed but dangerous, one line each: of the settings, and of where they were set.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.settings.warnings();
        self.settings.index.warn_of_places(&self.origin, &mut warnings);
        warnings
    }
}

/// Reads the settings from `sources`, defaults below them all.
///
/// # Errors
/// What is wrong, all of it at once as far as it can be told: unknown settings, values that do not fit, values that do not
/// fit together. No message holds a secret.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let home = source::variable(&sources.env, "HOME");
    let mut problems = Vec::new();
    let (file, in_file) = match file::read(sources)? {
        Some((path, text)) => {
            let given = file::parse(&path, &text, home, &mut problems)?;
            (Some(path), given)
        }
        None => (None, Vec::new()),
    };
    let env::Environment { given: in_env, ignored } = env::read(&sources.env, home, &mut problems);
    let in_flags = env::read_flags(&sources.flags, &mut problems);

    let mut origin = Origins::default();
    let mut figment = Figment::new();
    for layer in [in_file, in_env, in_flags] {
        let mut tree = Dict::new();
        for given in layer {
            if let Some(problem) = problem_of(&given) {
                problems.push(problem);
                continue;
            }
            origin.set(&given.key, given.place.clone());
            given.insert_into(&mut tree);
        }
        figment = figment.merge(Layer(tree));
    }
    if let Some(error) = ConfigError::of(problems) {
        return Err(error);
    }
    let settings: Settings = figment.extract().map_err(|error| unusable(&error, &origin))?;
    match ConfigError::of(settings.validate(&origin)) {
        Some(error) => Err(error),
        None => Ok(Loaded { settings, origin, file, ignored }),
    }
}

/// What is wrong with one value by itself.
fn problem_of(given: &Given) -> Option<ConfigError> {
    let property = given.key.strip_prefix(PROPERTIES).and_then(|rest| rest.strip_prefix('.'));
    if let Some(advice) = property.and_then(properties::refusal) {
        let (place, key) = (given.place.clone(), given.key.clone());
        return Some(ConfigError::Invalid { place, key, reason: advice.into() });
    }
    let kind = keys::kind_of(&given.key);
    if kind.takes(&given.value) {
        return None;
    }
    Some(ConfigError::WrongValue {
        place: given.place.clone(),
        key: given.key.clone(),
        expected: kind.expected(),
        found: kind.found(&given.key, &given.value),
    })
}

/// A value that passed [`problem_of`] and still does not fit its type: named by its key, without the value.
fn unusable(error: &figment::Error, origins: &Origins) -> ConfigError {
    let key = error.path.join(".");
    let reason = match &error.kind {
        ProblemKind::InvalidType(_, expected) | ProblemKind::InvalidValue(_, expected) => {
            format!("expected {expected}")
        }
        ProblemKind::UnknownVariant(_, words) => format!("expected one of {}", words.join(", ")),
        _ => "does not fit this setting".into(),
    };
    ConfigError::Invalid { place: origins.place(&key), key, reason }
}

/// One layer as figment merges it.
struct Layer(Dict);

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("clicktop")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.0.clone())]))
    }
}

/// Collects what does not fit together.
struct Check<'a> {
    origins: &'a Origins,
    problems: Vec<ConfigError>,
}

impl Check<'_> {
    /// The setting `key` cannot stay as it is, for this reason.
    fn refuse(&mut self, key: &str, reason: impl Into<String>) {
        let place = self.origins.place(key);
        self.problems.push(ConfigError::Invalid { place, key: key.into(), reason: reason.into() });
    }

    /// Two settings that say the same thing twice.
    fn exclusive<A, B>(&mut self, (first, a): (&str, &Option<A>), (second, b): (&str, &Option<B>)) {
        if a.is_some() && b.is_some() {
            self.refuse(first, format!("and {second} are both set; keep one (\"\" unsets the other)"));
        }
    }
}
