//! Where the streaming query begins after a move from a data directory.
//!
//! Spark takes an offset for each partition that the topic has, and for no other. The data directory may not know all of them. The
//! error of a first start names those that the cluster finds.

use std::collections::{BTreeMap, BTreeSet};

/// In Spark's offsets: from the beginning of the partition.
const EARLIEST: i64 = -2;

/// The option `startingOffsets` of Spark's Kafka source. Partitions begin at their `stored` offsets. Of the `assigned` ones, if they are
/// known, those that are not stored begin at their beginning, and stored ones that are not assigned are left out.
pub(super) fn starting_offsets(topic: &str, stored: &BTreeMap<i32, i64>, assigned: Option<&BTreeSet<i32>>) -> String {
    let offsets: BTreeMap<i32, i64> = match assigned {
        None => stored.clone(),
        Some(assigned) => {
            let offset = |partition: &i32| (*partition, stored.get(partition).copied().unwrap_or(EARLIEST));
            assigned.iter().map(offset).collect()
        }
    };
    serde_json::json!({ topic: offsets }).to_string()
}

/// The partitions that Spark finds in `topic`, by the message with which it refuses offsets for others.
pub(super) fn assigned_partitions(message: &str, topic: &str) -> Option<BTreeSet<i32>> {
    if !message.contains("startingOffsets contains specific offsets") {
        return None;
    }
    let assigned = message.split_once("Assigned:")?.1;
    let names = assigned.split_once('(')?.1.split_once(')')?.0;
    let partition = |name: &str| name.trim().strip_prefix(topic)?.strip_prefix('-')?.parse::<i32>().ok();
    let partitions: BTreeSet<i32> = names.split(',').filter_map(partition).collect();
    (!partitions.is_empty()).then_some(partitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_that_are_not_stored_begin_at_their_beginning() {
        let stored = BTreeMap::from([(0, 12), (2, 7)]);
        assert_eq!(starting_offsets("clicks", &stored, None), r#"{"clicks":{"0":12,"2":7}}"#);
        let assigned = BTreeSet::from([0, 1, 10]);
        assert_eq!(starting_offsets("clicks", &stored, Some(&assigned)), r#"{"clicks":{"0":12,"1":-2,"10":-2}}"#);
    }

    #[test]
    fn the_refusal_of_spark_tells_the_partitions() {
        let message = "Job aborted.\nassertion failed: If startingOffsets contains specific offsets, you must specify all \
            TopicPartitions.\nUse -1 for latest, -2 for earliest, if you don't care.\nSpecified: HashSet(a-b-0) Assigned: \
            HashSet(a-b-2, a-b-0, a-b-11)\n=== Streaming Query ===\nIdentifier: clicktop (x)";
        assert_eq!(assigned_partitions(message, "a-b"), Some(BTreeSet::from([0, 2, 11])));
        assert_eq!(assigned_partitions(message, "other"), None);
        assert_eq!(assigned_partitions("Assigned: Set(a-b-0)", "a-b"), None);
    }
}
