//! How event time is cut into slices.

/// Times outside these bounds, in milliseconds since 1970, are all in the first and the last slice: each slice is a partition, and wrong
/// clocks must not make thousands of them. The first is 2000-01-01, the last 2100-01-01.
const BOUNDS_MS: (i64, i64) = (946_684_800_000, 4_102_444_800_000);

/// How time is cut into slices, which are the partitions of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slices(i64);

impl Slices {
    /// Slices of this many minutes, at least one.
    pub(crate) fn of_minutes(minutes: u32) -> Self {
        Self(i64::from(minutes.max(1)) * 60_000)
    }

    /// The length of a slice in milliseconds.
    pub(crate) fn millis(self) -> i64 {
        self.0
    }

    /// The slice of a time in milliseconds since 1970.
    pub(crate) fn of_time(self, millis: i64) -> i32 {
        let (first, last) = BOUNDS_MS;
        let slice = millis.clamp(first, last).div_euclid(self.0);
        i32::try_from(slice).unwrap_or(i32::MAX)
    }

    /// The slices of all times before, and after, those that have slices of their own.
    pub(super) fn outermost(self) -> (i32, i32) {
        (self.of_time(i64::MIN), self.of_time(i64::MAX))
    }

    /// How many slices a gap of `millis` may reach over, rounded up.
    pub(super) fn reached_in(self, millis: i64) -> i32 {
        i32::try_from(millis.saturating_add(self.0 - 1).div_euclid(self.0)).unwrap_or(i32::MAX)
    }
}
