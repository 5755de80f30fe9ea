//! The cursor of the rounds: one row of the table `pages`, which each change of that table writes anew in the same commit.
//!
//! # Turns
//! Delta skips a statement under a transaction id whose number is not above the last one of the same application, and lets one of two such
//! statements at once fail. The number of a change of `pages` is that of the turn after the one that its cursor was read at. So whoever
//! works from an old cursor changes nothing, and needs no lock: a round that is overtaken by another round, by a reset or by retention.

/// The slice of the cursor's row, before the slices of all times. The statements in the files name it, too.
pub(crate) const CURSOR_SLICE: i32 = -2_000_000_000;

/// The first slice whose clicks are kept; earlier clicks are gone by retention.
pub(crate) type First = i32;

/// How far the pages are, and what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The version of the clicks that is counted; `None` if no click is.
    pub(crate) counted: Option<i64>,
    /// The first slice whose clicks are kept.
    pub(crate) first: First,
    /// How many changes of `pages` there were.
    pub(crate) turn: i64,
    /// The turn of the newest reset, 0 before any. Figures of another epoch are not those of the clicks in the tables.
    pub(crate) epoch: i64,
    /// A reset has begun and not ended. Whoever sees this ends it before anything else.
    pub(crate) erasing: bool,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { counted: None, first: First::MIN, turn: 0, epoch: 0, erasing: false }
    }
}

impl Cursor {
    /// The cursor after the next change, which alters nothing else.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        Self { turn: self.turn.saturating_add(1), ..self }
    }

    /// The transaction number of the change that writes this cursor.
    pub(crate) fn transaction(self) -> i64 {
        self.turn.saturating_mul(2)
    }

    /// The transaction number under which a reset or a rebuild with this cursor overwrites the other tables: above that of every round
    /// before it, and below that of every round after it.
    pub(crate) fn overwriting_transaction(self) -> i64 {
        self.transaction().saturating_add(1)
    }

    /// The row, as a query. `counted` is SQL for the counted version, if that is not the cursor's own.
    pub(crate) fn row(self, counted: Option<&str>) -> String {
        let own = self.counted.map_or_else(|| "CAST(NULL AS BIGINT)".to_owned(), |counted| format!("{counted}L"));
        format!(
            "SELECT {CURSOR_SLICE} AS slice, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, {} AS clicks, {}L AS sum_ms, \
             CAST({} AS BIGINT) AS known, {}L AS first_ms, {}L AS last_ms",
            counted.unwrap_or(&own),
            self.turn,
            self.first,
            self.epoch,
            i32::from(self.erasing)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_between_the_rounds_before_it_and_those_after_it() {
        let before = Cursor { turn: 7, ..Cursor::default() };
        let stale_round = before.next();
        let reset = Cursor { epoch: 8, erasing: true, ..before.next() };
        let ended = Cursor { erasing: false, ..reset.next() };
        let first_round = ended.next();
        // Of two changes that begin at one cursor, Delta lets one through.
        assert_eq!(stale_round.transaction(), reset.transaction());
        assert!(stale_round.transaction() < reset.overwriting_transaction());
        assert!(reset.overwriting_transaction() < ended.transaction());
        assert!(ended.transaction() < first_round.transaction());
    }
}
