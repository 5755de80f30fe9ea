//! Writes the state in memory to the database, and restores it at the start.

use std::cell::Cell;

use super::aggregation::Aggregation;
use super::checkpoint::{self, Checkpoint};
use super::recent_visits::RecentVisits;
use crate::storage::figures::{AggregateSettings, AggregateState, FiguresUpdate, PageFigures};
use crate::storage::{CheckpointParts, Reader, Storage, StorageError};
use crate::text::grouped;

/// Clicks that are read at a time.
pub(super) const READ_CLICKS: usize = 20_000;

/// Receives the progress of a long load, in words. The load stops if it returns `false`.
pub(super) type Progress<'a> = dyn FnMut(String) -> bool + 'a;

/// The load was stopped because the stage was asked to stop.
#[derive(Debug)]
pub(super) struct Interrupted;

/// Restores the aggregation as of its last write: the figures from `page_stats`, the state behind them from the checkpoint and a
/// replay of the clicks since then. Counts everything anew if the log of arrivals no longer holds those clicks.
///
/// # Errors
/// The database cannot be read or written.
pub(super) fn load(
    storage: &Storage,
    reader: &mut Reader,
    settings: AggregateSettings,
    progress: &mut Progress<'_>,
) -> Result<Result<Aggregation, Interrupted>, StorageError> {
    let restored = restore(storage, reader, settings, progress).and_then(|restored| {
        if let Ok(aggregation) = &restored {
            // Fails if the log of arrivals does not hold the next click.
            reader.clicks_after(aggregation.cursor, 1, &mut Vec::new())?;
        }
        Ok(restored)
    });
    match restored {
        Err(StorageError::ArrivalsGone { next }) => {
            let why = format!("the log of arrivals no longer holds click {next}");
            must_have_all_clicks(reader, || why.clone())?;
            tracing::warn!(target: "aggregate", "{why}: recomputing every figure");
            rebuild(storage, reader, settings, progress)
        }
        other => other,
    }
}

fn restore(
    storage: &Storage,
    reader: &mut Reader,
    settings: AggregateSettings,
    progress: &mut Progress<'_>,
) -> Result<Result<Aggregation, Interrupted>, StorageError> {
    let Some(state) = reader.aggregate_state()? else {
        return Ok(Ok(Aggregation::new(settings)));
    };
    if state.settings.session_timeout_ms != settings.session_timeout_ms {
        let (old, new) = (state.settings.session_timeout_ms, settings.session_timeout_ms);
        let why = || format!("aggregate.session_timeout was {} s and is {} s", old as f64 / 1e3, new as f64 / 1e3);
        must_have_all_clicks(reader, why)?;
        tracing::info!(target: "aggregate", "the session timeout changed: recomputing every figure");
        return rebuild(storage, reader, settings, progress);
    }
    let Some(mut aggregation) = with_figures(reader, state)? else {
        must_have_all_clicks(reader, || "page_stats is not as clicktop wrote it".to_owned())?;
        tracing::warn!(target: "aggregate", "page_stats is not as clicktop wrote it: recomputing every figure");
        return rebuild(storage, reader, settings, progress);
    };
    let checkpoint = checkpoint::load(reader)?
        .filter(|checkpoint| checkpoint.settings == state.settings && checkpoint.cursor <= state.cursor);
    if let Some(Checkpoint { cursor, page_users, recent, .. }) = checkpoint {
        (aggregation.cursor, aggregation.page_users, aggregation.recent) = (cursor, page_users, recent);
    } else {
        must_have_all_clicks(reader, || "the checkpoint cannot be used".to_owned())?;
    }
    let mut clicks = Vec::new();
    while aggregation.cursor < state.cursor {
        reader.clicks_after(aggregation.cursor, READ_CLICKS, &mut clicks)?;
        if clicks.is_empty() {
            break;
        }
        for click in clicks.drain(..).take_while(|click| click.id <= state.cursor) {
            aggregation.replay(click, |click| reader.last_key_before(click))?;
        }
        if !progress(format!("replaying clicks, {} of {}", grouped(aggregation.cursor), grouped(state.cursor))) {
            return Ok(Err(Interrupted));
        }
    }
    aggregation.cursor = state.cursor;
    if state.settings != settings {
        // The replay had to evict visits as the written figures did. The new budget applies from here on, so the next replay
        // must begin here.
        aggregation.settings = settings;
        aggregation.recent.set_budget(settings.recent_clicks);
        save(storage, &mut aggregation, true)?;
    }
    Ok(Ok(aggregation))
}

/// Counts every stored click again, in order of time, so that none is late. Writes the rows that differ.
///
/// # Errors
/// The database cannot be read or written, or clicks that the figures count were deleted.
pub(super) fn rebuild(
    storage: &Storage,
    reader: &mut Reader,
    settings: AggregateSettings,
    progress: &mut Progress<'_>,
) -> Result<Result<Aggregation, Interrupted>, StorageError> {
    must_have_all_clicks(reader, || "every figure is to be recomputed".to_owned())?;
    let mut written = Aggregation::new(settings);
    let mut usable = true;
    reader.figures(|figures| usable &= written.restore_page(figures))?;
    if !usable {
        storage.clear_figures()?;
        written = Aggregation::new(settings);
    }
    let mut aggregation = written.zeroed(settings);
    let last = reader.last_click()?;
    let all = reader.click_count()?;
    let (mut counted, mut interrupted) = (0_u64, false);
    let mut result = Ok(());
    reader.clicks_by_time(last, |click| {
        if interrupted {
            return;
        }
        // Clicks of one moment come in order of their ids, so each id is the greatest so far.
        result = aggregation.apply(click, |_| Ok(None));
        interrupted = result.is_err();
        counted += 1;
        if counted % 100_000 == 0 {
            interrupted |= !progress(format!("recomputing, {} of {} clicks", grouped(counted), grouped(all)));
        }
    })?;
    result?;
    if interrupted {
        return Ok(Err(Interrupted));
    }
    aggregation.cursor = last;
    aggregation.forget_unchanged(written.pages());
    save(storage, &mut aggregation, true)?;
    Ok(Ok(aggregation))
}

/// Writes the changed figures with their cursor, and a checkpoint if `with_checkpoint`. Returns the version of the written rows.
///
/// # Errors
/// The database cannot be written. The changed figures stay marked as changed then.
pub(super) fn save(
    storage: &Storage,
    aggregation: &mut Aggregation,
    with_checkpoint: bool,
) -> Result<u64, StorageError> {
    fn update(aggregation: &Aggregation) -> FiguresUpdate<impl Iterator<Item = PageFigures>> {
        let Aggregation { cursor, late, settings, .. } = *aggregation;
        FiguresUpdate { changed: aggregation.changed(), cursor, late, settings }
    }
    aggregation.sort_changed();
    let version = if with_checkpoint {
        aggregation.page_users.sort_unwritten();
        let write = |aggregation: &Aggregation| {
            let pair_parts = Cell::new(0);
            let mut new = checkpoint::encode(aggregation, &pair_parts);
            let parts = CheckpointParts { kept: aggregation.page_users.written_parts(), new: &mut new };
            let version = storage.write_figures(update(aggregation), Some(parts))?;
            drop(new);
            Ok((pair_parts.get(), version))
        };
        let (pair_parts, version) = match write(aggregation) {
            Err(StorageError::CheckpointPartsMissing) => {
                aggregation.page_users.mark_unwritten();
                write(aggregation)?
            }
            other => other?,
        };
        aggregation.page_users.mark_written(pair_parts);
        version
    } else {
        storage.write_figures(update(aggregation), None)?
    };
    aggregation.mark_written();
    Ok(version)
}

/// Fails if the figures count clicks that were deleted: then they cannot be counted again. `why` says why they would have to be.
fn must_have_all_clicks(reader: &Reader, why: impl FnOnce() -> String) -> Result<(), StorageError> {
    match reader.expiry()?.deleted {
        0 => Ok(()),
        deleted => Err(StorageError::CountsDeleted { why: why(), deleted }),
    }
}

fn with_figures(reader: &Reader, state: AggregateState) -> Result<Option<Aggregation>, StorageError> {
    let mut aggregation = Aggregation::new(state.settings);
    aggregation.late = state.late;
    aggregation.recent = RecentVisits::new(state.settings.recent_clicks);
    let mut usable = true;
    reader.figures(|figures| usable &= aggregation.restore_page(figures))?;
    Ok(usable.then_some(aggregation))
}
