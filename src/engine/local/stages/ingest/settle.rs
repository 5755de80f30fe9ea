//! Before the group is joined: who we are in it, noted in the database.

use super::IngestStage;
use super::begin::Member;
use crate::engine::local::stages::checked::checked;
use crate::engine::local::stages::handle::{Backoff, Signal, StageHandle};
use crate::storage::StorageError;

impl IngestStage {
    /// Who we are in the group, once the database lies where that is noted; `None` if the stage was asked to end meanwhile.
    /// Passing trouble with the database is waited out.
    pub(super) fn settled(&self, handle: &StageHandle) -> Result<Option<Member>, StorageError> {
        let mut backoff = Backoff::new();
        loop {
            match self.settle_once(handle) {
                Err(error) if error.is_transient() => {
                    let pause = backoff.next();
                    handle.backing_off(&error.to_string(), pause);
                    if handle.sleep(Signal::Run, pause) != Signal::Run {
                        return Ok(None);
                    }
                }
                settled => return settled,
            }
        }
    }

    fn settle_once(&self, handle: &StageHandle) -> Result<Option<Member>, StorageError> {
        let nothing_to_write =
            self.storage.is_settled()? && (self.own_broker || self.storage.has_seen(&self.options.topic)?);
        // Nothing is written to a database that may be damaged.
        if !nothing_to_write && !checked(&self.storage, handle)? {
            return Ok(None);
        }
        Ok(Some(Member::new(&self.storage.settle_identity()?)))
    }
}
