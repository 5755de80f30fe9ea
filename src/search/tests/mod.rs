//! The contract of both search indexes, and a stand-in engine to test the client without a server.

mod contract;
pub(super) mod stand_in;

use super::Document;
use crate::click::Timestamp;

/// A document whose figures are all different.
pub(super) fn document(url: &str, country: &str, version: u64) -> Document {
    Document {
        url: url.to_owned(),
        country: country.to_owned(),
        clicks: 7,
        unique_users: 3,
        avg_time_spent: Some(12.5),
        first_seen: Timestamp::from_millis(1_700_000_000_001),
        last_seen: Timestamp::from_millis(1_700_000_100_002),
        updated_at: Timestamp::from_millis(1_700_000_200_003),
        version,
    }
}

/// The same with another number of clicks, which is the order of searches.
pub(super) fn clicked(url: &str, country: &str, clicks: u64) -> Document {
    Document { clicks, ..document(url, country, 1) }
}
