//! Creates the tables in the root, or finds out whether those that are there fit. Tables of an older clicktop get what they lack.

use std::time::Duration;

use arrow_array::StringArray;

use super::connect::{ConnectError, Session, column};
use super::manifest::Manifest;
use super::options::SparkOptions;
use super::rounds::lost_race;
use super::sql::{CHANGING, Root, SCHEMA, Slices, Tables};

/// The table that is made last.
const LAST: &str = "agents";

/// How often the tables are looked at and made, and the pause after somebody else was at it.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Rows of the description of a table, at most.
const MOST_COLUMNS: usize = 1000;

/// What to do about a server that does not know Delta Lake.
pub(super) const DELTA_IS_MISSING: &str = "the Spark server does not know Delta Lake: start it with --packages \
    io.delta:delta-spark_4.2_2.13:4.4.0 --conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension --conf \
    spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog; if its Spark is not 4.2, take the \
    package for its version";

/// Why the tables cannot be used: a refusal in one line, or a call that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TablesError {
    /// A call failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server does not know Delta Lake.
    #[error("{DELTA_IS_MISSING} ({cause})")]
    NoDelta {
        /// What Spark says.
        cause: String,
    },
    /// The cluster cannot make the tables.
    #[error(
        "the cluster cannot create its tables in spark.root: {cause}; grant driver and executors the right to write \
         there, or set another spark.root"
    )]
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
        "the tables in spark.root have slices of {found} ms, and spark.slice says {wanted} ms; set spark.slice to \
         {found} ms, or choose another spark.root"
    )]
    Slices {
        /// In the tables, in milliseconds.
        found: i64,
        /// In the settings, in milliseconds.
        wanted: i64,
    },
    /// The figures are counted with another session timeout.
    #[error(
        "the figures in spark.root are counted with a session timeout of {found} ms, and aggregate.session_timeout says {wanted} ms; set \
         aggregate.session_timeout to {found} ms, or count everything anew: stop every clicktop on this root, then run \
         `clicktop rebuild`"
    )]
    Timeout {
        /// Of the tables, in milliseconds.
        found: i64,
        /// In the settings, in milliseconds.
        wanted: i64,
    },
    /// A rebuild for another session timeout is at work, or was cut off.
    #[error(
        "a `clicktop rebuild` for another session timeout is at work or was cut off, and the figures are partly counted with each; wait for \
         its end, or run it again"
    )]
    Changing,
    /// A move from a data directory has not come to its end.
    #[error(
        "a move to spark.root is under way or was cut off; wait for its end, or run `clicktop move --to spark` again with the data \
         directory that it came from"
    )]
    Moving,
}

impl TablesError {
    /// Whether the same call may succeed later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Connect(error) => super::connection::may_pass(error),
            Self::Changing => true,
            _ => false,
        }
    }
}

/// Makes sure that every table is there and fits.
///
/// # Errors
/// See [`TablesError`].
pub(super) async fn ensure(session: &Session, options: &SparkOptions, tables: &Tables) -> Result<(), TablesError> {
    prepare(session, options, tables).await?;
    let timeout = options.figures.session_timeout_ms;
    match properties(session, &options.root, "clicks").await? {
        Some(found) => usable(&found, timeout),
        None => Ok(()),
    }
}

/// Whether the figures in tables with these properties are counted with `timeout` (in milliseconds), and no move is under way.
///
/// # Errors
/// See [`TablesError`].
fn usable(properties: &[(String, String)], timeout: i64) -> Result<(), TablesError> {
    if is_moving(properties) {
        return Err(TablesError::Moving);
    }
    match session_timeout(properties) {
        SessionTimeout::Of(found) if found != timeout => Err(TablesError::Timeout { found, wanted: timeout }),
        SessionTimeout::Changing => Err(TablesError::Changing),
        SessionTimeout::Of(_) | SessionTimeout::Unknown => Ok(()),
    }
}

/// Whether tables that were found usable before still are.
///
/// # Errors
/// See [`TablesError`].
pub(super) async fn still_usable(session: &Session, tables: &Tables) -> Result<(), TablesError> {
    let found = properties(session, tables.root(), "clicks").await?;
    let found = found.ok_or_else(|| TablesError::NotMade { cause: "the table clicks is gone".to_owned() })?;
    fit(&found, tables.slices())?;
    usable(&found, tables.session_timeout_ms())
}

/// The same, also while a move to the tables is under way.
///
/// # Errors
/// See [`TablesError`].
pub(super) async fn prepare(session: &Session, options: &SparkOptions, tables: &Tables) -> Result<(), TablesError> {
    // Tables that do not fit must be refused before others are made beside them.
    if let Some(found) = properties(session, &options.root, "clicks").await? {
        fit(&found, options.slices)?;
    }
    upgrade(session, tables).await
}

/// The id of the tables: another one if they were made anew in the same place.
///
/// # Errors
/// As any query.
pub(super) async fn identity(session: &Session, tables: &Tables) -> Result<String, TablesError> {
    let found = session.rows(tables.identity()).all(1).await?;
    let id = found.first().map(|batch| column::<StringArray>(batch, "id")).transpose()?;
    let id = id.and_then(|column| column.iter().flatten().next().map(str::to_owned));
    id.ok_or_else(|| TablesError::NotMade { cause: "the table pages has no id".to_owned() })
}

/// Whether the tables hold a part of a move. A manifest that this clicktop cannot read is of a newer one.
pub(super) fn is_moving(properties: &[(String, String)]) -> bool {
    match Manifest::among(properties) {
        Ok(found) => found.is_some_and(|manifest| manifest.is_unfinished()),
        Err(_) => true,
    }
}

/// Adds what tables that fit lack because an older clicktop has made them.
///
/// # Errors
/// See [`TablesError`].
pub(super) async fn upgrade(session: &Session, tables: &Tables) -> Result<(), TablesError> {
    let mut race = None;
    for _ in 0..TRIES {
        if properties(session, tables.root(), LAST).await?.is_some() {
            return Ok(());
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

/// Notes that the fields of clicks may be NULL, so that no older clicktop misreads them.
///
/// # Errors
/// See [`TablesError`].
pub(super) async fn take_agents(session: &Session, tables: &Tables) -> Result<(), TablesError> {
    let found = properties(session, tables.root(), "clicks").await?.unwrap_or_default();
    if schema(&found) < i64::from(SCHEMA) {
        session.command(tables.set_property("clicktop.schema", &SCHEMA.to_string())).await?;
    }
    Ok(())
}

async fn make(session: &Session, tables: &Tables) -> Result<(), ConnectError> {
    let mut statements = tables.setup();
    let last = statements.pop();
    for statement in statements {
        session.command(statement).await?;
    }
    let mut columns = Vec::new();
    for batch in session.rows(tables.columns_of_clicks()).all(MOST_COLUMNS).await? {
        columns.extend(column::<StringArray>(&batch, "col_name")?.iter().flatten().map(str::to_owned));
    }
    if !columns.iter().any(|column| column == "agent") {
        session.command(tables.add_agent_column()).await?;
    }
    if let Some(last) = last {
        session.command(last).await?;
    }
    Ok(())
}

/// Whether somebody else makes the same table at the same time: another stage, or another console.
fn is_race(error: &ConnectError) -> bool {
    let races = [
        "DELTA_PROTOCOL_CHANGED",
        "DELTA_TABLE_ALREADY_EXISTS",
        "TABLE_OR_VIEW_ALREADY_EXISTS",
        // The other one has made the folder, and not yet the table in it.
        "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION",
        "FIELD_ALREADY_EXISTS",
        "FIELDS_ALREADY_EXISTS",
    ];
    lost_race(error) || races.iter().any(|class| error.is_class(class))
}

/// The properties of a table; `None` if it is not there.
///
/// # Errors
/// The server does not know Delta Lake, or the table cannot be read.
pub(super) async fn properties(
    session: &Session,
    root: &Root,
    table: &str,
) -> Result<Option<Vec<(String, String)>>, TablesError> {
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

/// Whether the tables with these properties are ours, and of this length of slices.
///
/// # Errors
/// See [`TablesError`].
pub(super) fn fit(properties: &[(String, String)], slices: Slices) -> Result<(), TablesError> {
    let schema = schema(properties);
    if schema > i64::from(SCHEMA) {
        return Err(TablesError::Newer { found: i32::try_from(schema).unwrap_or(i32::MAX) });
    }
    match number(properties, "clicktop.slice_ms") {
        Some(found) if found != slices.millis() => Err(TablesError::Slices { found, wanted: slices.millis() }),
        Some(_) => Ok(()),
        None => Err(TablesError::NotMade { cause: "the table clicks there is not of clicktop".to_owned() }),
    }
}

/// The session timeout that the figures in tables are counted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionTimeout {
    /// In milliseconds.
    Of(i64),
    /// A rebuild changes it.
    Changing,
    /// The tables do not say.
    Unknown,
}

/// The session timeout that the figures are counted with.
pub(super) fn session_timeout(properties: &[(String, String)]) -> SessionTimeout {
    let name = "clicktop.session_timeout_ms";
    if properties.iter().any(|(key, value)| key == name && value == CHANGING) {
        return SessionTimeout::Changing;
    }
    number(properties, name).map_or(SessionTimeout::Unknown, SessionTimeout::Of)
}

/// The version of the schema that the tables with these properties have; 0 if they name none.
pub(super) fn schema(properties: &[(String, String)]) -> i64 {
    number(properties, "clicktop.schema").unwrap_or(0)
}

fn number(properties: &[(String, String)], name: &str) -> Option<i64> {
    let found = properties.iter().find(|(key, _)| key == name);
    found.and_then(|(_, value)| value.parse().ok())
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

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn an_unfinished_move_or_one_of_a_newer_clicktop_keeps_the_stages_away() {
        let with = |value: &str| is_moving(&[("clicktop.moved".to_owned(), value.to_owned())]);
        let manifest = |done| {
            format!(r#"{{"id":"a","database":"b","newest":1,"clicks":1,"rejects":0,"offsets":{{}},"done":{done}}}"#)
        };
        assert!(!is_moving(&[]));
        assert!(with(&manifest(false)) && !with(&manifest(true)) && with("{}"));
    }
}
