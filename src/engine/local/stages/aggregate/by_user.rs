//! A table by user, indexed with the row id of the user.

use crate::storage::UserId;

/// Users in a chunk: 8 KiB for values of the size of a pointer.
const CHUNK: usize = 1024;

/// A value for each user.
///
/// Users are numbered 1, 2, 3, … in order of arrival, so an array costs less memory than a hash table that is half empty, and it grows
/// without copying. A chunk without a user takes only the memory of a pointer.
#[derive(Debug)]
pub(super) struct ByUser<T> {
    chunks: Vec<Box<[Option<T>]>>,
}

impl<T> Default for ByUser<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> ByUser<T> {
    pub(super) fn get(&self, user: UserId) -> Option<&T> {
        let (chunk, place) = place(user);
        self.chunks.get(chunk)?.get(place)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, user: UserId) -> Option<&mut T> {
        let (chunk, place) = place(user);
        self.chunks.get_mut(chunk)?.get_mut(place)?.as_mut()
    }

    /// Sets the value of `user`.
    pub(super) fn insert(&mut self, user: UserId, value: T) {
        let (chunk, place) = place(user);
        if self.chunks.len() <= chunk {
            self.chunks.resize_with(chunk + 1, Box::default);
        }
        let Some(chunk) = self.chunks.get_mut(chunk) else { return };
        if chunk.is_empty() {
            *chunk = std::iter::repeat_with(|| None).take(CHUNK).collect();
        }
        if let Some(place) = chunk.get_mut(place) {
            *place = Some(value);
        }
    }

    /// Every user with its value, by row id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (UserId, &T)> {
        self.chunks.iter().zip(0_u32..).flat_map(|(chunk, number)| {
            let first = number * CHUNK as u32;
            chunk.iter().zip(first..).filter_map(|(value, user)| Some((UserId(user), value.as_ref()?)))
        })
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flat_map(|chunk| chunk.iter_mut().flatten())
    }
}

fn place(user: UserId) -> (usize, usize) {
    let row = user.0 as usize;
    (row / CHUNK, row % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_row_and_chunks_without_users_take_no_memory() {
        let mut users = ByUser::default();
        let rows = [7_000_000, 1, 0, 1_023, 1_024];
        for row in rows {
            users.insert(UserId(row), Box::new(row));
        }
        let found: Vec<_> = users.iter().map(|(user, value)| (user.0, **value)).collect();
        assert_eq!(found, [(0, 0), (1, 1), (1_023, 1_023), (1_024, 1_024), (7_000_000, 7_000_000)]);
        assert!(users.get(UserId(2)).is_none() && users.get_mut(UserId(8_000_000)).is_none());
        assert_eq!(users.chunks.iter().filter(|chunk| !chunk.is_empty()).count(), 3);
    }
}
