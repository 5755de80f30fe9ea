//! The schema of the database, and the check of a file's schema.

use std::path::Path;

use rusqlite::Connection;

use super::StorageError;
use crate::sqlite::Schema;

/// `clkt` in ASCII. It marks a SQLite file as a clicktop database.
const APPLICATION_ID: i32 = 0x636c_6b74;

/// `clic` in ASCII: the mark of databases from before the first release, which have other tables.
const BEFORE_RELEASE: i64 = 0x636c_6963;

/// One script for each schema version, in order; `user_version` is the number of scripts that have run. From the first release on, all
/// scripts stay, so that a file of any release can be brought to the newest schema.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema_1.sql"), include_str!("schema_2.sql"), include_str!("schema_3.sql")];

/// SQL for the id of a click as text, whether the column holds it as a blob or as text.
macro_rules! click_id_text {
    () => {
        "CASE typeof(click_id) WHEN 'blob'
           THEN lower(substr(hex(click_id), 1, 8) || '-' || substr(hex(click_id), 9, 4) || '-' || substr(hex(click_id), 13, 4)
                || '-' || substr(hex(click_id), 17, 4) || '-' || substr(hex(click_id), 21))
           ELSE click_id END"
    };
}

/// The definition of the figures. The incremental aggregation must equal it, whatever the order of arrival.
/// Columns: url, country, clicks, unique_users, avg_time_spent (seconds). Parameter 1: session timeout in milliseconds.
pub const BATCH_QUERY: &str = concat!(
    "WITH named AS (SELECT user, url, place, ts, ",
    click_id_text!(),
    " AS name FROM clicks)
    SELECT urls.url, countries.country, COUNT(*), COUNT(DISTINCT gaps.user),
           AVG(CASE WHEN gap <= ?1 THEN gap / 1000.0 END)
    FROM (SELECT *, LEAD(ts) OVER (PARTITION BY user ORDER BY ts, name) - ts AS gap FROM named) AS gaps
    JOIN urls ON urls.id = gaps.url
    JOIN places ON places.id = gaps.place
    JOIN countries ON countries.id = places.country
    GROUP BY urls.url, countries.country
    ORDER BY 3 DESC, 1, 2"
);

/// [`BATCH_QUERY`] with whole numbers, in order of the texts.
/// Columns: url, country, clicks, unique_users, sum of the known times spent (ms), their number, times of the first and the last click.
pub(super) const EXACT_FIGURES: &str = concat!(
    "WITH named AS (SELECT user, url, place, ts, ",
    click_id_text!(),
    " AS name FROM clicks)
    SELECT urls.url, countries.country, COUNT(*), COUNT(DISTINCT gaps.user), COALESCE(SUM(CASE WHEN gap <= ?1 THEN gap END), 0),
           COUNT(CASE WHEN gap <= ?1 THEN 1 END), MIN(ts), MAX(ts)
    FROM (SELECT *, LEAD(ts) OVER (PARTITION BY user ORDER BY ts, name) - ts AS gap FROM named) AS gaps
    JOIN urls ON urls.id = gaps.url
    JOIN places ON places.id = gaps.place
    JOIN countries ON countries.id = places.country
    GROUP BY urls.url, countries.country
    ORDER BY urls.url, countries.country"
);

/// The clicks up to number `?1` in order of time; clicks of one moment in order of their ids as texts.
pub(super) const CLICKS_BY_TIME: &str =
    concat!("SELECT id, ts, click_id, user, url, place FROM clicks WHERE id <= ?1 ORDER BY ts, ", click_id_text!());

/// Brings the file to the newest schema.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StorageError> {
    let version = check(connection, path)?;
    let transaction = connection.transaction()?;
    run(&transaction, version, MIGRATIONS.len())?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    Ok(transaction.commit()?)
}

/// Runs the scripts from schema `from` to schema `to`.
fn run(connection: &Connection, from: usize, to: usize) -> Result<(), StorageError> {
    for script in MIGRATIONS.iter().take(to).skip(from) {
        connection.execute_batch(script)?;
    }
    Ok(())
}

/// The schema of this version, as the scripts create it.
fn expected(version: usize) -> Result<Schema, StorageError> {
    let connection = Connection::open_in_memory()?;
    run(&connection, 0, version)?;
    Ok(Schema::of(&connection)?)
}

/// The schema version of the file, if this program can use it; 0 for an empty file. Runs nothing of the file's schema.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<usize, StorageError> {
    let foreign = || StorageError::Foreign { path: path.to_owned() };
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = match pragma("application_id") {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => return Err(foreign()),
        other => other?,
    };
    let version = pragma("user_version")?;
    let schema = Schema::of(connection)?;
    if schema.is_empty() {
        return Ok(0);
    }
    if application == BEFORE_RELEASE {
        return Err(StorageError::BeforeRelease { path: path.to_owned() });
    }
    if application != i64::from(APPLICATION_ID) {
        return Err(foreign());
    }
    let found = usize::try_from(version).map_err(|_| foreign())?;
    if found > MIGRATIONS.len() {
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        return Err(StorageError::Newer { path: path.to_owned(), found, known: MIGRATIONS.len() as u32 });
    }
    if let Some(difference) = schema.difference(&expected(found)?) {
        return Err(StorageError::ForeignSchema { path: path.to_owned(), difference });
    }
    Ok(found)
}
