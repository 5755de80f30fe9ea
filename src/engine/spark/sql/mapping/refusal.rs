//! What SQL cannot do of a mapping.

/// Why a mapping cannot be used on Spark: one line that names the setting and says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
pub(crate) struct Refusal {
    setting: &'static str,
    reason: String,
}

impl Refusal {
    pub(super) fn new(setting: &'static str, reason: impl Into<String>) -> Self {
        Self { setting, reason: reason.into() }
    }
}
