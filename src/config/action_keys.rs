//! `[console.keys]`: the keys of the console's actions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::names::ACTIONS;
use super::setting::{Section, Setting};

/// `[console.keys]`: the keys of each action by the action's name; empty for the built-in keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionKeys(BTreeMap<String, String>);

impl ActionKeys {
    /// Each action with its keys; empty for the built-in keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(action, keys)| (action.as_str(), keys.as_str()))
    }
}

/// Each action with the built-in keys that the example file and the reference name.
pub fn built_in_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    ACTION_KEYS.settings.iter().filter_map(|setting| match setting.kind {
        Kind::Keys(keys) => Some((setting.name(), keys)),
        _ => None,
    })
}

/// The settings of `[console.keys]`.
pub(super) const ACTION_KEYS: Section = Section {
    table: ACTIONS,
    help: "The keys of each action, which replace the built-in ones. One key, or several with spaces between them: \
           \"x\", \"F5\", \"Ctrl-x\", \"Tab\", \"Space\", \"PgUp\". `clicktop keys` shows the resulting table.",
    settings: ALL,
};

const fn action(key: &'static str, built_in: &'static str) -> Setting {
    Setting { key, kind: Kind::Keys(built_in), default: "", help: "", flags: &[] }
}

const ALL: &[Setting] = &[
    action("console.keys.next-panel", "Tab"),
    action("console.keys.previous-panel", "Shift-Tab"),
    action("console.keys.pick-stage-1", "1"),
    action("console.keys.pick-stage-2", "2"),
    action("console.keys.pick-stage-3", "3"),
    action("console.keys.pick-stage-4", "4"),
    action("console.keys.pick-stage-5", "5"),
    action("console.keys.pick-stage-6", "6"),
    action("console.keys.pick-stage-7", "7"),
    action("console.keys.pick-stage-8", "8"),
    action("console.keys.pick-stage-9", "9"),
    action("console.keys.start-stop", "Space"),
    action("console.keys.restart", "r"),
    action("console.keys.start-all", "S"),
    action("console.keys.stop-all", "X"),
    action("console.keys.reset", "R"),
    action("console.keys.shut-down", "Ctrl-q"),
    action("console.keys.up", "Up k"),
    action("console.keys.down", "Down j"),
    action("console.keys.left", "Left h"),
    action("console.keys.right", "Right l"),
    action("console.keys.page-up", "PgUp"),
    action("console.keys.page-down", "PgDn"),
    action("console.keys.half-page-up", "Ctrl-u"),
    action("console.keys.half-page-down", "Ctrl-d"),
    action("console.keys.first", "Home g"),
    action("console.keys.last", "End G"),
    action("console.keys.view-overview", "F1"),
    action("console.keys.view-partitions", "F2"),
    action("console.keys.view-store", "F3"),
    action("console.keys.view-rejects", "F4"),
    action("console.keys.view-search", "F5"),
    action("console.keys.view-log", "F6"),
    action("console.keys.view-map", "F7"),
    action("console.keys.view-cluster", "F8"),
    action("console.keys.view-query", "F9"),
    action("console.keys.view-rounds", "F10"),
    action("console.keys.next-view", "v"),
    action("console.keys.previous-view", "Left"),
    action("console.keys.fleet", "a"),
    action("console.keys.next-pipeline", "]"),
    action("console.keys.previous-pipeline", "["),
    action("console.keys.open-pipeline", "Enter Right"),
    action("console.keys.pipeline-1", "1"),
    action("console.keys.pipeline-2", "2"),
    action("console.keys.pipeline-3", "3"),
    action("console.keys.pipeline-4", "4"),
    action("console.keys.pipeline-5", "5"),
    action("console.keys.pipeline-6", "6"),
    action("console.keys.pipeline-7", "7"),
    action("console.keys.pipeline-8", "8"),
    action("console.keys.pipeline-9", "9"),
    action("console.keys.expand", "z"),
    action("console.keys.zoom-in", "+ ="),
    action("console.keys.zoom-out", "-"),
    action("console.keys.zoom-auto", "0"),
    action("console.keys.previous-event", "<"),
    action("console.keys.next-event", ">"),
    action("console.keys.open-url", "Enter Right"),
    action("console.keys.breakdown", "b"),
    action("console.keys.alarms", "A"),
    action("console.keys.acknowledge", "Enter Space"),
    action("console.keys.acknowledge-all", "a"),
    action("console.keys.next-dimension", "d"),
    action("console.keys.previous-dimension", "D"),
    action("console.keys.open-group", "Enter"),
    action("console.keys.filter", "/"),
    action("console.keys.next-match", "n"),
    action("console.keys.previous-match", "N"),
    action("console.keys.window", "w"),
    action("console.keys.compare", "c"),
    action("console.keys.search-text", "/"),
    action("console.keys.log-level", "f"),
    action("console.keys.sort", "s"),
    action("console.keys.country-urls", "Enter Right"),
    action("console.keys.back", "Esc"),
    action("console.keys.log", "l"),
    action("console.keys.freeze", "p"),
    action("console.keys.mouse", "m"),
    action("console.keys.help", "?"),
    action("console.keys.suspend", "Ctrl-z"),
    action("console.keys.quit", "q"),
    action("console.keys.export", "e"),
    action("console.keys.copy-url", "y"),
    action("console.keys.details", "i"),
    action("console.keys.palette", ":"),
    action("console.keys.theme", "t"),
];
