//! The ingest stage whose source is files.

use std::sync::Arc;

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use super::options::FilesSource;
use super::parts::{FilesError, Parts};
use super::run::FilesRun;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::ingest::handover::Handover;
use crate::engine::stages::database_check::wait_until_sound;
use crate::engine::stages::handle::StageHandle;
use crate::source::files::FoundInput;
use crate::storage::IngestBatch;

/// The ingest stage on files.
pub(crate) struct FilesIngest {
    parts: Parts,
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

impl FilesIngest {
    /// A stage that hands its batches to `batches`.
    pub(crate) fn new(shared: &SharedParts, source: FilesSource, batches: Sender<IngestBatch>) -> Self {
        let FilesSource { options, inputs, progress } = source;
        let name = match inputs.as_slice() {
            [input] => input.name(),
            inputs => format!("{} files", inputs.len()),
        };
        let (handover, storage) = (Handover::new(shared, batches), Arc::clone(&shared.storage));
        let parts = Parts { options, name, handover, storage, progress };
        Self { parts, inputs, left: Mutex::new(Left::Nothing) }
    }

    /// Works until asked to stop. At the end of the files it waits for that.
    ///
    /// # Errors
    /// The database is damaged, the store has ended, or a file cannot be followed. Another file that cannot be read ends the source,
    /// not the stage.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), FilesError> {
        if !wait_until_sound(&self.parts.storage, handle)? {
            return Ok(());
        }
        let left = std::mem::replace(&mut *self.left.lock(), Left::Taken);
        let mut run = match left {
            Left::Run(run) => run,
            Left::Nothing => Box::new(FilesRun::new(&self.parts.options, self.inputs.clone())),
            Left::Taken => {
                // What the run before it has handed over is in the database or on its way there: such clicks are duplicates.
                if let Some(input) = self.inputs.iter().find(|input| !matches!(input, FoundInput::File(_))) {
                    return Err(FilesError::NotTwice(input.name()));
                }
                Box::new(FilesRun::new(&self.parts.options, self.inputs.clone()))
            }
        };
        handle.running();
        let result = run.run(&self.parts, handle);
        *self.left.lock() = Left::Run(run);
        result
    }
}
