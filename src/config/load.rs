//! Reads the settings from four layers, and a preset below them; a later layer overrides an earlier one.

use std::path::PathBuf;

use super::catalogue;
use super::env;
use super::error::ConfigError;
use super::file;
use super::folders::variable;
use super::given::Given;
use super::names::property_of;
use super::place::Origins;
use super::preset_layer;
use super::properties;
use super::settings::Settings;
use super::sources::Sources;
use super::spark::{EngineKind, warn_of_unused};
use super::tree::Tree;

/// Settings with the place of each value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The place of each value.
    pub origin: Origins,
    /// The config file that was read.
    pub file: Option<PathBuf>,
    /// Variables with clicktop's prefix that are meant for other programs: Kubernetes services, the project's tests.
    pub ignored: Vec<String>,
}

impl Loaded {
    /// Settings that are allowed but dangerous, dangerous places of settings, and settings that do nothing with this engine, one line
    /// each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.settings.warnings();
        self.settings.index.warn_of_places(&self.origin, &mut warnings);
        self.settings.schema_registry.warn_of_places(&self.origin, &mut warnings);
        if self.settings.engine == EngineKind::Spark {
            warn_of_unused(&self.settings.kafka, &self.origin, &mut warnings);
        }
        warnings
    }
}

/// Reads the settings from `sources` over the defaults.
///
/// # Errors
/// Everything that is wrong, as far as it can be found at once: unknown settings, values that do not fit, values that do not
/// fit together. No message holds a secret.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let home = variable(&sources.env, "HOME");
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

    let layers: Vec<Given> = [in_file, in_env, in_flags].into_iter().flatten().collect();
    problems.extend(layers.iter().filter_map(problem_of));
    if let Some(error) = ConfigError::of(problems) {
        return Err(error);
    }
    let layers = [preset_layer::below(&layers)?, layers].concat();
    let mut origin = Origins::default();
    let mut tree = Tree::of_defaults();
    for given in &layers {
        origin.set(&given.key, given.place.clone());
        tree.set(&given.key, given.value.clone());
    }
    let settings = tree.read().map_err(|_| unusable(&layers))?;
    match ConfigError::of(settings.validate(&origin)) {
        Some(error) => Err(error),
        None => Ok(Loaded { settings, origin, file, ignored }),
    }
}

/// The problem of one value by itself.
fn problem_of(given: &Given) -> Option<ConfigError> {
    let advice = property_of(&given.key).and_then(|(table, property)| properties::refusal(table, property));
    if let Some(advice) = advice {
        let (place, key) = (given.place.clone(), given.key.clone());
        return Some(ConfigError::Invalid { place, key, reason: advice.into() });
    }
    let kind = catalogue::kind_of(&given.key);
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

/// The first of `layers` that passes [`problem_of`] and still does not have the type of its setting, without its value.
fn unusable(layers: &[Given]) -> ConfigError {
    let mut tree = Tree::of_defaults();
    let wrong = layers.iter().find(|given| {
        tree.set(&given.key, given.value.clone());
        tree.clone().read().is_err()
    });
    let (place, key) = wrong.map(|given| (given.place.clone(), given.key.clone())).unwrap_or_default();
    let reason = format!("expected {}", catalogue::kind_of(&key).expected());
    ConfigError::Invalid { place, key, reason }
}
