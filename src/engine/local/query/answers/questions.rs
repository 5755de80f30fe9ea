//! The open questions and their newest answers, shared by the desk, the answering thread and the tables.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use super::standing::{KEPT, Standing};
use crate::engine::tables::TableOrder;
use crate::protocol::answer::Answers;
use crate::protocol::question::{PageQuestion, RejectsQuestion, SearchQuestion};

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) questions: Mutex<Questions>,
    /// Wakes the thread.
    pub(super) changed: Condvar,
    /// Wakes the search.
    pub(super) search: Notify,
    pub(super) answers: Mutex<Answers>,
    pub(super) news: Notify,
    pub(super) ended: AtomicBool,
    /// How often everything was forgotten: what was read before is no longer so.
    pub(super) resets: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Questions {
    pub(super) search: Standing<SearchQuestion>,
    pub(super) rejects: Standing<RejectsQuestion>,
    pub(super) page: Standing<PageQuestion>,
    /// A table to hand over, once its rows are there.
    pub(super) table: Option<TableOrder>,
    /// When somebody last asked for the clicks of the last minute.
    pub(super) last_minute: Option<Instant>,
    /// There may be work for the thread that no question tells of.
    pub(super) woken: bool,
}

/// Whether somebody who `asked` for the clicks of the last minute still wants to know.
pub(super) fn wants_minute(asked: Option<Instant>, now: Instant) -> bool {
    asked.is_some_and(|asked| now.saturating_duration_since(asked) <= KEPT)
}
