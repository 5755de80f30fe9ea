//! The whole state of the console.

use std::time::SystemTime;

use super::command_history::CommandHistory;
use super::display::Display;
use super::ending::Ending;
use super::engine::ObservedEngine;
use super::fleet::Fleet;
use super::outgoing::Outgoing;
use super::overlays::{FooterMessage, Overlays};
use super::panel::Overview;
use super::screens::Screens;
use super::selection::Selection;
use super::settings::Settings;
use crate::console::export::TableProgress;
use crate::console::keys::bindings::KeyBindings;
use crate::console::theme::Theme;

/// The whole state of the console. It knows neither terminal nor clock. `update` changes it, event by event.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) theme: Theme,
    pub(crate) keys: KeyBindings,
    /// The time of day at the newest tick or snapshot.
    pub(crate) now: SystemTime,
    pub(crate) engine: ObservedEngine,
    /// The pipelines of the console, if it shows several.
    pub(crate) fleet: Option<Fleet>,
    /// The position of the picked stage in the engine's list.
    pub(crate) picked_stage: usize,
    /// The country, the urls and the order that the user selected.
    pub(crate) selection: Selection,
    pub(crate) overview: Overview,
    /// Which screen is open, and where the user is in each.
    pub(crate) screens: Screens,
    /// What lies over the open screen.
    pub(crate) overlays: Overlays,
    /// The commands that were typed before.
    pub(crate) history: CommandHistory,
    /// A line that replaces the keys in the footer for a while.
    pub(crate) message: Option<FooterMessage>,
    pub(crate) display: Display,
    /// What `terminal` sends and does next.
    pub(crate) outgoing: Outgoing,
    /// The table that is being written to a file.
    pub(crate) table_export: Option<TableProgress>,
    pub(crate) ending: Ending,
    /// The user asked to suspend the process.
    pub(crate) suspend: bool,
}
