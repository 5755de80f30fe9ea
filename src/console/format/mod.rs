//! How figures, times and foreign text look on the screen.

mod columns;
mod figures;

pub(crate) use crate::text::counted;
pub(crate) use columns::{breaks, first_lines, fit, fit_end, left, right, width, wrap, wrap_after};
pub(crate) use figures::{
    UNKNOWN, bytes, clock, count, count_in, countdown, day_and_time, duration, next_try, or_unknown, percent, rate,
    seconds, short, span_words, time_of_day, whole_time,
};
