//! The SQLite database: clicks, the Kafka offsets they came from, figures, and the progress of each stage.
//!
//! There is one file, one writer connection behind a fair lock, and one connection for each reader (WAL mode). Everything that must
//! agree after a crash is written in one transaction: clicks with their offsets, figures with their cursor.

mod arrivals;
mod arrivals_read;
mod backup;
mod checkpoint_parts;
mod click_cache;
mod click_inserter;
mod computed_figures;
mod database;
mod details;
mod dictionary;
#[cfg(feature = "bench-support")]
mod dictionary_bench;
mod erase;
mod error;
mod exact_figures;
mod expiry;
pub mod figures;
mod figures_write;
mod file_names;
mod files;
pub mod follow;
mod identity;
mod known_topics;
mod lock;
pub mod model;
mod move_note;
mod moved_in;
mod newest_origins;
mod options;
pub mod progress;
mod queries;
mod reader;
mod rejects;
mod schema;
mod search_targets;
mod soundness;
mod store_batch;
mod table_rows;
#[cfg(test)]
mod tests;
mod trust;
mod verify;
mod whole_clicks;
mod write_back;
mod writer;

pub use backup::{BackupError, BackupStep, Copied};
pub use checkpoint_parts::CheckpointParts;
pub use computed_figures::{AdoptedSource, ComputedFigures, FiguresSource};
pub use database::Storage;
pub use details::{AgentTexts, DetailedClick};
pub use error::StorageError;
pub use expiry::{Deleted, Expiry};
pub use file_names::DATABASE_FILE;
pub use files::{FileId, FilePlace, FilePosition};
pub use identity::Identity;
pub use model::{AgentId, ClickKey, CountryId, PageId, PlaceId, StoredClick, UrlId, UserId};
pub use move_note::MoveNote;
pub use newest_origins::NewestOrigins;
pub use options::StorageOptions;
pub use progress::Progress;
pub use queries::{ClickOfUrl, TimePosition};
pub use reader::{Page, Reader};
pub use rejects::{KeptReject, Reject, RejectCount, RejectLimits};
pub use schema::BATCH_QUERY;
pub use search_targets::TargetState;
pub use soundness::{CheckAtStart, CheckWait};
pub use store_batch::{BatchOutcome, IngestBatch, Origin, is_of_the_future};
pub use table_rows::Interrupt;
pub use whole_clicks::ClickPlace;
