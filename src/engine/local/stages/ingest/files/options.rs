//! The files that ingest reads, and how.

use std::time::Duration;

use tokio::sync::watch;

use super::decode::FirstClick;
use crate::enrich::Pseudonyms;
use crate::protocol::source::SourceProgress;
use crate::source::files::{FoundInput, RecordForm, ReplayInput, in_order};
use crate::source::{DemoError, check_rate};

/// How ingest reads files.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// What the records are.
    pub form: RecordForm,
    /// What is kept in place of user ids; `None` if they are kept.
    pub pseudonyms: Option<Pseudonyms>,
    /// Records a second; `None` is as fast as the store takes them.
    pub rate: Option<f64>,
    /// Whether files that were read before are read again, from their beginning.
    pub again: bool,
    /// Whether files are followed like `tail -F`: they have no end.
    pub follow: bool,
    /// How many events make a batch.
    pub batch_events: usize,
    /// How long a batch may wait to become full.
    pub batch_interval: Duration,
}

/// Files as the source of a pipeline.
#[derive(Debug)]
pub struct FilesSource {
    pub(crate) options: FileOptions,
    /// In the order in which they are read.
    pub(crate) inputs: Vec<FoundInput>,
    pub(crate) progress: watch::Sender<SourceProgress>,
}

impl FilesSource {
    /// Finds `inputs`, looks at their beginnings, and brings them into the order of their first clicks.
    ///
    /// # Errors
    /// An input that is not there, cannot be read, is a directory or holds nothing that is read; one that is to be followed is no plain
    /// file; or the rate is not possible.
    pub fn find(inputs: Vec<ReplayInput>, options: FileOptions) -> Result<Self, DemoError> {
        options.rate.map_or(Ok(()), check_rate)?;
        if options.follow {
            let inputs = FoundInput::find_to_follow(inputs)?;
            inputs.iter().try_for_each(|input| input.require_plain(&options.form))?;
            return Ok(Self { options, inputs, progress: watch::Sender::default() });
        }
        let (found, total) = FoundInput::find_all(inputs)?;
        let first_click = || FirstClick::new(&options.form);
        let inputs = in_order(found, &options.form, first_click, FirstClick::time)?;
        if inputs.len() > 1 {
            let names: Vec<String> = inputs.iter().map(FoundInput::name).collect();
            tracing::info!(target: "replay", "files in the order of their first clicks: {}", names.join(", "));
        }
        let progress = SourceProgress { bytes_total: total, ..SourceProgress::default() };
        Ok(Self { options, inputs, progress: watch::Sender::new(progress) })
    }
}
