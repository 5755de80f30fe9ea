//! `[events]`: what a click may hold.

use serde::{Deserialize, Serialize};

use super::units::Bytes;

/// `[events]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventSettings {
    /// The longest url that is taken.
    pub max_url_bytes: Bytes,
    /// The longest text of any other field, ids included.
    pub max_field_bytes: Bytes,
}

impl Default for EventSettings {
    fn default() -> Self {
        Self { max_url_bytes: Bytes::new(8 << 10), max_field_bytes: Bytes::new(4 << 10) }
    }
}
