//! The GeoIP databases of the user, read anew when their files change.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use parking_lot::RwLock;

use super::database::{Database, DatabaseError, Found};
use crate::text::printable;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// The GeoIP databases of the user. An address is looked up in one after the other: some come as a file for each version of IP.
#[derive(Debug)]
pub struct Places {
    files: Vec<PathBuf>,
    databases: RwLock<Arc<[Database]>>,
    /// Grows each time the databases are read anew.
    edition: AtomicU64,
}

/// What tells that a file is another one, or has changed.
type Mark = Option<(SystemTime, u64, u64)>;

impl Places {
    /// Reads the databases in `files`, and again whenever a file changes, until this is dropped. A file that cannot be used later leaves
    /// the databases as they are; the log says so.
    ///
    /// # Errors
    /// [`DatabaseError`]: a file cannot be read, is damaged, or tells no places.
    pub fn open(files: Vec<PathBuf>) -> Result<Arc<Self>, DatabaseError> {
        let marks = marks(&files);
        let databases = read(&files)?;
        for database in databases.iter() {
            tracing::info!(target: "geoip", "places come from {}", database.described());
        }
        let places = Arc::new(Self { files, databases: RwLock::new(databases), edition: AtomicU64::new(0) });
        let watched = Arc::downgrade(&places);
        let watch = std::thread::Builder::new().name("geoip".to_owned()).spawn(move || watch(&watched, marks));
        if let Err(error) = watch {
            tracing::warn!(target: "geoip", "changed GeoIP files are not noticed: no thread: {error}");
        }
        Ok(places)
    }

    /// The databases now, and their edition.
    pub(super) fn now(&self) -> (Arc<[Database]>, u64) {
        // The edition first: if the databases change in between, they are asked for again at the next address.
        let edition = self.edition();
        (Arc::clone(&self.databases.read()), edition)
    }

    /// Grows each time the databases are read anew.
    pub(crate) fn edition(&self) -> u64 {
        self.edition.load(Ordering::Acquire)
    }

    /// Reads the files anew.
    pub(super) fn renew(&self) -> Result<(), DatabaseError> {
        let databases = read(&self.files)?;
        for database in databases.iter() {
            tracing::info!(target: "geoip", event = "reload", by = "itself", "places now come from {}", database.described());
        }
        *self.databases.write() = databases;
        self.edition.fetch_add(1, Ordering::Release);
        Ok(())
    }
}

/// Where `address` is, by the first of `databases` that knows it.
pub(super) fn find(databases: &[Database], address: IpAddr) -> Found<'_> {
    databases.iter().map(|database| database.find(address)).find(|found| *found != Found::default()).unwrap_or_default()
}

fn read(files: &[PathBuf]) -> Result<Arc<[Database]>, DatabaseError> {
    files.iter().map(|file| Database::open(file)).collect()
}

fn marks(files: &[PathBuf]) -> Vec<Mark> {
    use std::os::unix::fs::MetadataExt as _;
    let mark = |file: &PathBuf| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
    };
    files.iter().map(mark).collect()
}

/// Looks at the files until nobody needs them.
fn watch(places: &Weak<Places>, mut read: Vec<Mark>) {
    let mut seen = read.clone();
    loop {
        std::thread::park_timeout(INTERVAL);
        let Some(places) = places.upgrade() else { return };
        let now = marks(&places.files);
        // A file that is still being written changes between two looks.
        let is_settled = std::mem::replace(&mut seen, now.clone()) == now;
        if now == read || !is_settled {
            continue;
        }
        read = now;
        if let Err(error) = places.renew() {
            let error = error.to_string();
            tracing::warn!(target: "geoip", event = "failure", "places stay those of the file before: {}", printable(&error));
        }
    }
}
