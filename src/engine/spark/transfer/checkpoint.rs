//! How far the streaming query is, for a move.

use super::error::MoveError;
use crate::engine::spark::checkpoint::Checkpoint;
use crate::engine::spark::connect::Session;
use crate::engine::spark::manifest::Offsets;
use crate::engine::spark::sql::{Root, Tables};
use crate::engine::spark::stored_offsets::{StoredOffsets, files, stored_offsets};

/// Whether a streaming query has begun in this root.
///
/// # Errors
/// As any statement.
pub(super) async fn has_begun(session: &Session, root: &Root) -> Result<bool, MoveError> {
    let checkpoint = Checkpoint::in_use(session, root).await?;
    let metadata = format!("{}/metadata", checkpoint.path(root));
    Ok(!checkpoint.is_first() || files(session, &metadata).await?.is_some())
}

/// The next offsets to read; `None` if the query has taken nothing yet.
///
/// # Errors
/// The checkpoint cannot be read or understood.
pub(super) async fn next_offsets(
    session: &Session,
    tables: &Tables,
    root: &Root,
) -> Result<Option<Offsets>, MoveError> {
    let unclear = |cause: &str| MoveError::Checkpoint { cause: cause.to_owned() };
    let checkpoint = Checkpoint::in_use(session, root).await?;
    match stored_offsets(session, tables, root, &checkpoint).await? {
        StoredOffsets::Next(offsets) => Ok(Some(offsets)),
        StoredOffsets::Nothing if checkpoint.is_first() => Ok(None),
        // After a loss of messages in Kafka there is a new checkpoint, and older offsets do not count.
        StoredOffsets::Nothing => Err(unclear("it is new and has no micro-batch yet")),
        StoredOffsets::Unclear(cause) => Err(unclear(cause)),
    }
}
