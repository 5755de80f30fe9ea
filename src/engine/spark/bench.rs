//! What tests and benchmarks outside this crate ask a cluster. The feature `bench-support` compiles this module; the program leaves it
//! out.

use arrow_array::{Int64Array, StringArray};

use super::connect::{ConnectError, ConnectOptions, ConnectUrl, Session, SessionId, column};
use super::erase;
use super::rounds::{Rounds, first_row};
use super::sql::{Root, Slices, Tables};

/// A row of figures: url, country, clicks, users, and the mean time spent in seconds if one is known.
pub type Row = (String, String, u64, u64, Option<f64>);

/// The figures of all clicks in the tables below `root`, by the batch query on the cluster.
///
/// # Errors
/// One line: the server cannot be reached, or a statement fails.
pub async fn batch_figures(url: &str, root: &str, session_timeout_ms: i64) -> Result<Vec<Row>, String> {
    let url: ConnectUrl = url.parse().map_err(|error| format!("{error}"))?;
    let root: Root = root.parse().map_err(|error| format!("{error}"))?;
    let tables = Tables::new(root, Slices::of_minutes(60), session_timeout_ms);
    figures(&url, &tables).await.map_err(|error| error.to_string())
}

/// How many clicks and how many rejects the table below `root` holds, copies included.
///
/// # Errors
/// One line: the server cannot be reached, or the query fails.
pub async fn stored_messages(url: &str, root: &str) -> Result<(u64, u64), String> {
    let url: ConnectUrl = url.parse().map_err(|error| format!("{error}"))?;
    let root: Root = root.parse().map_err(|error| format!("{error}"))?;
    counts(&url, &root).await.map_err(|error| error.to_string())
}

/// Begins a reset of the tables below `root`, and ends behind so many of its steps, as a console does that is killed in the middle.
///
/// # Errors
/// One line: the server cannot be reached, or a statement fails.
pub async fn begin_reset(url: &str, root: &str, steps: usize) -> Result<(), String> {
    let url: ConnectUrl = url.parse().map_err(|error| format!("{error}"))?;
    let root: Root = root.parse().map_err(|error| format!("{error}"))?;
    let tables = Tables::new(root, Slices::of_minutes(60), 0);
    erase_in_part(&url, &tables, steps).await.map_err(|error| error.to_string())
}

async fn erase_in_part(url: &ConnectUrl, tables: &Tables, steps: usize) -> Result<(), ConnectError> {
    let session = Session::connect(url, SessionId(uuid::Uuid::new_v4()), &ConnectOptions::default()).await?;
    let rounds = Rounds { session: &session, tables };
    erase::begin(&rounds).await?;
    let mark = rounds.cursor(None).await?;
    let pages = rounds.newest("pages").await?;
    for (application, statement) in tables.erase(pages).into_iter().take(steps).filter(|_| mark.erasing) {
        rounds.once(application, mark.overwriting_transaction(), statement).await?;
    }
    session.release().await
}

async fn counts(url: &ConnectUrl, root: &Root) -> Result<(u64, u64), ConnectError> {
    let session = Session::connect(url, SessionId(uuid::Uuid::new_v4()), &ConnectOptions::default()).await?;
    let query = format!("SELECT count(slice) AS clicks, count(reason) AS rejects FROM delta.`{root}/clicks`");
    let counts = first_row(&session, query, ["clicks", "rejects"]).await?;
    session.release().await?;
    let [clicks, rejects] = counts.map(|count| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0));
    Ok((clicks, rejects))
}

/// Ends the session that the consoles of `root` share, as the server does when it has expired. Its id is refused from then on, and its
/// queries stop.
///
/// # Errors
/// One line: the server cannot be reached, or has ended the session already.
pub async fn expire_session(url: &str, root: &str) -> Result<(), String> {
    let url: ConnectUrl = url.parse().map_err(|error| format!("{error}"))?;
    let id = SessionId::for_root(root, 0);
    let session = Session::connect(&url, id, &ConnectOptions::default()).await.map_err(|error| error.to_string())?;
    session.release().await.map_err(|error| error.to_string())
}

/// The run of the streaming query of `root`, which is also the group of its jobs; `None` if it does not run.
///
/// # Errors
/// One line: the server cannot be reached.
pub async fn streaming_run(url: &str, root: &str) -> Result<Option<String>, String> {
    let url: ConnectUrl = url.parse().map_err(|error| format!("{error}"))?;
    let id = SessionId::for_root(root, 0);
    let session = Session::connect(&url, id, &ConnectOptions::default()).await.map_err(|error| error.to_string())?;
    let active = session.active_queries().await.map_err(|error| error.to_string())?;
    Ok(active.first().map(|query| query.run.run.to_string()))
}

async fn figures(url: &ConnectUrl, tables: &Tables) -> Result<Vec<Row>, ConnectError> {
    let id = SessionId(uuid::Uuid::new_v4());
    let session = Session::connect(url, id, &ConnectOptions::default()).await?;
    let mut newest = 0;
    for batch in session.rows(tables.newest_version("clicks")).all(1).await? {
        newest = column::<Int64Array>(&batch, "version")?.iter().flatten().next().unwrap_or(newest);
    }
    let mut found = Vec::new();
    let mut rows = session.rows(tables.batch(newest));
    while let Some(batch) = rows.next().await? {
        let (urls, countries) = (column::<StringArray>(&batch, "url")?, column::<StringArray>(&batch, "country")?);
        let number = |name| column::<Int64Array>(&batch, name);
        let (clicks, users, sums, known) = (number("clicks")?, number("users")?, number("sum_ms")?, number("known")?);
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        found.extend((0..batch.num_rows()).map(|row| {
            let mean = (known.value(row) > 0).then(|| sums.value(row) as f64 / 1000.0 / known.value(row) as f64);
            let (url, country) = (urls.value(row).to_owned(), countries.value(row).to_owned());
            (url, country, count(clicks.value(row)), count(users.value(row)), mean)
        }));
    }
    session.release().await?;
    Ok(found)
}

/// Runs a statement on the cluster.
///
/// # Errors
/// One line: the server cannot be reached, or the statement fails.
pub async fn command(url: &str, statement: String) -> Result<(), String> {
    let url: ConnectUrl = url.parse().map_err(|error| format!("{error}"))?;
    let id = SessionId(uuid::Uuid::new_v4());
    let session = Session::connect(&url, id, &ConnectOptions::default()).await.map_err(|error| error.to_string())?;
    session.command(statement).await.map_err(|error| error.to_string())?;
    session.release().await.map_err(|error| error.to_string())
}
