//! The order of the rows that rise.

use super::window::{Rises, TrendCounts};
use crate::click::Timestamp;
use crate::storage::{Reader, StorageError};

/// Whether pages can be told apart by how much they rise.
#[derive(Debug)]
pub(super) enum Rising {
    /// This many percent of the clicks are counted.
    Counting(u8),
    /// They can.
    Known { stamp: (i64, i64), rises: Rises },
    /// The store does not have the clicks of ten minutes.
    TooYoung,
}

impl Rising {
    /// What `counts` tell.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn update(&mut self, counts: TrendCounts<'_>, reader: &Reader) -> Result<(), StorageError> {
        let (before, ..) = counts.times();
        let newest = counts.stamp();
        match self {
            Self::Known { stamp, .. } if *stamp == newest => {}
            _ if !reaches_back(before, reader)? => *self = Self::TooYoung,
            _ => *self = Self::Known { stamp: newest, rises: counts.rises() },
        }
        Ok(())
    }

    /// How much each page rises, if it is known.
    pub(super) fn rises(&self) -> Option<&Rises> {
        match self {
            Self::Known { rises, .. } => Some(rises),
            Self::Counting(_) | Self::TooYoung => None,
        }
    }

    /// Which clicks the order depends on.
    pub(super) fn stamp(&self) -> Option<(i64, i64)> {
        match self {
            Self::Known { stamp, .. } => Some(*stamp),
            Self::Counting(_) | Self::TooYoung => None,
        }
    }
}

/// How far back the store reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It has every click since that time.
    Whole,
    /// It has no click as old.
    TooYoung,
    /// Retention has deleted later ones.
    Expired,
}

/// Whether the store has every click since `time`: it has an older one, and retention has deleted none of them.
///
/// # Errors
/// The database cannot be read.
pub(super) fn reach(time: Timestamp, reader: &Reader) -> Result<Reach, StorageError> {
    if reader.expiry()?.before.is_some_and(|expired| expired > time) {
        return Ok(Reach::Expired);
    }
    let first = reader.next_time(Timestamp::from_millis(i64::MIN))?;
    Ok(if first.is_some_and(|first| first <= time) { Reach::Whole } else { Reach::TooYoung })
}

/// Whether the store has every click since `time`.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn reaches_back(time: Timestamp, reader: &Reader) -> Result<bool, StorageError> {
    Ok(reach(time, reader)? == Reach::Whole)
}
