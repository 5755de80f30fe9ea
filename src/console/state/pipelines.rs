//! The pipelines of one console: a state of its own for each, one of them on the terminal.

use std::sync::Arc;

use super::app::App;
use super::fleet::{Fleet, PipelineLine};
use super::screen::Screen;
use crate::console::keys::bindings::KeyBindings;

/// The pipelines of one console, one of them on the terminal. There is at least one.
#[derive(Debug)]
pub(crate) struct Pipelines {
    pub(in crate::console) apps: Vec<App>,
    pub(in crate::console) shown: usize,
}

impl Pipelines {
    /// One pipeline.
    pub(crate) fn one(app: App) -> Self {
        Self { apps: vec![app], shown: 0 }
    }

    /// The pipelines of `names`, each shown by an app that `app` makes. The console begins with the list of them. `keys` are the keys
    /// of all apps.
    pub(crate) fn fleet(names: &[Arc<str>], keys: &KeyBindings, mut app: impl FnMut() -> App) -> Self {
        let lines: Vec<_> =
            names.iter().map(|name| PipelineLine { name: Arc::clone(name), ..PipelineLine::default() }).collect();
        let member = |own| {
            let mut app = app();
            app.keys = keys.clone();
            let fleet = Fleet { lines: lines.clone(), own, is_shown: own == 0, ..Fleet::default() };
            app.fleet = Some(fleet);
            app
        };
        let mut apps: Vec<_> = (0..names.len()).map(member).collect();
        match apps.first_mut() {
            Some(first) => first.screens.open = Screen::Fleet,
            None => apps.push(app()),
        }
        Self { apps, shown: 0 }
    }

    /// The pipeline on the terminal.
    pub(crate) fn shown(&self) -> &App {
        &self.apps[self.shown]
    }

    /// The pipeline on the terminal.
    pub(crate) fn shown_mut(&mut self) -> &mut App {
        &mut self.apps[self.shown]
    }

    /// The pipeline at `position`.
    pub(crate) fn get_mut(&mut self, position: usize) -> Option<&mut App> {
        self.apps.get_mut(position)
    }

    /// Every pipeline.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut App> {
        self.apps.iter_mut()
    }
}
