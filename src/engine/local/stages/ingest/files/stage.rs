//! The ingest stage whose source is files.

use std::sync::Arc;

use crossbeam_channel::Sender;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::options::{FileOptions, FilesSource};
use super::run::FilesRun;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::ingest::handover::{Handover, NoStore};
use crate::engine::stages::database_check::wait_until_sound;
use crate::engine::stages::handle::StageHandle;
use crate::protocol::source::SourceProgress;
use crate::source::DemoError;
use crate::source::files::FoundInput;
use crate::storage::{IngestBatch, Storage, StorageError};

/// The ingest stage on files.
pub(crate) struct FilesIngest {
    pub(super) options: FileOptions,
    pub(super) handover: Handover,
    pub(super) storage: Arc<Storage>,
    pub(super) progress: watch::Sender<SourceProgress>,
    inputs: Vec<FoundInput>,
    /// What a stop leaves for the next start, with what was read and not handed over: standard input cannot be read twice.
    left: Mutex<Left>,
}

enum Left {
    /// The stage has not run.
    Nothing,
    Run(Box<FilesRun>),
    /// The stage runs, or has panicked.
    Taken,
}

/// Why ingest from files ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    NoStore(#[from] NoStore),
    #[error("{0} cannot be read twice; start clicktop again")]
    NotTwice(String),
    #[error(transparent)]
    Source(#[from] DemoError),
}

impl FilesIngest {
    /// A stage that hands its batches to `batches`.
    pub(crate) fn new(shared: &SharedParts, source: FilesSource, batches: Sender<IngestBatch>) -> Self {
        let FilesSource { options, inputs, progress } = source;
        Self {
            options,
            handover: Handover::new(shared, batches),
            storage: Arc::clone(&shared.storage),
            progress,
            inputs,
            left: Mutex::new(Left::Nothing),
        }
    }

    /// What is read, for people.
    pub(super) fn name(&self) -> String {
        match self.inputs.as_slice() {
            [input] => input.name(),
            inputs => format!("{} files", inputs.len()),
        }
    }

    /// Works until asked to stop. At the end of the files it waits for that.
    ///
    /// # Errors
    /// The database is damaged, the store has ended, or a file cannot be followed. Another file that cannot be read ends the source,
    /// not the stage.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), FilesError> {
        if !wait_until_sound(&self.storage, handle)? {
            return Ok(());
        }
        let left = std::mem::replace(&mut *self.left.lock(), Left::Taken);
        let mut run = match left {
            Left::Run(run) => run,
            Left::Nothing => Box::new(FilesRun::new(self, self.inputs.clone())),
            Left::Taken => {
                // What the run before it has handed over is in the database or on its way there: such clicks are duplicates.
                if let Some(input) = self.inputs.iter().find(|input| !matches!(input, FoundInput::File(_))) {
                    return Err(FilesError::NotTwice(input.name()));
                }
                Box::new(FilesRun::new(self, self.inputs.clone()))
            }
        };
        handle.running();
        let result = run.run(self, handle);
        *self.left.lock() = Left::Run(run);
        result
    }
}
