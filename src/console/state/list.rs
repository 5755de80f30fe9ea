//! A cursor in a list, and the rows of the list that are visible.

/// A move of the cursor through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CursorMove {
    /// So many rows down, or up if negative.
    By(isize),
    First,
    Last,
}

impl CursorMove {
    /// The row that it leads to from row `at` of `len` rows; `None` if there are none.
    pub(crate) fn apply(self, at: usize, len: usize) -> Option<usize> {
        let last = len.checked_sub(1)?;
        Some(match self {
            CursorMove::By(rows) => at.saturating_add_signed(rows).min(last),
            CursorMove::First => 0,
            CursorMove::Last => last,
        })
    }

    /// The rows between the newest row and the last visible one, in a list whose newest row is at the bottom. `back` is their
    /// number before.
    pub(crate) fn apply_back(self, back: usize, len: usize) -> usize {
        let moved = match self {
            CursorMove::By(rows) => CursorMove::By(-rows).apply(back, len),
            CursorMove::First => CursorMove::Last.apply(0, len),
            CursorMove::Last => Some(0),
        };
        moved.unwrap_or(0)
    }
}

/// Where the user is in a list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct List {
    /// The row under the cursor.
    pub(crate) at: usize,
    /// The first visible row.
    pub(crate) top: usize,
}

/// The first visible row, if `row` must be visible. It moves no further than it must, and leaves no row empty.
pub(crate) fn keep_visible(top: usize, row: Option<usize>, visible: usize, len: usize) -> usize {
    let visible = visible.max(1);
    let top = top.min(len.saturating_sub(visible));
    match row {
        Some(row) if row < top => row,
        Some(row) if row >= top + visible => row + 1 - visible,
        _ => top,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrolling_moves_no_further_than_it_must() {
        assert_eq!(keep_visible(0, Some(4), 5, 20), 0);
        assert_eq!(keep_visible(0, Some(5), 5, 20), 1);
        assert_eq!(keep_visible(10, Some(3), 5, 20), 3);
        assert_eq!(keep_visible(18, None, 5, 20), 15);
        assert_eq!(keep_visible(3, Some(0), 0, 0), 0);
    }

    #[test]
    fn in_a_list_with_the_newest_row_at_the_bottom_down_leads_to_newer_rows() {
        assert_eq!(CursorMove::By(-3).apply_back(0, 10), 3);
        assert_eq!(CursorMove::By(2).apply_back(3, 10), 1);
        assert_eq!(CursorMove::First.apply_back(3, 10), 9);
        assert_eq!((CursorMove::Last.apply_back(3, 10), CursorMove::First.apply_back(3, 0)), (0, 0));
    }
}
