//! Several fronts on one engine. Each front has a view and questions of its own, and gets snapshots with its own board and answers.
//!
//! The console or headless run of this process is the own front: it uses the channels of [`EngineHandle`](super::EngineHandle) as if it
//! were alone. Every other front joins through [`Fronts`]. An engine makes equal views and equal questions once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::{mpsc, oneshot, watch};

use crate::protocol::{Question, Snapshot, View};

/// The most different views that joined fronts may have at once: each costs the engine time.
pub const MOST_VIEWS: usize = 16;

/// The most different questions of one kind that joined fronts may have at once.
pub const MOST_QUESTIONS: usize = 16;

/// The most fronts that may have joined at once.
pub const MOST_FRONTS: usize = 64;

/// Identifies a front of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrontId(u64);

impl FrontId {
    /// The front in the engine's own process.
    pub const OWN: Self = Self(0);

    /// A front that has joined; for tests of parts of an engine.
    #[cfg(test)]
    pub(crate) const fn joined(number: u64) -> Self {
        Self(number)
    }
}

/// Why the engine does not take a front, its view or its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontRefused {
    /// The fronts look at too many different views.
    #[error(
        "the consoles look at {MOST_VIEWS} different views already, and each costs the pipeline time: take the country, order, window and \
         filter of another console, or close one"
    )]
    Views,
    /// The fronts ask too many different questions.
    #[error(
        "the consoles ask {MOST_QUESTIONS} different questions of this kind already: ask again later, or close one"
    )]
    Questions,
    /// Too many fronts have joined.
    #[error("{MOST_FRONTS} consoles and streams are connected already: close one")]
    Fronts,
    /// The engine has ended.
    #[error("the pipeline has ended")]
    Ended,
}

type Reply = oneshot::Sender<Result<(), FrontRefused>>;

/// What a front asks of the supervisor.
#[derive(Debug)]
pub(crate) enum FrontRequest {
    /// Takes a front in, which gets its snapshots through this sender.
    Join(FrontId, View, watch::Sender<Arc<Snapshot>>, Reply),
    /// Changes its view.
    View(FrontId, View, Reply),
    /// Asks a question.
    Ask(FrontId, Question, Reply),
    /// Forgets it.
    Leave(FrontId),
}

/// Takes fronts in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fronts {
    last: Arc<AtomicU64>,
    requests: mpsc::UnboundedSender<FrontRequest>,
}

impl Fronts {
    /// The door of an engine, and the requests that come through it.
    ///
    /// The channel has no bound, but what waits in it has one: a front waits for each reply before it asks again.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<FrontRequest>) {
        let (requests, received) = mpsc::unbounded_channel();
        (Self { last: Arc::default(), requests }, received)
    }

    /// A door that takes nobody in, for an engine that has only its own front.
    pub fn closed() -> Self {
        Self::new().0
    }

    /// Joins with `view`. The front leaves when it is dropped.
    ///
    /// # Errors
    /// There are too many fronts or views, or the engine has ended.
    pub async fn join(&self, view: View) -> Result<Front, FrontRefused> {
        let id = FrontId(self.last.fetch_add(1, Relaxed) + 1);
        let (sender, snapshots) = watch::channel(Arc::default());
        // If this future is dropped before the reply, `front` still leaves.
        let front = Front { id, snapshots, requests: self.requests.clone() };
        front.request(|reply| FrontRequest::Join(id, view, sender, reply)).await?;
        Ok(front)
    }
}

/// A front that has joined an engine.
#[derive(Debug)]
pub struct Front {
    id: FrontId,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    requests: mpsc::UnboundedSender<FrontRequest>,
}

impl Front {
    /// The newest snapshot with this front's board and answers. The channel closes once the engine has ended.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Shows another view.
    ///
    /// # Errors
    /// There are too many different views, or the engine has ended; the old view stays.
    pub async fn show(&self, view: View) -> Result<(), FrontRefused> {
        self.request(|reply| FrontRequest::View(self.id, view, reply)).await
    }

    /// Asks a question; it takes the place of the front's last one of its kind.
    ///
    /// # Errors
    /// There are too many different questions, or the engine has ended.
    pub async fn ask(&self, question: Question) -> Result<(), FrontRefused> {
        self.request(|reply| FrontRequest::Ask(self.id, question, reply)).await
    }

    async fn request(&self, request: impl FnOnce(Reply) -> FrontRequest) -> Result<(), FrontRefused> {
        let (reply, replied) = oneshot::channel();
        self.requests.send(request(reply)).map_err(|_| FrontRefused::Ended)?;
        replied.await.unwrap_or(Err(FrontRefused::Ended))
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // An engine that has ended has no fronts.
        let _ = self.requests.send(FrontRequest::Leave(self.id));
    }
}
