//! What tests and benchmarks outside this crate ask a cluster. The feature `bench-support` compiles this module; the program leaves it
//! out.

use arrow_array::{Int64Array, StringArray};

use super::connect::{ConnectError, ConnectOptions, ConnectUrl, Session, SessionId, column};
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
