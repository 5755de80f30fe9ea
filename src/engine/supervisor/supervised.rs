//! What an engine gives to the supervisor.

use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::engine::front::FrontId;
use crate::engine::tables::TableOrder;
use crate::protocol::answer::Answers;
use crate::protocol::board::Board;
use crate::protocol::{Question, RemoteWork, Snapshot, View};

/// The parts of an engine that differ between engines: its snapshots, its answers and its data. The supervisor runs the stages.
pub(crate) trait Supervised: Send + 'static {
    /// Once a source has nothing more, for ever or for now: the stage that still has work with what it gave. `None` before that, and
    /// after the end.
    fn left_at_the_end(&self) -> Option<&'static str>;

    /// The snapshot of this moment, with the board and the answers of the own front.
    fn snapshot(&mut self, phase: Phase<'_>) -> impl Future<Output = Snapshot> + Send;

    /// Takes the view of a front.
    fn set_view(&mut self, front: FrontId, view: View);

    /// Takes a question of a front.
    fn ask(&mut self, front: FrontId, question: Question);

    /// A front has gone: nothing is made for it any more.
    fn leave(&mut self, front: FrontId);

    /// The board and the answers of a front.
    fn shown(&self, front: FrontId) -> (Arc<Board>, Answers);

    /// Begins to hand over a table.
    fn hand_over(&mut self, order: TableOrder);

    /// Resolves once there is an answer or a board that was not there before.
    fn news(&self) -> impl Future<Output = ()> + Send + use<Self>;

    /// Deletes every click, figure and reject while no stage runs, and notes that the search targets must be cleared. Returns
    /// the number of deleted clicks; an error is one line that says why nothing was deleted.
    fn erase(&mut self) -> JoinHandle<Result<u64, String>>;

    /// The deletion has succeeded: counts begin again.
    fn erased(&mut self);

    /// A reset has ended: it deleted so many clicks, or nothing for this reason.
    fn reset_ended(&mut self, deleted: Result<u64, String>);

    /// A shutdown begins: the stages are asked to end next. `work` says what becomes of work that can go on in a cluster; with `None`
    /// the settings say it.
    fn ending(&mut self, _work: Option<RemoteWork>) {}

    /// Ends everything but the stages, which have ended.
    fn end(&mut self) -> impl Future<Output = ()> + Send;
}

/// What the supervisor is about, for the snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Phase<'a> {
    /// What the drain before the end waits for.
    pub shutting_down: Option<&'a str>,
    /// What the reset waits for.
    pub resetting: Option<&'a str>,
}
