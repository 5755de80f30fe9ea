//! The engine as the console knows it: live, and frozen for tables and chart.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::observed::Observed;
use crate::engine::link::{Link, LinkState};
use crate::protocol::snapshot::{Notice, Snapshot};

/// How long the banner shows a notice about the events.
const NOTICE_TIME: Duration = Duration::from_secs(120);

/// The header calls a snapshot of this age old.
const STALE_AFTER: Duration = Duration::from_secs(3);

/// The engine as the console knows it.
#[derive(Debug, Default)]
pub(crate) struct ObservedEngine {
    /// The newest that is known. States, errors and totals always show it.
    pub(crate) live: Observed,
    pub(crate) frozen: Option<Frozen>,
    /// The connection, if the engine is in another process.
    pub(crate) link: Option<Link>,
}

/// What tables and chart show while they are frozen.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) observed: Observed,
    pub(crate) since: SystemTime,
}

impl ObservedEngine {
    /// What tables and chart show.
    pub(crate) fn frozen_or_live(&self) -> &Observed {
        self.frozen.as_ref().map_or(&self.live, |frozen| &frozen.observed)
    }

    /// Whether the engine counts trends: one on a cluster does not.
    pub(crate) fn counts_trends(&self) -> bool {
        self.live.snapshot.remote.is_none()
    }

    /// The newest snapshot, also while tables and chart are frozen.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.live.snapshot
    }

    /// Whether tables and chart are frozen.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// The age of the newest snapshot at `now`, if it is old.
    pub(crate) fn stale_for(&self, now: SystemTime) -> Option<Duration> {
        let age = now.duration_since(self.live.snapshot.at?).ok()?;
        (age >= STALE_AFTER).then_some(age)
    }

    /// Whether there is no connection, or the other program is older or newer.
    pub(crate) fn has_link_trouble(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.state != LinkState::Connected || link.lacks.is_some())
    }

    /// The newest notice about the events, while the banner shows it. The log keeps it.
    pub(crate) fn newest_notice(&self, now: SystemTime) -> Option<&Notice> {
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let newest = self.live.snapshot.notices.last()?;
        let age = i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(newest.at.as_millis());
        (u128::try_from(age).unwrap_or(0) <= NOTICE_TIME.as_millis()).then_some(newest)
    }
}
