//! SQLite: the clicks, the Kafka offsets they came from, the figures, and how far each stage is.
//!
//! One file, one writer connection behind a fair lock, readers with their own connections (WAL). Everything that must
//! agree after a crash is written in one transaction: clicks with their offsets, figures with their cursor.

mod arrivals;
mod arrivals_read;
mod backup;
pub mod checkpoint;
mod coding;
mod database;
mod dictionary;
mod error;
pub mod figures;
mod figures_write;
mod files;
mod ingest;
mod insert;
mod lock;
mod lookup;
pub mod model;
mod options;
mod place;
pub mod progress;
mod reader;
mod rejects;
mod reset;
mod retention;
mod schema;
mod seen;
mod soundness;
mod tail;
#[cfg(test)]
mod tests;
mod trust;
mod verify;
mod whole;
mod writer;

pub use backup::{BackupError, BackupStep, Copied};
pub use database::Storage;
pub use error::StorageError;
pub use files::DATABASE_FILE;
pub use ingest::{BatchOutcome, IngestBatch, is_of_the_future};
pub use lookup::{ClickOfUrl, TimePlace};
pub use model::{ClickKey, CountryId, PageId, StoredClick, UrlId, UserId};
pub use options::StorageOptions;
pub use place::Identity;
pub use progress::Progress;
pub use reader::{Page, Reader};
pub use rejects::{KeptReject, Reject, RejectCount, RejectLimits};
pub use reset::TargetState;
pub use retention::{Deleted, Expiry};
pub use schema::BATCH_QUERY;
pub use soundness::{CheckAtStart, Checking};
pub use whole::Interrupt;
