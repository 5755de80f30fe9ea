//! Computes the partition of a record.
//!
//! The partition is the Murmur2 hash of the key modulo the number of partitions, as in the Java client and in
//! librdkafka's `murmur2` partitioner. So the clicks of a user share a partition, also if other producers write to
//! the topic. librdkafka could choose the partition itself, but a producer that limits what is under way in each
//! partition must know the partition before it sends.

/// The partition of `key` in a topic of `partitions` partitions; 0 if there is none.
pub fn partition_of(key: &[u8], partitions: i32) -> i32 {
    // Clearing the sign bit, not taking the absolute value: that is how Kafka makes the hash positive.
    i32::try_from(murmur2(key) & 0x7fff_ffff).unwrap_or_default().checked_rem(partitions).unwrap_or_default()
}

/// 32-bit MurmurHash2 with Kafka's seed.
fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;

    // Kafka mixes in a 32-bit length; keys are far shorter.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut hash = SEED ^ length;
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (at, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the Java client, as librdkafka's own tests list them.
    #[test]
    fn agrees_with_other_kafka_clients() {
        for (key, hash) in [
            ("kafka", 0xd067_cf64),
            ("giberish123456789", 0x8f55_2b0c),
            ("1234", 0x9fc9_7b14),
            ("234", 0xe7c0_09ca),
            ("34", 0x8739_30da),
            ("4", 0x5a4b_5ca1),
            ("PreAmbleWillBeRemoved,ThePrePartThatIs", 0x7842_4f1c),
            ("", 0x106e_08d9),
        ] {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key:?}");
        }
    }

    #[test]
    fn every_partition_gets_its_share() {
        let mut counts = [0u32; 8];
        for user in 0..8000 {
            let partition = partition_of(format!("u{user:06}").as_bytes(), 8);
            counts[usize::try_from(partition).expect("a partition")] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_topic_without_partitions_does_not_panic() {
        assert_eq!(partition_of(b"x", 0), 0);
        assert_eq!(partition_of(b"x", -1), 0);
    }
}
