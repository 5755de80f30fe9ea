//! Ingest from files: reads records, decodes them, and hands them to the store with the places up to which the files were read.

mod current;
mod decode;
mod follow;
mod options;
mod pace;
mod parts;
mod run;
mod sequence;
mod stage;
mod told;

pub use options::{FileOptions, FilesSource};
pub(crate) use stage::FilesIngest;
