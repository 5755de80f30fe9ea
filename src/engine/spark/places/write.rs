//! Writes the table of places if the cluster's one is of other databases.

use std::sync::Arc;
use std::time::Instant;

use arrow_array::StringArray;

use super::tree::{self, TreeError};
use crate::engine::spark::connect::{ConnectError, Session, column};
use crate::engine::spark::rounds::lost_race;
use crate::engine::spark::sql::Tables;
use crate::enrich::Places;

/// How often the table is written after others were at it at the same moment.
const TRIES: u32 = 5;

/// Why the table of places cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlacesError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("geoip.database: {0}")]
    Unfit(String),
}

impl PlacesError {
    /// Whether the same call may succeed later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Connect(error) if crate::engine::spark::connection::may_pass(error))
    }
}

impl From<TreeError> for PlacesError {
    fn from(error: TreeError) -> Self {
        Self::Unfit(error.to_string())
    }
}

/// Makes the table of places one of these databases, whose names may have `longest` bytes. `doing` hears of it if that takes work.
///
/// # Errors
/// The databases are too large, or a call fails.
pub(crate) async fn write(
    session: &Session,
    tables: &Tables,
    places: &Arc<Places>,
    longest: usize,
    doing: impl Fn(&str),
) -> Result<(), PlacesError> {
    // With another bound, the names are looked at again.
    let digest = blocking(places, move |places| Ok(format!("{} {longest}", places.digest()))).await?;
    session.command(tables.create_places()).await?;
    let mut race = None;
    for _ in 0..TRIES {
        if written(session, tables).await?.as_deref() == Some(&digest) {
            return Ok(());
        }
        doing("writing the places of addresses for the cluster");
        let begin = Instant::now();
        let text = digest.clone();
        let batches = blocking(places, move |places| tree::rows(places, &text, longest)).await?;
        let mut views = Vec::with_capacity(batches.len());
        for (number, batch) in batches.iter().enumerate() {
            let view = format!("clicktop_places_{number}");
            session.local_view(&view, batch).await?;
            views.push(view);
        }
        drop(batches);
        let written = session.command(tables.write_places(&views)).await;
        // The rows would stay in the memory of the driver.
        for view in &views {
            session.command(format!("DROP VIEW IF EXISTS {view}")).await?;
        }
        match written {
            Ok(_) => {
                let seconds = begin.elapsed().as_secs_f64();
                tracing::info!(target: "geoip", "the cluster has the places of addresses, written in {seconds:.1} s");
                return Ok(());
            }
            Err(error) if lost_race(&error) => race = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    race.map_or(Ok(()), |error| Err(error.into()))
}

/// What stands for the databases of the cluster's table; `None` if it is empty.
async fn written(session: &Session, tables: &Tables) -> Result<Option<String>, ConnectError> {
    let rows = session.rows(tables.places_digest()).all(1).await?;
    let digest = rows.first().map(|batch| column::<StringArray>(batch, "digest")).transpose()?;
    Ok(digest.and_then(|column| column.iter().flatten().next().map(str::to_owned)))
}

/// Works with the databases on a thread of its own: it takes seconds.
async fn blocking<T: Send + 'static>(
    places: &Arc<Places>,
    work: impl FnOnce(&Places) -> Result<T, TreeError> + Send + 'static,
) -> Result<T, PlacesError> {
    let places = Arc::clone(places);
    let done = tokio::task::spawn_blocking(move || work(&places)).await;
    Ok(done.map_err(|error| PlacesError::Unfit(format!("the databases cannot be read: {error}")))??)
}
