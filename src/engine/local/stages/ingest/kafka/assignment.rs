//! The partitions that the group assigns: the offset at which each one resumes, and the offsets that we commit for
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rdkafka::consumer::ConsumerContext;
use rdkafka::consumer::base_consumer::BaseConsumer;
use rdkafka::{Offset, TopicPartitionList};

use super::options::{KafkaOptions, StartAt};
use super::resume::{self, Member};
use super::start_offsets::{NoStart, TopicStart};
use crate::engine::local::stages::offsets::OffsetLedger;
use crate::storage::Storage;

/// Our place in a group that other clicktops may join.
pub(super) struct Membership {
    pub us: Member,
    /// Where the first offsets of the topic are noted.
    pub storage: Arc<Storage>,
}

/// Gives offsets to assigned partitions.
pub(super) struct Assigner {
    ledger: Arc<OffsetLedger>,
    start: StartAt,
    topic: String,
    group: String,
    membership: Option<Membership>,
    /// No other member of the group has our identity.
    twin_checked: AtomicBool,
}

impl Assigner {
    pub(super) fn new(
        options: &KafkaOptions,
        group: &str,
        membership: Option<Membership>,
        ledger: Arc<OffsetLedger>,
    ) -> Self {
        Self {
            ledger,
            start: options.start,
            topic: options.topic.clone(),
            group: group.to_owned(),
            membership,
            twin_checked: AtomicBool::new(false),
        }
    }

    /// The next offset to store of each partition.
    pub(super) fn stored(&self) -> BTreeMap<i32, i64> {
        self.ledger.stored()
    }

    /// The stored offsets of `partitions`, with our metadata.
    pub(super) fn to_commit(&self, partitions: &[i32], stored: &BTreeMap<i32, i64>) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::new();
        for partition in partitions {
            if let Some(&next) = stored.get(partition) {
                let mut added = offsets.add_partition(&self.topic, *partition);
                // An offset that is not negative cannot be refused.
                let _ = added.set_offset(Offset::Offset(next));
                if let Some(membership) = &self.membership {
                    added.set_metadata(membership.us.metadata());
                }
            }
        }
        offsets
    }

    /// Gives each newly assigned partition the offset to begin with.
    pub(super) fn give_offsets<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        partitions: &mut TopicPartitionList,
    ) -> Result<(), NoStart> {
        let assigned: BTreeSet<i32> = partitions.elements().iter().map(|element| element.partition()).collect();
        if let Some(membership) = &self.membership {
            self.part_from_twin(consumer, membership)?;
        }
        if let Some(membership) = self.membership.as_ref().filter(|_| !assigned.is_empty()) {
            self.resume_where_the_group_is(consumer, membership, partitions, &assigned)?;
        }
        for partition in assigned {
            let offset = self.ledger.next(partition).map_or(Offset::Beginning, Offset::Offset);
            partitions.set_partition_offset(&self.topic, partition, offset)?;
        }
        Ok(())
    }

    /// Takes a new identity if another member of the group has ours: each would take the other's offsets for its own, and read
    /// again what the other stored. The later one takes it, or both if they join at the same time.
    fn part_from_twin<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        Membership { us, storage }: &Membership,
    ) -> Result<(), NoStart> {
        if self.twin_checked.load(Relaxed) {
            return Ok(());
        }
        if resume::has_twin(consumer, &self.group, us) {
            storage.renew_identity()?;
            return Err(NoStart::Twin(self.group.clone()));
        }
        self.twin_checked.store(true, Relaxed);
        Ok(())
    }

    fn resume_where_the_group_is<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        Membership { us, storage }: &Membership,
        partitions: &TopicPartitionList,
        assigned: &BTreeSet<i32>,
    ) -> Result<(), NoStart> {
        let (topic, start) = (self.topic.as_str(), self.start);
        TopicStart { storage, ledger: &self.ledger, topic, start, us }.fix(consumer, assigned)?;
        let committed = match resume::committed(consumer, partitions) {
            Ok(committed) => committed,
            // We read again what another member stored meanwhile: twice is better than never.
            Err(error) if assigned.iter().all(|partition| self.ledger.next(*partition).is_some()) => {
                tracing::warn!(target: "ingest", "resuming at the stored offsets, because the group's committed offsets are unknown: {error}");
                BTreeMap::new()
            }
            Err(error) => return Err(error.into()),
        };
        for &partition in assigned {
            let stored = self.ledger.next(partition);
            let is_at_work = |name: &str| {
                let is_at_work = resume::is_at_work(consumer, &self.group, name);
                if !is_at_work {
                    tracing::warn!(
                        target: "ingest",
                        "{topic}[{partition}]: the original of this database is no member of group {}: messages that it stored \
                         since the copy are read again",
                        self.group
                    );
                }
                is_at_work
            };
            let next = resume::resume_offset(stored, committed.get(&partition), us, is_at_work);
            if let Some(next) = next.filter(|_| next != stored) {
                tracing::info!(target: "ingest", "{topic}[{partition}] resumes at {next}, the group's committed offset");
                self.ledger.jump(partition, next);
            }
        }
        Ok(())
    }
}

/// Updates the partitions we hold after `partitions` were assigned or revoked. A cooperative group lists the changes, any
/// other group the whole assignment.
pub(super) fn rebalanced(held: &mut BTreeSet<i32>, partitions: &[i32], assigned: bool, cooperative: bool) {
    match (assigned, cooperative) {
        (true, true) => held.extend(partitions),
        (true, false) => *held = partitions.iter().copied().collect(),
        (false, true) => held.retain(|partition| !partitions.contains(partition)),
        (false, false) => held.clear(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partitions_we_hold_follow_each_rebalance() {
        let mut held = BTreeSet::new();
        for (partitions, assigned, cooperative, expected) in [
            (&[0, 1, 2][..], true, true, &[0, 1, 2][..]),
            (&[3], true, true, &[0, 1, 2, 3]),
            (&[], true, true, &[0, 1, 2, 3]),
            (&[1, 7], false, true, &[0, 2, 3]),
            (&[4, 5], true, false, &[4, 5]),
            (&[4], false, false, &[]),
        ] {
            rebalanced(&mut held, partitions, assigned, cooperative);
            assert_eq!(held.iter().copied().collect::<Vec<_>>(), expected);
        }
    }
}
