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
    /// When each front last asked for the clicks of the last minute.
    pub(super) last_minute: BTreeMap<FrontId, Instant>,
    /// There may be work for the thread that no question tells of.
    pub(super) woken: bool,
}

impl Questions {
    /// The fronts that still want to know the clicks of the last minute.
    pub(super) fn want_minute(&mut self, now: Instant) -> Vec<FrontId> {
        self.last_minute.retain(|_, asked| now.saturating_duration_since(*asked) <= KEPT);
        self.last_minute.keys().copied().collect()
    }
}
