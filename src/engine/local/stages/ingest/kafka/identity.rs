//! Our identity in the consumer group. We record it in the database before we join.

use super::resume::Member;
use crate::engine::stages::database_check::wait_until_sound;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::storage::{Storage, StorageError};

/// The member that this database is in the group; `None` if the stage was asked to end meanwhile. Waits while the database
/// cannot be written for a passing reason. With `seen_topic` the database must also know where that topic starts.
///
/// # Errors
/// The database is damaged.
pub(super) fn group_member(
    storage: &Storage,
    seen_topic: Option<&str>,
    handle: &StageHandle,
) -> Result<Option<Member>, StorageError> {
    let mut backoff = Backoff::new();
    loop {
        match try_once(storage, seen_topic, handle) {
            Err(error) if error.is_transient() => {
                let pause = backoff.next();
                handle.backing_off(&error.to_string(), pause);
                if handle.sleep(Signal::Run, pause) != Signal::Run {
                    return Ok(None);
                }
            }
            member => return member,
        }
    }
}

fn try_once(storage: &Storage, seen_topic: Option<&str>, handle: &StageHandle) -> Result<Option<Member>, StorageError> {
    let has_seen = match seen_topic {
        Some(topic) => storage.knows_topic(topic)?,
        None => true,
    };
    let nothing_to_write = storage.is_at_known_location()? && has_seen;
    // Nothing is written to a database that may be damaged.
    if !nothing_to_write && !wait_until_sound(storage, handle)? {
        return Ok(None);
    }
    Ok(Some(Member::new(&storage.confirm_identity()?)))
}
