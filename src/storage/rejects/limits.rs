//! How much of the rejects is kept.

/// How many rejects are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectLimits {
    /// So many at most; one always stays.
    pub rows: u64,
    /// With their payloads and reasons they take so much at most; one always stays.
    pub bytes: u64,
}

impl Default for RejectLimits {
    fn default() -> Self {
        Self { rows: 100_000, bytes: 256 << 20 }
    }
}
