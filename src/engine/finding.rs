//! What an engine finds when it is asked whether it can work.

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "spark"), allow(dead_code, reason = "the local engine is checked by the command itself"))]
pub(crate) enum Finding {
    /// All is well.
    Fine(String),
    /// It works, and somebody should look at it.
    Warning(String),
    /// It does not work; what to do.
    Failed(String),
    /// It was not looked at, and why.
    Skipped(String),
}
