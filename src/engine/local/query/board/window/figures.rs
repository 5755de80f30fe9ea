//! The figures that counting a window yields.

use std::time::Duration;

use super::pages::Pages;
use super::parts::Parts;

/// Figures of a window.
#[derive(Debug)]
pub(in crate::engine::local::query::board) struct WindowFigures<'a> {
    pub pages: &'a Pages,
    /// The clicks over time; `None` for a window that is counted anew each time.
    pub parts: Option<&'a Parts>,
    /// Every click up to this one, in order of arrival, is counted …
    pub up_to: i64,
    /// … if it is no newer than this, the window's end, in milliseconds since 1970.
    pub end: i64,
    /// For a window that is counted anew each time: the passes it takes, and how old the figures are.
    pub swept: Option<(u32, Duration)>,
}
