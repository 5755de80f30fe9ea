//! Decides the offset at which a partition resumes after the group has assigned it to us.
//!
//! Our database decides for the clicks that we stored. But another clicktop of the group may have held the partition
//! in between; its clicks are in its own database and count in its figures. The metadata of each committed offset
//! names the database that committed it. After our own commit we resume at the stored offset, even if it is lower
//! (for example after a power loss that undid the last transactions). After the commit of another clicktop we resume
//! at the committed offset.
//!
//! A database that was copied to another container or disk has the identity of its original. We notice that once
//! both are members of the group; then the later one takes a new identity.
//!
//! A database that may be a copy resumes at the original's committed offset while the original is a member of the
//! group. If it is not, the original may be lost and this database may be its backup. Then we read its messages
//! again, because reading twice is better than losing clicks.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use super::group_calls;
use crate::storage::Identity;

/// How long the group's coordinator may take to answer. The rebalance waits meanwhile.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The same for a question whose answer hardly ever matters.
const TWIN_TIMEOUT: Duration = Duration::from_secs(3);

/// A database among those of its consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    id: String,
    metadata: String,
    /// Metadata and client id of the database of which this one may be a copy.
    original: Option<(String, String)>,
}

impl Member {
    pub(crate) fn new(identity: &Identity) -> Self {
        let original = identity.copy_of.as_deref().map(|id| (metadata(id), client_id(id)));
        Self { id: client_id(&identity.id), metadata: metadata(&identity.id), original }
    }

    /// The metadata of the offsets that it commits.
    pub(super) fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The name of its Kafka client, by which the other members see that it is at work.
    pub(super) fn client_id(&self) -> &str {
        &self.id
    }
}

fn metadata(id: &str) -> String {
    format!("{OF_CLICKTOP}{id}")
}

fn client_id(id: &str) -> String {
    format!("clicktop-{}", id.get(..CLIENT_ID_DIGITS).unwrap_or(id))
}

/// The beginning of the metadata that a clicktop commits.
const OF_CLICKTOP: &str = "clicktop ";

/// Digits of the identity in the client id: enough for the few members of one group.
const CLIENT_ID_DIGITS: usize = 12;

/// A committed offset: the database that `metadata` names has stored everything before `next`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    next: i64,
    metadata: String,
}

impl Committed {
    /// Whether a clicktop committed it, not the operator or another tool.
    pub(super) fn is_of_clicktop(&self) -> bool {
        self.metadata.starts_with(OF_CLICKTOP)
    }
}

/// The offsets that the group has committed for `partitions`.
///
/// # Errors
/// The coordinator does not answer, or refuses.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
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

/// The offset to resume at; `None` if neither we nor another member has read the partition yet. `is_at_work` tells whether a
/// client id is a member of the group.
pub(super) fn resume_offset(
    stored: Option<i64>,
    committed: Option<&Committed>,
    us: &Member,
    is_at_work: impl FnOnce(&str) -> bool,
) -> Option<i64> {
    let Some(committed) = committed.filter(|committed| committed.metadata != us.metadata) else {
        return stored;
    };
    let next = Some(committed.next);
    match (stored, &us.original) {
        // Another tool committed it: our database knows better.
        (Some(_), _) if !committed.is_of_clicktop() => stored,
        (_, Some((metadata, client))) if *metadata == committed.metadata && next > stored => {
            if is_at_work(client) {
                next
            } else {
                stored
            }
        }
        _ => stored.max(next),
    }
}

/// Whether the client `name` is a member of the group. If the broker does not answer, it counts as gone.
pub(super) fn is_at_work<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &str, name: &str) -> bool {
    members(consumer, group, name, TIMEOUT) > 0
}

/// Whether another member of the group has our client id: a copy of our database, or its original. If the broker does not
/// answer, there is none.
pub(super) fn has_twin<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &str, us: &Member) -> bool {
    members(consumer, group, us.client_id(), TWIN_TIMEOUT) > 1
}

/// How many members of the group have the client id `name`; 0 if the broker does not answer.
fn members<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &str, name: &str, timeout: Duration) -> usize {
    let Some(found) = group_calls::client_ids(consumer, group, timeout) else {
        tracing::debug!(target: "ingest", "the broker does not list the members of group {group}");
        return 0;
    };
    found.iter().filter(|found| *found == name).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str, copy_of: Option<&str>) -> Member {
        Member::new(&Identity { id: id.to_owned(), copy_of: copy_of.map(str::to_owned) })
    }

    fn by(metadata: &str) -> Committed {
        Committed { next: 90, metadata: metadata.to_owned() }
    }

    #[test]
    fn resumes_after_what_another_member_stored_and_never_beyond_our_own_database() {
        let us = member("a", None);
        let resume = |stored, committed: Option<&Committed>| {
            resume_offset(stored, committed, &us, |_| panic!("nobody is asked"))
        };
        let from = |stored, metadata: &str| resume(stored, Some(&by(metadata)));
        assert_eq!(resume(None, None), None);
        assert_eq!(resume(Some(50), None), Some(50));
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

    #[test]
    fn a_copy_reads_again_what_its_original_stored_unless_the_original_is_at_work() {
        let us = member("a", Some("0123456789abcdef"));
        let from = |stored, metadata: &str, at_work| {
            resume_offset(stored, Some(&by(metadata)), &us, |name| {
                assert_eq!(name, "clicktop-0123456789ab");
                at_work
            })
        };
        assert_eq!(from(Some(50), "clicktop 0123456789abcdef", true), Some(90));
        assert_eq!(from(Some(50), "clicktop 0123456789abcdef", false), Some(50));
        assert_eq!(from(None, "clicktop 0123456789abcdef", false), None);
        assert_eq!(from(Some(95), "clicktop 0123456789abcdef", false), Some(95));
        assert_eq!(from(Some(50), "clicktop b", false), Some(90));
        assert_eq!(from(Some(50), "clicktop a", true), Some(50));
    }
}
