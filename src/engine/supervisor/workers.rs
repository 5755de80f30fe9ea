//! The workers of an engine, in the order in which items pass their stages.

use super::worker::Worker;
use crate::protocol::StageId;

/// Every worker of an engine.
pub(crate) struct Workers(Vec<Worker>);

impl Workers {
    /// `workers` stand in the order in which items pass them.
    pub(crate) fn new(workers: Vec<Worker>) -> Self {
        Self(workers)
    }

    /// The worker of the stage with this id; `None` if the engine has no such stage.
    pub(crate) fn get(&self, name: &str) -> Option<&Worker> {
        self.0.iter().find(|worker| worker.handle.name() == name)
    }

    /// The same, to change.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Worker> {
        self.0.iter_mut().find(|worker| worker.handle.name() == name)
    }

    /// The name of a stage as the engine spells it; `None` if the engine has no such stage.
    pub(crate) fn name_of(&self, id: &StageId) -> Option<&'static str> {
        self.get(id.as_str()).map(|worker| worker.handle.name())
    }

    /// Every worker, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Worker> {
        self.0.iter()
    }

    /// The same, to change.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Worker> {
        self.0.iter_mut()
    }

    /// The names of every stage, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|worker| worker.handle.name())
    }

    /// The first worker whose thread is alive.
    pub(crate) fn first_alive(&self) -> Option<&Worker> {
        self.0.iter().find(|worker| worker.is_alive())
    }
}
