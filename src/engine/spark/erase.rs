//! The reset: every click, reject and figure goes, on the cluster and here. What the streaming query has read of Kafka stays read.
//!
//! The first commit empties the pages and leaves a mark in the cursor. From then on no round counts, on whatever console, before somebody
//! has emptied the other tables and taken the mark away. So a reset that is interrupted anywhere is finished by the next console or round.
//! Each table is emptied once for each reset (see [`Cursor::overwriting_transaction`]): whoever comes late deletes no new click.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::connect::ConnectError;
use super::connection::Connection;
use super::rounds::{Rounds, first_row, lost_race, overtaken};
use super::sql::{Application, Cursor, Tables};
use crate::storage::Storage;

/// How often a statement is tried when others write at the same time, and the pause between two tries.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_millis(300);

/// What a reset works with.
pub(super) struct Eraser {
    pub(super) connection: Arc<Connection>,
    pub(super) tables: Arc<Tables>,
    pub(super) storage: Arc<Storage>,
}

impl Eraser {
    /// Deletes everything, in a task of its own. Returns how many clicks there were.
    pub(super) fn erase(&self) -> JoinHandle<Result<u64, String>> {
        let (connection, storage) = (Arc::clone(&self.connection), Arc::clone(&self.storage));
        let tables = Arc::clone(&self.tables);
        tokio::spawn(async move {
            let session = connection.session().await.map_err(|error| error.to_string())?;
            let rounds = Rounds { session: &session, tables: &tables };
            let deleted = erase(&rounds).await.map_err(|error| {
                connection.failed(&error);
                error.to_string()
            })?;
            // If this fails, the aggregate stage does it: the figures here are of an earlier epoch.
            let here = tokio::task::spawn_blocking(move || storage.erase_events().map_err(|error| error.to_string()));
            here.await.map_err(|error| error.to_string())??;
            Ok(deleted)
        })
    }
}

/// Resets the tables. Returns how many clicks there were.
///
/// # Errors
/// A statement fails. What is done stays done, and [`finish`] does the rest.
pub(super) async fn erase(rounds: &Rounds<'_>) -> Result<u64, ConnectError> {
    let statement = rounds.tables.stored_clicks();
    let [clicks] = first_row(rounds.session, statement, ["clicks"]).await?;
    begin(rounds).await?;
    finish(rounds).await?;
    Ok(clicks.and_then(|clicks| u64::try_from(clicks).ok()).unwrap_or(0))
}

/// Leaves the mark of a reset that begins now.
pub(super) async fn begin(rounds: &Rounds<'_>) -> Result<(), ConnectError> {
    let mut race = None;
    for _ in 0..TRIES {
        // A reset that was interrupted earlier may have deleted the clicks long ago.
        finish(rounds).await?;
        let before = rounds.cursor(None).await?;
        let mark = Cursor { epoch: before.next().turn, erasing: true, ..Cursor::default() };
        let mark = Cursor { turn: mark.epoch, ..mark };
        let statement = rounds.tables.begin_erasing(mark);
        match rounds.once(Application::Pages, mark.transaction(), statement).await {
            // Delta says nothing if it has skipped the statement, because a round was faster.
            Ok(()) if rounds.cursor(None).await?.epoch > before.epoch => return Ok(()),
            Ok(()) => {}
            Err(error) if lost_race(&error) => race = Some(error),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(race.unwrap_or_else(overtaken))
}

/// Finishes a reset that has begun, if there is one. Returns whether there was.
///
/// # Errors
/// A statement fails.
pub(super) async fn finish(rounds: &Rounds<'_>) -> Result<bool, ConnectError> {
    let mut was_there = false;
    for _ in 0..TRIES {
        let mark = rounds.cursor(None).await?;
        if !mark.erasing {
            return Ok(was_there);
        }
        was_there = true;
        // The pages are empty, and stay so as long as the mark is there.
        let pages = rounds.newest("pages").await?;
        for (application, statement) in rounds.tables.erase(pages) {
            patiently(rounds, application, mark.overwriting_transaction(), statement).await?;
        }
        let erased = Cursor { erasing: false, ..mark.next() };
        patiently(rounds, Application::Pages, erased.transaction(), rounds.tables.write_cursor(erased)).await?;
    }
    Err(overtaken())
}

/// Runs a statement until it does not lose against others that write at the same time, such as the streaming query.
async fn patiently(
    rounds: &Rounds<'_>,
    application: Application,
    number: i64,
    statement: String,
) -> Result<(), ConnectError> {
    let mut tries = 0;
    loop {
        match rounds.once(application, number, statement.clone()).await {
            Err(error) if lost_race(&error) && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
