//! What comes from the engines: snapshots, news of their connections, and the outcomes of exports.

use std::future::pending;
use std::sync::Arc;

use futures::future::select_all;
use tokio::sync::watch;

use super::table_threads::TableThreads;
use crate::console::export::TableOutcome;
use crate::console::state::app::App;
use crate::console::update::event::Event;
use crate::engine::EngineHandle;
use crate::engine::link::Link;
use crate::protocol::Snapshot;

/// What comes from one engine, and what goes to it.
pub(super) struct Feed<'a> {
    engine: &'a EngineHandle,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    link: Option<watch::Receiver<Link>>,
    /// The tables of this engine that are being written to files.
    pub(super) tables: TableThreads,
}

/// What an engine has brought.
pub(super) enum News {
    /// Something has happened to it.
    Event(Event),
    /// A table is written, or could not be.
    Table(TableOutcome),
}

impl<'a> Feed<'a> {
    pub(super) fn of(engine: &'a EngineHandle) -> Self {
        let (snapshots, link) = (engine.snapshots.clone(), engine.link.clone());
        Self { engine, snapshots, link, tables: TableThreads::new() }
    }

    /// What is known already.
    pub(super) fn first(&mut self) -> Vec<Event> {
        let link = self.link.as_mut().map(|link| Event::Link(link.borrow_and_update().clone()));
        let snapshot = Event::Snapshot(Arc::clone(&self.snapshots.borrow_and_update()));
        link.into_iter().chain([snapshot]).collect()
    }

    /// Hands what waits in `app` to the engine. True if the footer shows a new message.
    pub(super) fn deliver(&self, app: &mut App) -> bool {
        app.deliver(&self.engine.commands, &self.engine.tables)
    }

    async fn next(&mut self) -> News {
        tokio::select! {
            changed = self.snapshots.changed() => News::Event(match changed {
                Ok(()) => Event::Snapshot(Arc::clone(&self.snapshots.borrow_and_update())),
                Err(_) => Event::EngineEnded,
            }),
            link = next_link(&mut self.link) => News::Event(Event::Link(link)),
            Some(outcome) = self.tables.next_outcome() => News::Table(outcome),
        }
    }
}

/// Waits for the next news of any of `feeds`, and tells its position.
pub(super) async fn next_news(feeds: &mut [Feed<'_>]) -> (usize, News) {
    if feeds.is_empty() {
        return pending().await;
    }
    let (news, position, _) = select_all(feeds.iter_mut().map(|feed| Box::pin(feed.next()))).await;
    (position, news)
}

/// Waits until the connection has changed; for ever if the engine is in this process, or has ended.
async fn next_link(link: &mut Option<watch::Receiver<Link>>) -> Link {
    if let Some(link) = link
        && link.changed().await.is_ok()
    {
        return link.borrow_and_update().clone();
    }
    pending().await
}
