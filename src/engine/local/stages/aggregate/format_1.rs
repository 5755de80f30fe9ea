//! Checkpoints of the first format, which kept the id of every click: a database whose old clicks were deleted has no other way
//! back to its state.

use serde::Deserialize;

use super::checkpoint::Checkpoint;
use super::pairs::Pairs;
use super::recent::Recent;
use super::timeline;
use crate::click::Timestamp;
use crate::storage::figures::AggregateSettings;
use crate::storage::{ClickKey, PageId, UserId};

const FORMAT: u32 = 1;

#[derive(Deserialize)]
enum Part {
    Header { format: u32, cursor: i64, settings: AggregateSettings, evict_at: u64, seen: u64, users: u64 },
    Seen(Vec<(PageId, UserId)>),
    Users(Vec<(UserId, Timeline)>),
}

/// One user's clicks, oldest first; those of one moment in the order of their ids.
#[derive(Deserialize)]
struct Timeline {
    visits: Vec<Visit>,
    dropped: bool,
}

#[derive(Deserialize)]
struct Visit {
    at: i64,
    key: ClickKey,
    page: PageId,
}

/// A checkpoint of which not all parts are read yet.
pub(super) struct Loading {
    checkpoint: Checkpoint,
    evict_at: u64,
    /// Pairs and users that there should be.
    expected: (u64, u64),
    users: u64,
    unusable: bool,
    /// Clicks before this may be deleted: nobody else knows their ids.
    expired_before: Option<Timestamp>,
}

impl Loading {
    /// Begins with the first part; `None` if it is not of this format.
    pub(super) fn begin(part: &[u8], expired_before: Option<Timestamp>) -> Option<Self> {
        let Ok(Part::Header { format: FORMAT, cursor, settings, evict_at, seen, users }) = postcard::from_bytes(part)
        else {
            return None;
        };
        let recent = Recent::new(u64::MAX / 4);
        let checkpoint = Checkpoint { cursor, settings, seen: Pairs::default(), recent, same_rules: false };
        Some(Self { checkpoint, evict_at, expected: (seen, users), users: 0, unusable: false, expired_before })
    }

    pub(super) fn take(&mut self, part: &[u8]) {
        match postcard::from_bytes(part) {
            Ok(Part::Seen(pairs)) => self.checkpoint.seen.extend(pairs),
            Ok(Part::Users(timelines)) => {
                self.users += timelines.len() as u64;
                for (user, timeline) in timelines {
                    self.restore(user, timeline);
                }
            }
            _ => self.unusable = true,
        }
    }

    fn restore(&mut self, user: UserId, Timeline { visits, dropped }: Timeline) {
        let recent = &mut self.checkpoint.recent;
        let mut moments: Vec<timeline::Visit> = Vec::with_capacity(visits.len());
        for Visit { at, key, page } in visits {
            let visit = timeline::Visit { at, page };
            let several = match moments.last_mut().filter(|last| { last.at } == at) {
                Some(last) => {
                    *last = visit;
                    true
                }
                None => {
                    moments.push(visit);
                    false
                }
            };
            if several || self.expired_before.is_some_and(|boundary| Timestamp::from_millis(at) < boundary) {
                recent.learn(user, at, key);
            }
        }
        if let Some(timeline) = timeline::Timeline::restored(moments, dropped) {
            recent.restore(user, timeline);
        }
    }

    /// The checkpoint; `None` if it is not complete.
    pub(super) fn finish(self) -> Option<Checkpoint> {
        let Self { mut checkpoint, evict_at, expected, users, unusable, .. } = self;
        checkpoint.recent.set_budget_and_threshold(checkpoint.settings.recent_clicks, evict_at);
        (!unusable && (checkpoint.seen.len() as u64, users) == expected).then_some(checkpoint)
    }
}
