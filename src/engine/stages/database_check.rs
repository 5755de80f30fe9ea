//! Stages wait until the database has been checked: none works with a damaged one.

use super::handle::{Backoff, Signal, StageHandle};
use crate::storage::{CheckWait, Storage, StorageError};

/// Waits until the check has found the database sound; `false` if the stage was asked to end meanwhile. The stage shows that it
/// waits.
///
/// # Errors
/// The database is damaged. Passing trouble, such as a lock, is waited out.
pub(crate) fn wait_until_sound(storage: &Storage, handle: &StageHandle) -> Result<bool, StorageError> {
    let mut backoff = Backoff::new();
    loop {
        let verified = storage.verify(&mut |checking| {
            handle.starting(match checking {
                CheckWait::For(time) => format!("checking the database, {} s", time.as_secs()),
                CheckWait::Elsewhere => "waiting for the check of the database".to_owned(),
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
