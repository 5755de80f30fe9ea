//! The streams that are open, by their ids: what a client changes while its stream lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::engine::front::Front;

/// The open streams. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<Uuid, Arc<Control>>>>);

/// What a client changes of its stream.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) front: Front,
    /// The number of the newest line that the client has taken.
    seen: AtomicU64,
    moved: Notify,
}

/// A stream in the list, until it is dropped.
#[derive(Debug)]
pub(super) struct Listed {
    streams: Streams,
    pub(super) id: Uuid,
    pub(super) control: Arc<Control>,
}

impl Streams {
    /// Lists a stream under an id that nobody guesses.
    pub(super) fn list(&self, front: Front) -> Listed {
        let id = Uuid::new_v4();
        let control = Arc::new(Control { front, seen: AtomicU64::new(0), moved: Notify::new() });
        self.0.lock().insert(id, Arc::clone(&control));
        Listed { streams: self.clone(), id, control }
    }

    /// Whether no stream is open.
    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    /// The stream with this id.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Control>> {
        let id = Uuid::try_parse(id).ok()?;
        self.0.lock().get(&id).cloned()
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.streams.0.lock().remove(&self.id);
    }
}

impl Control {
    /// The client has taken the line with this number, and all before it.
    pub(super) fn saw(&self, number: u64) {
        self.seen.fetch_max(number, SeqCst);
        self.moved.notify_one();
    }

    /// Waits until at most `most` of the lines up to `sent` are on their way.
    pub(super) async fn wait_for_room(&self, sent: u64, most: u64) {
        while sent.saturating_sub(self.seen.load(SeqCst)) > most {
            self.moved.notified().await;
        }
    }
}
