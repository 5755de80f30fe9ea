//! Every user's visits, by the user's row.

use super::timeline::Timeline;
use crate::storage::UserId;

/// Users a chunk: 24 KiB.
const CHUNK: usize = 1024;

/// A table of timelines.
///
/// Users are numbered 1, 2, 3, … as they come, so a place for each costs less than a hash table that is half empty, and growing
/// moves nothing. A chunk without a user takes no memory beyond its pointer.
#[derive(Debug, Default)]
pub(super) struct Users {
    chunks: Vec<Box<[Option<Timeline>]>>,
}

impl Users {
    pub(super) fn get(&self, user: UserId) -> Option<&Timeline> {
        let (chunk, place) = place(user);
        self.chunks.get(chunk)?.get(place)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, user: UserId) -> Option<&mut Timeline> {
        let (chunk, place) = place(user);
        self.chunks.get_mut(chunk)?.get_mut(place)?.as_mut()
    }

    /// Sets the timeline of `user`.
    pub(super) fn insert(&mut self, user: UserId, timeline: Timeline) {
        let (chunk, place) = place(user);
        if self.chunks.len() <= chunk {
            self.chunks.resize_with(chunk + 1, Box::default);
        }
        let Some(chunk) = self.chunks.get_mut(chunk) else { return };
        if chunk.is_empty() {
            *chunk = std::iter::repeat_with(|| None).take(CHUNK).collect();
        }
        if let Some(place) = chunk.get_mut(place) {
            *place = Some(timeline);
        }
    }

    /// Every user, in the order of their rows.
    pub(super) fn iter(&self) -> impl Iterator<Item = (UserId, &Timeline)> {
        self.chunks.iter().zip(0_u32..).flat_map(|(chunk, number)| {
            let first = number * CHUNK as u32;
            chunk.iter().zip(first..).filter_map(|(timeline, user)| Some((UserId(user), timeline.as_ref()?)))
        })
    }

    pub(super) fn timelines_mut(&mut self) -> impl Iterator<Item = &mut Timeline> {
        self.chunks.iter_mut().flat_map(|chunk| chunk.iter_mut().flatten())
    }
}

fn place(user: UserId) -> (usize, usize) {
    let row = user.0 as usize;
    (row / CHUNK, row % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Visit;
    use super::*;
    use crate::storage::PageId;

    #[test]
    fn what_is_put_is_found_in_the_order_of_the_rows_and_gaps_take_no_memory() {
        let mut users = Users::default();
        let rows = [7_000_000, 1, 0, 1_023, 1_024];
        for row in rows {
            users.insert(UserId(row), Timeline::new(Visit { at: i64::from(row), page: PageId(1) }));
        }
        let found: Vec<_> = users.iter().map(|(user, timeline)| (user.0, timeline.begin())).collect();
        assert_eq!(found, [(0, 0), (1, 1), (1_023, 1_023), (1_024, 1_024), (7_000_000, 7_000_000)]);
        assert!(users.get(UserId(2)).is_none() && users.get_mut(UserId(8_000_000)).is_none());
        assert_eq!(users.chunks.iter().filter(|chunk| !chunk.is_empty()).count(), 3);
    }
}
