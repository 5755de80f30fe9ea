//! The three stages of the engine on Spark, as it declares them to fronts.

use std::sync::Arc;

use crate::protocol::stage::{ItemUnit, StageArrow};
use crate::protocol::{StageAction, StageInfo, StageStatus, Stages};

/// The three stages, in the order a click passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SparkStage {
    /// Kafka → the Delta table of clicks, by one streaming query on the cluster.
    Stream,
    /// Clicks → figures by url × country, in rounds on the cluster, and home.
    Aggregate,
    /// Figures → search documents, from here.
    Index,
}

impl SparkStage {
    /// Every stage, in the order a click passes them.
    pub(super) const ALL: [SparkStage; 3] = [SparkStage::Stream, SparkStage::Aggregate, SparkStage::Index];

    /// Its id.
    pub(super) const fn name(self) -> &'static str {
        match self {
            SparkStage::Stream => "stream",
            SparkStage::Aggregate => "aggregate",
            SparkStage::Index => "index",
        }
    }

    /// The declaration of the stage.
    pub(super) fn info(self) -> StageInfo {
        let unit =
            |one: &str, many: &str, short: &str| ItemUnit { one: one.into(), many: many.into(), short: short.into() };
        let unit = match self {
            SparkStage::Stream => unit("message", "messages", "msgs"),
            SparkStage::Aggregate => unit("click", "clicks", "clicks"),
            SparkStage::Index => unit("document", "documents", "docs"),
        };
        let feeds = match self {
            SparkStage::Stream => Some(SparkStage::Aggregate),
            SparkStage::Aggregate => Some(SparkStage::Index),
            SparkStage::Index => None,
        };
        StageInfo {
            id: self.name().into(),
            title: self.name().into(),
            backlog_unit: unit.clone(),
            unit,
            actions: vec![StageAction::Start, StageAction::Stop, StageAction::Restart],
            // Every handover is a table, so no stage waits for the next one.
            feeds: feeds.map(|to| StageArrow { to: to.name().into(), waits: false }).into_iter().collect(),
            before_figures: self != SparkStage::Index,
        }
    }
}

/// One value for each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PerStage<T> {
    pub(super) stream: T,
    pub(super) aggregate: T,
    pub(super) index: T,
}

impl<T> PerStage<T> {
    /// Makes each value from its stage.
    pub(super) fn from_fn(mut make: impl FnMut(SparkStage) -> T) -> Self {
        Self {
            stream: make(SparkStage::Stream),
            aggregate: make(SparkStage::Aggregate),
            index: make(SparkStage::Index),
        }
    }

    /// The value of `stage`.
    pub(super) fn get(&self, stage: SparkStage) -> &T {
        match stage {
            SparkStage::Stream => &self.stream,
            SparkStage::Aggregate => &self.aggregate,
            SparkStage::Index => &self.index,
        }
    }

    /// The value of `stage`, to change.
    pub(super) fn get_mut(&mut self, stage: SparkStage) -> &mut T {
        match stage {
            SparkStage::Stream => &mut self.stream,
            SparkStage::Aggregate => &mut self.aggregate,
            SparkStage::Index => &mut self.index,
        }
    }
}

/// The declarations of every stage.
pub(super) fn declared() -> PerStage<Arc<StageInfo>> {
    PerStage::from_fn(|stage| Arc::new(stage.info()))
}

/// Every stage before it has done anything.
pub(super) fn not_started() -> Stages {
    let declared = declared();
    SparkStage::ALL.into_iter().map(|stage| StageStatus::new(Arc::clone(declared.get(stage)))).collect()
}
