//! The four stages of the local engine, as it declares them to fronts.

use std::fmt;
use std::sync::Arc;

use crate::protocol::stage::{ItemUnit, StageArrow};
use crate::protocol::{StageAction, StageInfo, StageStatus, Stages};

/// The four stages, in the order a click passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    /// Kafka → decoded batches.
    Ingest,
    /// Batches → SQLite.
    Store,
    /// Stored clicks → figures by url × country.
    Aggregate,
    /// Figures → search documents.
    Index,
}

impl Stage {
    /// Every stage, in the order a click passes them.
    pub(crate) const ALL: [Stage; 4] = [Stage::Ingest, Stage::Store, Stage::Aggregate, Stage::Index];

    /// Its id.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Stage::Ingest => "ingest",
            Stage::Store => "store",
            Stage::Aggregate => "aggregate",
            Stage::Index => "index",
        }
    }

    /// The declaration of the stage.
    pub(crate) fn info(self) -> StageInfo {
        let unit =
            |one: &str, many: &str, short: &str| ItemUnit { one: one.into(), many: many.into(), short: short.into() };
        let messages = unit("message", "messages", "msgs");
        let clicks = unit("click", "clicks", "clicks");
        let documents = unit("document", "documents", "docs");
        // Messages wait in the queue until the store takes their clicks.
        let (unit, backlog_unit) = match self {
            Stage::Ingest => (messages.clone(), messages),
            Stage::Store => (clicks, messages),
            Stage::Aggregate => (clicks.clone(), clicks),
            Stage::Index => (documents.clone(), documents),
        };
        // The queue between ingest and store is bounded memory; the other handovers are in the database.
        let feeds = match self {
            Stage::Ingest => Some((Stage::Store, true)),
            Stage::Store => Some((Stage::Aggregate, false)),
            Stage::Aggregate => Some((Stage::Index, false)),
            Stage::Index => None,
        };
        StageInfo {
            id: self.name().into(),
            title: self.name().into(),
            unit,
            backlog_unit,
            actions: vec![StageAction::Start, StageAction::Stop, StageAction::Restart],
            feeds: feeds.map(|(to, waits)| StageArrow { to: to.name().into(), waits }).into_iter().collect(),
            before_figures: self != Stage::Index,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One value for each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PerStage<T> {
    /// Of ingest.
    pub ingest: T,
    /// Of store.
    pub store: T,
    /// Of aggregate.
    pub aggregate: T,
    /// Of index.
    pub index: T,
}

impl<T> PerStage<T> {
    /// Makes each value from its stage.
    pub(crate) fn from_fn(mut make: impl FnMut(Stage) -> T) -> Self {
        Self {
            ingest: make(Stage::Ingest),
            store: make(Stage::Store),
            aggregate: make(Stage::Aggregate),
            index: make(Stage::Index),
        }
    }

    /// The value of `stage`.
    pub(crate) fn get(&self, stage: Stage) -> &T {
        match stage {
            Stage::Ingest => &self.ingest,
            Stage::Store => &self.store,
            Stage::Aggregate => &self.aggregate,
            Stage::Index => &self.index,
        }
    }

    /// The value of `stage`, to change.
    pub(crate) fn get_mut(&mut self, stage: Stage) -> &mut T {
        match stage {
            Stage::Ingest => &mut self.ingest,
            Stage::Store => &mut self.store,
            Stage::Aggregate => &mut self.aggregate,
            Stage::Index => &mut self.index,
        }
    }
}

/// The declarations of every stage.
pub(crate) fn declared() -> PerStage<Arc<StageInfo>> {
    PerStage::from_fn(|stage| Arc::new(stage.info()))
}

/// Every stage before it has done anything.
pub(crate) fn not_started() -> Stages {
    let declared = declared();
    Stage::ALL.into_iter().map(|stage| StageStatus::new(Arc::clone(declared.get(stage)))).collect()
}
