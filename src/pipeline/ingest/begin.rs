//! Where a partition begins that the group has given us.
//!
//! Our own stored offset is the truth about our own clicks. But the partition may have been another clicktop's of the group
//! meanwhile: what that one has stored is in its database, and belongs to its figures. Each offset that is committed to
//! Kafka says in its metadata whose it is, so the two cases can be told apart: behind our own commit we go on at what is
//! stored, also if that is less (a power loss has undone the last commits, say); behind another's, where it has left off.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use super::consumer::ClickContext;

/// How long the group's coordinator may take to answer. Our membership waits meanwhile.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A database among those of its consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct Member(String);

impl Member {
    /// The one whose database has this id.
    pub(in crate::pipeline) fn new(id: &str) -> Self {
        Self(format!("clicktop {id}"))
    }

    /// What goes with the offsets it commits.
    pub(super) fn metadata(&self) -> &str {
        &self.0
    }
}

/// What the group knows of a partition: everything before `next` was stored by whoever `metadata` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    next: i64,
    metadata: String,
}

/// What the group has committed of `partitions`.
///
/// # Errors
/// The coordinator does not answer, or refuses.
pub(super) fn committed(
    consumer: &BaseConsumer<ClickContext>,
    partitions: &TopicPartitionList,
) -> KafkaResult<BTreeMap<i32, Committed>> {
    let found = consumer.committed_offsets(partitions.clone(), TIMEOUT)?;
    let mut committed = BTreeMap::new();
    for element in found.elements() {
        element.error()?;
        if let Offset::Offset(next) = element.offset() {
            committed.insert(element.partition(), Committed { next, metadata: element.metadata().to_owned() });
        }
    }
    Ok(committed)
}

/// The offset to begin with; `None` if neither we nor anybody else of the group has begun yet.
pub(super) fn begin(stored: Option<i64>, committed: Option<&Committed>, us: &Member) -> Option<i64> {
    let committed = committed.filter(|committed| committed.metadata != us.metadata());
    match (stored, committed) {
        // Neither clicktop nor the operator has said more than we know ourselves.
        (Some(stored), Some(committed)) if !committed.metadata.starts_with("clicktop ") => Some(stored),
        (stored, committed) => stored.max(committed.map(|committed| committed.next)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_has_stored_is_not_read_again_and_our_own_commit_never_counts_more_than_the_database() {
        let us = Member::new("a");
        let by = |metadata: &str| Committed { next: 90, metadata: metadata.to_owned() };
        let from = |stored, metadata: &str| begin(stored, Some(&by(metadata)), &us);
        assert_eq!(begin(None, None, &us), None);
        assert_eq!(begin(Some(50), None, &us), Some(50));
        // Another's.
        assert_eq!(from(None, "clicktop b"), Some(90));
        assert_eq!(from(Some(50), "clicktop b"), Some(90));
        assert_eq!(from(Some(95), "clicktop b"), Some(95));
        // Our own: the database went back, or was told to forget.
        assert_eq!(from(Some(50), "clicktop a"), Some(50));
        assert_eq!(from(None, "clicktop a"), None);
        // Some other tool's.
        assert_eq!(from(None, ""), Some(90));
        assert_eq!(from(Some(50), ""), Some(50));
    }
}
