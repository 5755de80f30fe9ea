//! How much of a span of clicks is counted.

use crate::storage::TimePosition;

/// How many percent of the time from `begin` to `end` lie before `position`; 99 at most.
pub(super) fn percent_before(position: &TimePosition, begin: i64, end: i64) -> u8 {
    let all = i128::from(end) - i128::from(begin);
    let done = i128::from(position.time().as_millis()) - i128::from(begin);
    let percent = if all > 0 { done * 100 / all } else { 0 };
    u8::try_from(percent.clamp(0, 99)).unwrap_or(0)
}
