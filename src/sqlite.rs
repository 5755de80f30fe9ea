//! Opens SQLite files that another user may have prepared. No links are followed, and a file is used only if its schema is exactly ours:
//! a foreign trigger or view would run whenever clicktop writes or reads.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::private;
use crate::text::excerpt;

/// The endings of the files that SQLite creates beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Longer foreign names are cut in messages, after this many characters.
const SHOWN_NAME: usize = 60;

/// The tables of `ANALYZE`. They hold statistics for the query planner and are harmless.
const STATISTICS: [(&str, &str); 2] = [
    ("sqlite_stat1", "CREATE TABLE sqlite_stat1(tbl,idx,stat)"),
    ("sqlite_stat4", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"),
];

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is a link, or its directory does not exist.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// SQLite cannot open the file.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Opens `file` with `flags`. Neither the file nor SQLite's files beside it may be symbolic links; the directory may be one.
///
/// # Errors
/// One of the files is a link, or SQLite cannot open the file.
pub fn open(file: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
    refuse_links(file)?;
    let flags = flags | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(private::resolved(file)?, flags)?;
    harden(&connection)?;
    Ok(connection)
}

/// Opens `file`, which nobody writes, for reading in a directory where SQLite cannot create its own files.
///
/// # Errors
/// Those of [`open`].
pub fn open_immutable(file: &Path) -> Result<Connection, OpenError> {
    refuse_links(file)?;
    let file = private::resolved(file)?;
    let path = percent_encoding::percent_encode(file.as_os_str().as_encoded_bytes(), PATH);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)?;
    harden(&connection)?;
    Ok(connection)
}

/// The file with this ending that SQLite creates beside `file`.
pub fn companion(file: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn refuse_links(file: &Path) -> io::Result<()> {
    private::refuse_link(file)?;
    COMPANIONS.iter().try_for_each(|ending| private::refuse_link(&companion(file, ending)))
}

/// The characters that are escaped in the path of a URI.
const PATH: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// Prevents a schema from calling functions with side effects, and from changing SQLite's internal tables.
fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(())
}

/// A schema: each object with the SQL that created it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema(BTreeSet<Object>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

impl Schema {
    /// The schema of an open file. Runs nothing of it.
    ///
    /// # Errors
    /// The schema cannot be read.
    pub fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut select = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
        let rows = select.query_map([], |row| {
            Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
        })?;
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    /// Whether the schema has no objects.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A difference between this schema and `ours`, in words; `None` if they are equal byte for byte.
    pub fn difference(&self, ours: &Self) -> Option<String> {
        let foreign = || self.0.difference(&ours.0).filter(|object| !object.is_statistics());
        // Report triggers and views first, because they run by themselves.
        let worst =
            foreign().find(|object| object.kind == "trigger" || object.kind == "view").or_else(|| foreign().next());
        if let Some(object) = worst {
            let known = ours.0.iter().any(|one| (&one.kind, &one.name) == (&object.kind, &object.name));
            let what = if known { "is not as clicktop made it" } else { "was not made by clicktop" };
            return Some(format!("the {object} {what}"));
        }
        ours.0.difference(&self.0).next().map(|object| format!("the {object} is missing"))
    }
}

impl Object {
    fn is_statistics(&self) -> bool {
        self.kind == "table"
            && STATISTICS.iter().any(|(name, sql)| self.name == *name && self.sql.as_deref() == Some(*sql))
    }
}

/// Prints `trigger evil on clicks`.
impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, name, table, .. } = self;
        write!(f, "{} {}", excerpt(kind, SHOWN_NAME), excerpt(name, SHOWN_NAME))?;
        if name != table {
            write!(f, " on {}", excerpt(table, SHOWN_NAME))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(sql: &str) -> Schema {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        Schema::of(&connection).unwrap()
    }

    #[test]
    fn foreign_changed_and_missing_objects_are_named() {
        const OURS: &str = "CREATE TABLE a (x UNIQUE); CREATE VIEW v AS SELECT 1;";
        let ours = schema(OURS);
        let found = |sql: &str| schema(sql).difference(&ours);
        assert_eq!(found(OURS), None);
        assert_eq!(found(&format!("{OURS} ANALYZE;")), None, "statistics do nothing");
        let cases = [
            (
                format!("{OURS} CREATE TABLE b (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;"),
                "the trigger t on a was not made by clicktop",
            ),
            (format!("{OURS} CREATE INDEX i ON a (x);"), "the index i on a was not made by clicktop"),
            (OURS.replace("SELECT 1", "SELECT 2"), "the view v is not as clicktop made it"),
            (OURS.replace("SELECT 1", "SELECT  1"), "the view v is not as clicktop made it"),
            ("CREATE TABLE a (x UNIQUE);".to_owned(), "the view v is missing"),
            (format!("{OURS} CREATE TABLE \"\u{1b}[2J\" (x);"), "the table \\u{1b}[2J was not made by clicktop"),
        ];
        for (sql, words) in cases {
            assert_eq!(found(&sql).as_deref(), Some(words), "{sql}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_a_link_to_the_directory_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let file = link.join("file?#%20.db");
        open(&file, flags).unwrap().execute_batch("CREATE TABLE a (x)").unwrap();
        assert!(!Schema::of(&open_immutable(&file).unwrap()).unwrap().is_empty());
        for ending in ["", "-wal", "-shm", "-journal"] {
            let name = companion(Path::new("other.db"), ending);
            std::os::unix::fs::symlink(directory.path().join("target"), real.join(&name)).unwrap();
            let error = open(&real.join("other.db"), flags).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{} is a symbolic link", name.display())), "{error}");
            std::fs::remove_file(real.join(&name)).unwrap();
        }
        assert!(!directory.path().join("target").exists());
    }
}
