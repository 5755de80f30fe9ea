//! The layer of a preset, between the defaults and the file.

use std::path::Path;

use toml::Value;

use super::catalogue;
use super::error::ConfigError;
use super::events::{FORM, PRESET, SOURCES, is_of_mapping};
use super::file;
use super::given::Given;
use super::place::{Origin, Place};
use super::presets::{COMBINED, NINE, W3C, known, preset_text};
use super::tree::Tree;
use crate::click::mapping::Mapping;

/// The settings of the preset that `layers` name, or, if they map no field, of the one that their form implies.
///
/// # Errors
/// The preset's file is wrong: no preset of ours is.
pub(super) fn below(layers: &[Given]) -> Result<Vec<Given>, ConfigError> {
    match named(layers).or_else(|| implied(layers)) {
        Some(name) => settings(name),
        None => Ok(Vec::new()),
    }
}

fn last<'a>(layers: &'a [Given], key: &str) -> Option<&'a Value> {
    layers.iter().rfind(|given| given.key == key).map(|given| &given.value)
}

fn named(layers: &[Given]) -> Option<&'static str> {
    known(last(layers, PRESET)?.as_str()?)
}

/// A log has a preset of its own, and what else is set without a field is meant for our own fields.
fn implied(layers: &[Given]) -> Option<&'static str> {
    let is_set = |key: &str| last(layers, key).is_some_and(|value| value.as_str() != Some(""));
    if SOURCES.into_iter().any(is_set) {
        return None;
    }
    let changes = |given: &Given| {
        let default = catalogue::find(&given.key).map(|setting| setting.kind.value_of(setting.default));
        is_of_mapping(&given.key) && default.as_ref() != Some(&given.value)
    };
    match last(layers, FORM).and_then(Value::as_str) {
        Some("combined") => Some(COMBINED),
        Some("w3c") => Some(W3C),
        Some("tsv") => Some(NINE),
        _ => layers.iter().any(|given| given.key != FORM && changes(given)).then_some(NINE),
    }
}

/// The settings of the preset `name`, each with the preset as its origin.
fn settings(name: &'static str) -> Result<Vec<Given>, ConfigError> {
    let mut problems = Vec::new();
    let mut settings = file::parse(Path::new(name), preset_text(name).unwrap_or_default(), None, &mut problems)?;
    for given in &mut settings {
        given.place = Place { origin: Origin::Preset(name), line: given.place.line };
    }
    match ConfigError::of(problems) {
        Some(error) => Err(error),
        None => Ok(settings),
    }
}

/// The mapping of the preset `name`; `None` if there is no such preset.
pub fn preset_mapping(name: &str) -> Option<Mapping> {
    let mut tree = Tree::of_defaults();
    for given in settings(known(name)?).ok()? {
        tree.set(&given.key, given.value);
    }
    Some(tree.read().ok()?.events.as_mapping())
}
