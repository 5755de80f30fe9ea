//! A cursor in a list whose newest row is at the bottom, such as a log.

use super::list::{CursorMove, keep_visible};

/// Where the user is in a list whose newest row is at the bottom. Rows are counted from the newest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Rows that are newer than the one under the cursor. With none, the cursor follows the newest row.
    pub(crate) at: usize,
    /// Rows that are newer than the last visible one.
    pub(crate) back: usize,
}

impl Tail {
    /// Moves the cursor through `len` rows. A move over several rows moves what is visible, too.
    pub(crate) fn step(&mut self, cursor_move: CursorMove, len: usize) {
        let before = self.at;
        self.at = cursor_move.apply_back(self.at, len);
        if let CursorMove::By(rows) = cursor_move
            && rows.unsigned_abs() > 1
        {
            let moved = self.at.cast_signed().saturating_sub(before.cast_signed());
            self.back = self.back.saturating_add_signed(moved);
        }
    }

    /// Keeps the cursor on its row while `newer` rows come. At the newest row, it follows.
    pub(crate) fn keep(&mut self, newer: usize) {
        if self.at > 0 {
            self.at += newer;
            self.back += newer;
        }
    }

    /// Keeps the cursor on one of `len` rows and visible, if so many rows are `visible`, each of one line.
    pub(crate) fn settle(&mut self, visible: usize, len: usize) {
        self.at = self.at.min(len.saturating_sub(1));
        self.back = keep_visible(self.back, Some(self.at), visible, len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_follows_the_newest_row_and_stays_on_any_other() {
        let mut tail = Tail::default();
        tail.keep(3);
        assert_eq!(tail, Tail::default(), "at the newest row it follows");
        tail.step(CursorMove::By(-1), 10);
        tail.keep(2);
        assert_eq!(tail, Tail { at: 3, back: 2 }, "the row stays where it is on the screen");
        tail.step(CursorMove::Last, 12);
        tail.settle(5, 12);
        assert_eq!(tail, Tail::default());
    }

    #[test]
    fn a_screenful_moves_what_is_visible_and_one_step_only_the_cursor() {
        let mut tail = Tail::default();
        tail.step(CursorMove::By(-1), 20);
        tail.settle(5, 20);
        assert_eq!(tail, Tail { at: 1, back: 0 });
        tail.step(CursorMove::By(-4), 20);
        tail.settle(5, 20);
        assert_eq!(tail, Tail { at: 5, back: 4 });
        tail.step(CursorMove::First, 20);
        tail.settle(5, 20);
        assert_eq!(tail, Tail { at: 19, back: 15 });
        tail.step(CursorMove::By(100), 20);
        tail.settle(5, 20);
        assert_eq!(tail, Tail::default());
    }
}
