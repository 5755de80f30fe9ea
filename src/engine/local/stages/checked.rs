//! No stage works with a database that may be damaged.

use super::handle::{Backoff, Signal, StageHandle};
use crate::storage::{Checking, Storage, StorageError};

/// Waits until the database is known to be sound, and shows that; `false` if the stage was asked to end meanwhile. What
/// it holds by then comes again from Kafka.
///
/// # Errors
/// The database is damaged; passing trouble is waited out.
pub(crate) fn checked(storage: &Storage, handle: &StageHandle) -> Result<bool, StorageError> {
    let mut backoff = Backoff::new();
    loop {
        let verified = storage.verify(&mut |checking| {
            handle.starting(match checking {
                Checking::For(time) => format!("checking the database, {} s", time.as_secs()),
                Checking::Elsewhere => "waiting for the check of the database".to_owned(),
            });
            handle.signal() == Signal::Run
        });
        match verified {
            Err(error) if error.is_transient() => {
                let pause = backoff.next();
                handle.backing_off(&error.to_string(), pause);
                if handle.sleep(Signal::Run, pause) != Signal::Run {
                    return Ok(false);
                }
            }
            verified => return verified,
        }
    }
}
