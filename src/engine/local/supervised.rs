//! The local engine as the supervisor sees it: its snapshots, its answers, and its database.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::query::answers::AnswerDesk;
use super::query::board::BoardSlots;
use super::stage::PerStage;
use super::stages::ingest::LagWatchGuard;
use super::status::publisher::Publisher;
use crate::engine::front::FrontId;
use crate::engine::stages::handle::StageHandle;
use crate::engine::supervisor::supervised::{Phase, Supervised};
use crate::engine::tables::TableOrder;
use crate::protocol::answer::Answers;
use crate::protocol::board::Board;
use crate::protocol::{Question, Snapshot, View};

/// The parts of the local engine that are no stage.
pub(super) struct LocalEngine {
    pub handles: PerStage<StageHandle>,
    pub publisher: Publisher,
    pub desk: AnswerDesk,
    pub boards: BoardSlots,
    /// Ends the watch of the lag when the engine is dropped.
    pub _lag_watch: Option<LagWatchGuard>,
}

impl Supervised for LocalEngine {
    fn left_at_the_end(&self) -> Option<&'static str> {
        let left = self.publisher.left_at_the_end().or_else(|| self.publisher.left_of_a_backlog());
        left.map(|stage| stage.name())
    }

    async fn snapshot(&mut self, phase: Phase<'_>) -> Snapshot {
        self.handles.index.set_flooded(self.publisher.reads_backlog());
        self.publisher.snapshot(&self.handles, self.desk.answers(FrontId::OWN), phase).await
    }

    fn set_view(&mut self, front: FrontId, view: View) {
        self.boards.set_view(front, view);
        self.desk.view_changed();
    }

    fn ask(&mut self, front: FrontId, question: Question) {
        self.desk.ask(front, question);
    }

    fn leave(&mut self, front: FrontId) {
        self.boards.leave(front);
        self.desk.leave(front);
    }

    fn shown(&self, front: FrontId) -> (Arc<Board>, Answers) {
        (self.boards.shown(front), self.desk.answers(front))
    }

    fn hand_over(&mut self, order: TableOrder) {
        self.desk.hand_over(order);
    }

    fn news(&self) -> impl Future<Output = ()> + Send + use<> {
        self.desk.news()
    }

    fn erase(&mut self) -> JoinHandle<Result<u64, String>> {
        let storage = Arc::clone(self.publisher.storage());
        // One transaction deletes everything and notes that the search targets must be cleared.
        tokio::task::spawn_blocking(move || storage.erase_events().map_err(|error| error.to_string()))
    }

    fn erased(&mut self) {
        self.publisher.reset();
        self.desk.reset();
        // The store still has to take the messages in its queue, so ingest goes on counting them, as the totals do.
        self.handles.ingest.forget_processed(self.publisher.queued());
    }

    fn reset_ended(&mut self, deleted: Result<u64, String>) {
        self.publisher.reset_ended(deleted);
    }

    async fn end(&mut self) {
        self.desk.end().await;
    }
}
