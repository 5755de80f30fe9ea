//! Creates the tables in the root, or finds out whether those that are there fit.

use std::time::Duration;

use arrow_array::StringArray;

use super::connect::{ConnectError, Session, column};
use super::options::SparkOptions;
use super::rounds::lost_race;
use super::sql::{Root, SCHEMA, Slices, Tables};

/// The table that is made last.
const LAST: &str = "rounds";

/// How often the tables are looked at and made, and the pause after somebody else was at it.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Why the tables cannot be used: a refusal in one line, or a call that failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TablesError {
    /// A call failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server does not know Delta Lake.
    #[error(
        "the Spark server does not know Delta Lake: start it with --packages io.delta:delta-spark_4.2_2.13:4.4.0 and \
         spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension ({cause})"
    )]
    NoDelta {
        /// What Spark says.
        cause: String,
    },
    /// The cluster cannot make the tables.
    #[error("the cluster cannot make its tables in spark.root: {cause}")]
    NotMade {
        /// What Spark says.
        cause: String,
    },
    /// A newer clicktop has made the tables.
    #[error(
        "the tables in spark.root are of a newer clicktop (schema {found}; this one knows up to {SCHEMA}); update clicktop"
    )]
    Newer {
        /// Their schema version.
        found: i32,
    },
    /// The slices are of another length.
    #[error(
        "the tables in spark.root have slices of {found} ms, and spark.slice says {wanted} ms; set spark.slice to the former, or \
         choose another spark.root"
    )]
    Slices {
        /// In the tables, in milliseconds.
        found: i64,
        /// In the settings, in milliseconds.
        wanted: i64,
    },
}

impl TablesError {
    /// Whether waiting may mend it.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Connect(error) if super::connection::may_pass(error))
    }
}

/// Makes sure that every table is there and fits.
///
/// # Errors
/// See [`TablesError`].
pub(super) async fn ensure(session: &Session, options: &SparkOptions, tables: &Tables) -> Result<(), TablesError> {
    let (root, slices) = (&options.root, options.slices);
    let mut race = None;
    for _ in 0..TRIES {
        let found = properties(session, root, "clicks").await?;
        if let Some(found) = &found {
            // What is there and does not fit must be told before anything is made beside it.
            check(found, slices)?;
            if properties(session, root, LAST).await?.is_some() {
                return Ok(());
            }
        }
        match make(session, tables).await {
            Err(error) if is_race(&error) => {
                tokio::time::sleep(PAUSE).await;
                race = Some(error);
            }
            made => made.map_err(refusal)?,
        }
    }
    Err(race.map_or(TablesError::NotMade { cause: "they are not there after all".to_owned() }, refusal))
}

async fn make(session: &Session, tables: &Tables) -> Result<(), ConnectError> {
    for statement in tables.setup() {
        session.command(statement).await?;
    }
    Ok(())
}

/// Whether somebody else makes the same table at the same time: another stage, or another console.
fn is_race(error: &ConnectError) -> bool {
    let races = [
        "DELTA_PROTOCOL_CHANGED",
        "DELTA_METADATA_CHANGED",
        "DELTA_TABLE_ALREADY_EXISTS",
        "TABLE_OR_VIEW_ALREADY_EXISTS",
        // The other one has made the folder, and not yet the table in it.
        "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION",
    ];
    lost_race(error) || races.iter().any(|class| error.is_class(class))
}

/// The properties of a table; `None` if it is not there.
pub(super) async fn properties(session: &Session, root: &Root, table: &str) -> Result<Option<Vec<(String, String)>>, TablesError> {
    let statement = format!("SHOW TBLPROPERTIES delta.`{root}/{table}`");
    let found = match session.rows(statement).all(1000).await {
        Ok(found) => found,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(refusal(error)),
    };
    let mut properties = Vec::new();
    for batch in &found {
        let (keys, values) = (column::<StringArray>(batch, "key")?, column::<StringArray>(batch, "value")?);
        properties.extend(
            keys.iter().zip(values).filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or("").to_owned()))),
        );
    }
    Ok(Some(properties))
}

/// Whether `error` says that a table is not there.
pub(super) fn is_missing(error: &ConnectError) -> bool {
    [
        "TABLE_OR_VIEW_NOT_FOUND",
        "DELTA_TABLE_NOT_FOUND",
        "DELTA_MISSING_DELTA_TABLE",
        "DELTA_PATH_DOES_NOT_EXIST",
        "PATH_NOT_FOUND",
        "DELTA_TABLE_ONLY_OPERATION",
    ]
    .iter()
    .any(|class| error.is_class(class))
}

fn check(properties: &[(String, String)], slices: Slices) -> Result<(), TablesError> {
    let number = |name: &str| {
        let found = properties.iter().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.parse::<i64>().ok())
    };
    let schema = number("clicktop.schema").unwrap_or(0);
    if schema > i64::from(SCHEMA) {
        return Err(TablesError::Newer { found: i32::try_from(schema).unwrap_or(i32::MAX) });
    }
    match number("clicktop.slice_ms") {
        Some(found) if found != slices.millis() => Err(TablesError::Slices { found, wanted: slices.millis() }),
        Some(_) => Ok(()),
        None => Err(TablesError::NotMade { cause: "the table clicks there is not of clicktop".to_owned() }),
    }
}

/// `error` in words that say what to do.
fn refusal(error: ConnectError) -> TablesError {
    match &error {
        ConnectError::Spark(spark) if spark.retryable => TablesError::Connect(error),
        ConnectError::Spark(spark) => {
            let cause = spark.first_line().to_owned();
            let about_delta = cause.contains("data source: delta") || cause.contains("`delta`");
            if error.is_class("DATA_SOURCE_NOT_FOUND")
                || error.is_class("UNSUPPORTED_DATASOURCE_FOR_DIRECT_QUERY")
                || error.is_class("DELTA_CONFIGURE_SPARK_SESSION_WITH_EXTENSION_AND_CATALOG")
                || (about_delta && error.is_class("TABLE_OR_VIEW_NOT_FOUND"))
            {
                return TablesError::NoDelta { cause };
            }
            TablesError::NotMade { cause }
        }
        _ => TablesError::Connect(error),
    }
}
