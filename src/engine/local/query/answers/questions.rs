//! The open questions and their newest answers, shared by the desk, the answering thread and the tables.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use super::standing::{KEPT, Standings};
use crate::engine::front::FrontId;
use crate::engine::tables::TableOrder;
use crate::protocol::answer::Answers;
use crate::protocol::breakdown::BreakdownQuestion;
use crate::protocol::question::{ClickQuestion, PageQuestion, RejectsQuestion, SearchQuestion};

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) questions: Mutex<Questions>,
    /// Wakes the thread.
    pub(super) changed: Condvar,
    /// Wakes the thread that counts breakdowns.
    pub(super) breakdown_asked: Condvar,
    /// Wakes the search.
    pub(super) search: Notify,
    /// Wakes whoever follows clicks.
    pub(super) click_asked: Notify,
    /// The newest answers of each front.
    pub(super) answers: Mutex<BTreeMap<FrontId, Answers>>,
    pub(super) news: Notify,
    pub(super) ended: AtomicBool,
    /// How often everything was forgotten: what was read before is no longer so.
    pub(super) resets: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Questions {
    pub(super) search: Standings<SearchQuestion>,
    pub(super) rejects: Standings<RejectsQuestion>,
    pub(super) page: Standings<PageQuestion>,
    pub(super) breakdown: Standings<BreakdownQuestion>,
    pub(super) click: Standings<ClickQuestion>,
    /// A table to hand over, once its rows are there.
    pub(super) table: Option<TableOrder>,
    /// Who asks for the clicks of the last minute.
    pub(super) last_minute: Askers,
    /// Who asks for trends.
    pub(super) trends: Askers,
    /// There may be work for the thread that no question tells of.
    pub(super) woken: bool,
}

/// Fronts that ask for what is told beside the board, and when each last asked.
#[derive(Debug, Default)]
pub(super) struct Askers(BTreeMap<FrontId, Instant>);

impl Askers {
    /// The fronts that still want to know.
    pub(super) fn wanting(&mut self, now: Instant) -> Vec<FrontId> {
        self.0.retain(|_, asked| now.saturating_duration_since(*asked) <= KEPT);
        self.0.keys().copied().collect()
    }

    /// A front asks. Returns whether it did not want to know before.
    pub(super) fn ask(&mut self, front: FrontId, now: Instant) -> bool {
        let is_new = !self.wanting(now).contains(&front);
        self.0.insert(front, now);
        is_new
    }

    /// A front has gone.
    pub(super) fn leave(&mut self, front: FrontId) {
        self.0.remove(&front);
    }

    /// Whether a front asks.
    pub(super) fn contains(&self, front: FrontId) -> bool {
        self.0.contains_key(&front)
    }
}
