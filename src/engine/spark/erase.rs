//! The reset: every click, reject and figure goes, on the cluster and here. What the streaming query has read of Kafka stays read.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::connect::{ConnectError, Session};
use super::connection::Connection;
use super::rounds::first_row;
use super::sql::{CURSOR_SLICE, Root, Tables};
use crate::storage::Storage;

/// What a reset works with.
pub(super) struct Eraser {
    pub(super) connection: Arc<Connection>,
    pub(super) tables: Arc<Tables>,
    pub(super) root: Root,
    pub(super) storage: Arc<Storage>,
}

impl Eraser {
    /// Deletes everything, in a task of its own. Returns how many clicks there were.
    pub(super) fn erase(&self) -> JoinHandle<Result<u64, String>> {
        let (connection, storage) = (Arc::clone(&self.connection), Arc::clone(&self.storage));
        let (tables, root) = (Arc::clone(&self.tables), self.root.clone());
        tokio::spawn(async move {
            let session = connection.session().await.map_err(|error| error.to_string())?;
            let deleted = on_the_cluster(&session, &tables, &root).await.map_err(|error| {
                connection.failed(&error);
                error.to_string()
            })?;
            // Last: if this fails, the next reset repeats what is done already.
            let here = tokio::task::spawn_blocking(move || storage.erase_events().map_err(|error| error.to_string()));
            here.await.map_err(|error| error.to_string())??;
            Ok(deleted)
        })
    }
}

/// Deletes the rows of every table, and moves the cursor past the deletion. The stages are stopped meanwhile, so no round of this
/// clicktop counts in between.
async fn on_the_cluster(session: &Session, tables: &Tables, root: &Root) -> Result<u64, ConnectError> {
    let counted = number(session, format!("SELECT count(slice) AS n FROM delta.`{root}/clicks`"), "n").await?;
    session.command(format!("DELETE FROM delta.`{root}/clicks`")).await?;
    let newest = number(session, tables.newest_version("clicks"), "version").await?;
    for table in ["pairs", "figures", "rounds"] {
        session.command(format!("DELETE FROM delta.`{root}/{table}`")).await?;
    }
    session
        .command(format!(
            "INSERT OVERWRITE delta.`{root}/pages` SELECT {CURSOR_SLICE} AS slice, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, \
             {newest}L AS clicks, 0L AS sum_ms, {first}L AS known, 0L AS first_ms, 0L AS last_ms",
            first = i32::MIN
        ))
        .await?;
    let pages = number(session, tables.newest_version("pages"), "version").await?;
    // The figures hold nothing of the pages up to here.
    session
        .command(format!(
            "INSERT INTO delta.`{root}/figures` SELECT {newest}L AS round, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, \
             {pages}L AS clicks, 0L AS users, 0L AS sum_ms, 0L AS known, 0L AS first_ms, 0L AS last_ms"
        ))
        .await?;
    Ok(u64::try_from(counted).unwrap_or(0))
}

async fn number(session: &Session, statement: String, name: &str) -> Result<i64, ConnectError> {
    let [number] = first_row(session, statement, [name]).await?;
    Ok(number.unwrap_or(0))
}
