//! Where a partition begins that the group has given us.
//!
//! Our own stored offset is the truth about our own clicks. But the partition may have been another clicktop's of the group
//! meanwhile: what that one has stored is in its database, and belongs to its figures. Each offset that is committed to
//! Kafka says in its metadata whose it is, so the two cases can be told apart: behind our own commit we go on at what is
//! stored, also if that is less (a power loss has undone the last commits, say); behind another's, where it has left off.
//!
//! A copy that lies just as its original did, in another container or on a cloned disk, cannot be told by that: it has the
//! original's identity. It shows once both are at work, and the one that came later gets an identity of its own then.
//!
//! A database that may be a copy of another goes on where that one has left off if it is at work in the group. If it is not, it
//! may be lost, and this be what was put back of it: then what it stored since is read again, rather twice than never.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use crate::storage::Identity;

/// How long the group's coordinator may take to answer. Our membership waits meanwhile.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The same where the answer hardly ever matters: every broker is asked, and one may be down.
const TWIN_TIMEOUT: Duration = Duration::from_secs(3);

/// A database among those of its consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    id: String,
    metadata: String,
    /// What goes with the offsets of the database that this one may be a copy of, and its client's name.
    original: Option<(String, String)>,
}

impl Member {
    pub(crate) fn new(identity: &Identity) -> Self {
        let original = identity.copy_of.as_deref().map(|id| (metadata(id), client_id(id)));
        Self { id: client_id(&identity.id), metadata: metadata(&identity.id), original }
    }

    /// What goes with the offsets it commits.
    pub(super) fn metadata(&self) -> &str {
        &self.metadata
    }

    /// What its client calls itself, so that others of the group see that it is at work.
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

/// How the metadata of a clicktop begins.
const OF_CLICKTOP: &str = "clicktop ";

/// Digits of an identity in a client's name: those of one group are few.
const CLIENT_ID_DIGITS: usize = 12;

/// What the group knows of a partition: everything before `next` was stored by whoever `metadata` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    next: i64,
    metadata: String,
}

impl Committed {
    /// Whether a clicktop has committed it, and neither the operator nor another tool.
    pub(super) fn is_of_clicktop(&self) -> bool {
        self.metadata.starts_with(OF_CLICKTOP)
    }
}

/// What the group has committed of `partitions`.
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

/// The offset to begin with; `None` if neither we nor anybody else of the group has begun yet. `is_at_work` says of a
/// client's name whether it is in the group.
pub(super) fn begin(
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
        // Neither clicktop nor the operator has said more than we know ourselves.
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

/// Whether the client `name` is in the group. If nobody tells, it counts as gone.
pub(super) fn is_at_work<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &str, name: &str) -> bool {
    members(consumer, group, name, TIMEOUT) > 0
}

/// Whether another member of the group, of which we are one, calls itself as we do: a copy of our database, or the one of
/// which ours is a copy. If nobody tells, there is none.
pub(super) fn has_twin<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &str, us: &Member) -> bool {
    members(consumer, group, us.client_id(), TWIN_TIMEOUT) > 1
}

/// How many members of the group call themselves `name`, as far as it is told.
fn members<C: ConsumerContext>(consumer: &BaseConsumer<C>, group: &str, name: &str, timeout: Duration) -> usize {
    match consumer.fetch_group_list(Some(group), timeout) {
        Ok(list) => {
            let members = list.groups().iter().flat_map(|group| group.members());
            members.filter(|member| member.client_id() == name).count()
        }
        Err(error) => {
            tracing::debug!(target: "ingest", "the members of group {group} are not told: {error}");
            0
        }
    }
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
    fn what_another_has_stored_is_not_read_again_and_our_own_commit_never_counts_more_than_the_database() {
        let us = member("a", None);
        let begin =
            |stored, committed: Option<&Committed>| begin(stored, committed, &us, |_| panic!("nobody is asked"));
        let from = |stored, metadata: &str| begin(stored, Some(&by(metadata)));
        assert_eq!(begin(None, None), None);
        assert_eq!(begin(Some(50), None), Some(50));
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
    fn what_the_original_has_stored_is_read_again_unless_it_is_at_work() {
        let us = member("a", Some("0123456789abcdef"));
        let from = |stored, metadata: &str, at_work| {
            begin(stored, Some(&by(metadata)), &us, |name| {
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
