//! Decides where the partitions of a topic begin: once, when this database first sees the topic.
//!
//! With `kafka.start = "latest"`, a partition begins at its end at that moment. Ingest records the ends of all
//! partitions in the database before it reads anything. If each start looked up the end again, it would skip the
//! messages that arrived in a quiet partition while clicktop was stopped. If ingest recorded only our own
//! partitions, it would skip messages of a partition that later moves to us. A partition without a recorded offset
//! is newer than that, so ingest reads it from its beginning.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::lag::Quiet;
use super::options::{KafkaOptions, StartAt};
use super::resume::{self, Committed, Member};
use crate::engine::local::stages::offsets::OffsetLedger;
use crate::storage::{Storage, StorageError};

/// How long a broker may take to answer. Our membership of the group waits meanwhile.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why the offset to begin at is unknown. Ingest reads nothing before it knows the offset: a guess would lose clicks.
#[derive(Debug, thiserror::Error)]
pub enum NoStart {
    /// A broker does not answer, or refuses.
    #[error("Kafka does not answer which offset to begin at: {0}")]
    Kafka(#[from] KafkaError),
    /// The database cannot be read or written.
    #[error("the offset to begin at cannot be stored: {0}")]
    Storage(#[from] StorageError),
    /// Another database of this identity is at work in the group. This one has an identity of its own from here on.
    #[error("a copy of this database is at work in group {0}: this one joins it again under an identity of its own")]
    Twin(String),
}

/// Fixes where the topic begins, without a place in the group: before a producer of our own sends what is to be read.
///
/// # Errors
/// A broker does not tell where a partition ends, or the database is damaged or cannot be written.
pub fn fix_start_offsets(options: &KafkaOptions, storage: &Storage) -> Result<(), NoStart> {
    storage.verify(&mut |_| true)?;
    let us = Member::new(&storage.confirm_identity()?);
    let ledger = OffsetLedger::new(storage.offsets(&options.topic)?, None);
    let consumer: BaseConsumer<Quiet> = options.bystander().create_with_context(Quiet)?;
    let (topic, start) = (options.topic.as_str(), options.start);
    TopicStart { storage, ledger: &ledger, topic, start, us: &us }.fix(&consumer, &BTreeSet::new())
}

/// The topic, and what is known of it.
pub(super) struct TopicStart<'a> {
    pub storage: &'a Storage,
    pub ledger: &'a OffsetLedger,
    pub topic: &'a str,
    pub start: StartAt,
    pub us: &'a Member,
}

impl TopicStart<'_> {
    /// Fixes where each partition begins, unless that is done. `assigned` are those that are ours.
    ///
    /// # Errors
    /// A broker does not tell where a partition ends, or the database cannot be written; nothing is fixed then.
    pub(super) fn fix<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        assigned: &BTreeSet<i32>,
    ) -> Result<(), NoStart> {
        if self.storage.knows_topic(self.topic)? {
            return Ok(());
        }
        let starts = match self.start {
            // Whatever is not stored begins at its beginning, whenever it came.
            StartAt::Earliest => BTreeMap::new(),
            StartAt::Latest => self.starts(consumer, assigned)?,
        };
        self.storage.add_topic(self.topic, &starts)?;
        self.ledger.begun(&starts);
        if !starts.is_empty() {
            tracing::info!(target: "ingest", "{} begins at {}", self.topic, shown(&starts));
            // The others of the group begin there, too. Should the commit fail, each of them fixes its own.
            let mut offsets = TopicPartitionList::new();
            for (&partition, &next) in &starts {
                let mut added = offsets.add_partition(self.topic, partition);
                // An offset that is not negative cannot be refused.
                let _ = added.set_offset(Offset::Offset(next));
                added.set_metadata(self.us.metadata());
            }
            if let Err(error) = consumer.commit(&offsets, CommitMode::Async) {
                tracing::debug!(target: "ingest", "offsets not committed to Kafka: {error}");
            }
        }
        Ok(())
    }

    /// Where the partitions begin of which nothing is stored: where the group is, else at their end.
    fn starts<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        assigned: &BTreeSet<i32>,
    ) -> Result<BTreeMap<i32, i64>, KafkaError> {
        let stored = self.ledger.stored();
        let mut partitions = partitions(consumer, self.topic)?;
        partitions.extend(assigned);
        partitions.retain(|partition| !stored.contains_key(partition));
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let list = |partitions: &BTreeSet<i32>| {
            let mut list = TopicPartitionList::new();
            for &partition in partitions {
                list.add_partition(self.topic, partition);
            }
            list
        };
        let committed = resume::committed(consumer, &list(&partitions))?;
        let mut starts = begun(&committed, self.us);
        partitions.retain(|partition| !starts.contains_key(partition));
        // Each clicktop of the group commits the start of every partition when it sees the topic: one without a commit came
        // after that. A database that has read of the topic knows better what it has not met.
        let group_has_begun = stored.is_empty() && committed.values().any(Committed::is_of_clicktop);
        if !partitions.is_empty() && !group_has_begun {
            starts.extend(ends(consumer, list(&partitions))?);
        }
        Ok(starts)
    }
}

/// Where the group is, other than by our own word: that never counts for more than our database.
fn begun(committed: &BTreeMap<i32, Committed>, us: &Member) -> BTreeMap<i32, i64> {
    committed
        .iter()
        .filter_map(|(&partition, committed)| {
            Some((partition, resume::resume_offset(None, Some(committed), us, |_| false)?))
        })
        .collect()
}

/// All of the topic's.
fn partitions<C: ConsumerContext>(consumer: &BaseConsumer<C>, topic: &str) -> Result<BTreeSet<i32>, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), TIMEOUT)?;
    let found = metadata.topics().iter().filter(|found| found.name() == topic);
    Ok(found.flat_map(|found| found.partitions()).map(|partition| partition.id()).collect())
}

/// Where `partitions` end now: a request to each broker, however many they are.
fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    mut partitions: TopicPartitionList,
) -> Result<BTreeMap<i32, i64>, KafkaError> {
    // The protocol asks for the end as for a time.
    partitions.set_all_offsets(Offset::End)?;
    let told = consumer.offsets_for_times(partitions, TIMEOUT)?;
    let mut ends = BTreeMap::new();
    for element in told.elements() {
        element.error()?;
        match element.offset() {
            Offset::Offset(end) => ends.insert(element.partition(), end),
            _ => return Err(KafkaError::OffsetFetch(rdkafka::types::RDKafkaErrorCode::NoOffset)),
        };
    }
    Ok(ends)
}

/// `0: 15, 1: 20`, of many partitions the first.
fn shown(starts: &BTreeMap<i32, i64>) -> String {
    const MOST: usize = 16;
    let shown: Vec<String> = starts.iter().take(MOST).map(|(partition, next)| format!("{partition}: {next}")).collect();
    let more = if starts.len() > MOST { format!(" and {} more", starts.len() - MOST) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
