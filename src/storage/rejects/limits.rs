//! How many rejects are kept.

/// How many rejects are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectLimits {
    /// The most rejects. One always stays.
    pub rows: u64,
    /// The most bytes of all rejects, with their payloads and reasons. One always stays.
    pub bytes: u64,
}

impl Default for RejectLimits {
    fn default() -> Self {
        Self { rows: 100_000, bytes: 256 << 20 }
    }
}
