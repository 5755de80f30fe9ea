//! The state behind the figures, written now and then so that a restart replays only the tail.

use serde::{Deserialize, Serialize};

use super::figures::Aggregation;
use super::pairs::Pairs;
use super::recent::{Recent, Timeline};
use crate::storage::figures::AggregateSettings;
use crate::storage::{PageId, Reader, StorageError, UserId};

/// Changes whenever the encoding or the rules of eviction do; a checkpoint of another format is not used.
const FORMAT: u32 = 1;

/// Entries a part: keeps each below a few megabytes.
const PART_ENTRIES: usize = 16 * 1024;

#[derive(Serialize, Deserialize)]
enum Part {
    Header { format: u32, cursor: i64, settings: AggregateSettings, evict_at: u64, seen: u64, users: u64 },
    Seen(Vec<(PageId, UserId)>),
    Users(Vec<(UserId, Timeline)>),
}

#[derive(Serialize)]
enum PartRef<'a> {
    Header { format: u32, cursor: i64, settings: AggregateSettings, evict_at: u64, seen: u64, users: u64 },
    Seen(Vec<(PageId, UserId)>),
    Users(Vec<(UserId, &'a Timeline)>),
}

/// A checkpoint read back.
pub(super) struct Checkpoint {
    /// Every click up to this one is in it.
    pub cursor: i64,
    /// What the state was kept with.
    pub settings: AggregateSettings,
    /// Every (page, user) that has a click.
    pub seen: Pairs,
    /// The kept clicks.
    pub recent: Recent,
}

/// The parts that make up the checkpoint of `aggregation`, encoded one at a time.
pub(super) fn encode(aggregation: &Aggregation) -> impl Iterator<Item = Vec<u8>> {
    let header = PartRef::Header {
        format: FORMAT,
        cursor: aggregation.cursor,
        settings: aggregation.settings,
        evict_at: aggregation.recent.evict_at(),
        seen: aggregation.seen.len() as u64,
        users: aggregation.recent.timelines().count() as u64,
    };
    let seen = chunks(aggregation.seen.iter()).map(PartRef::Seen);
    let users = chunks(aggregation.recent.timelines()).map(PartRef::Users);
    // Encoding into memory fails only for values that serde cannot size, of which there are none here; a part
    // that were missing all the same would show in the header's counts.
    std::iter::once(header).chain(seen).chain(users).filter_map(|part| postcard::to_allocvec(&part).ok())
}

fn chunks<T>(mut entries: impl Iterator<Item = T>) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || {
        let chunk: Vec<T> = entries.by_ref().take(PART_ENTRIES).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Reads the newest checkpoint. `None` if there is none, it is of another format or incomplete: then
/// everything is replayed from the first click.
///
/// # Errors
/// The database cannot be read.
pub(super) fn load(reader: &Reader) -> Result<Option<Checkpoint>, StorageError> {
    let mut loaded: Option<Checkpoint> = None;
    let mut expected = (0, 0, 0);
    let mut users = 0_u64;
    let mut usable = true;
    reader.checkpoint_parts::<StorageError>(|bytes| {
        match (postcard::from_bytes(bytes), &mut loaded) {
            (Ok(Part::Header { format: FORMAT, cursor, settings, evict_at, seen, users }), None) => {
                expected = (seen, users, evict_at);
                let recent = Recent::new(u64::MAX / 4);
                loaded = Some(Checkpoint { cursor, settings, seen: Pairs::default(), recent });
            }
            (Ok(Part::Seen(pairs)), Some(checkpoint)) => checkpoint.seen.extend(pairs),
            (Ok(Part::Users(timelines)), Some(checkpoint)) => {
                users += timelines.len() as u64;
                checkpoint.recent.restore(timelines);
            }
            _ => usable = false,
        }
        Ok(())
    })?;
    let complete =
        |checkpoint: &Checkpoint| usable && (checkpoint.seen.len() as u64, users) == (expected.0, expected.1);
    Ok(loaded.filter(complete).map(|mut checkpoint| {
        checkpoint.recent.set_budget_and_threshold(checkpoint.settings.recent_clicks, expected.2);
        checkpoint
    }))
}
