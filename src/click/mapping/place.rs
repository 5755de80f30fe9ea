//! Where a record lies, and the click ids that are derived from it.

use uuid::Uuid;

/// The namespace of the ids of partitions.
pub(crate) const PARTITIONS: Uuid = Uuid::from_u128(0x3c1d_5a0e_7b52_4c86_9f0e_51d2_6a90_11b7);
/// The namespace of the ids of files.
const FILES: Uuid = Uuid::from_u128(0x9a61_0f84_20ce_4d1f_8e3b_c7f5_02d6_48ea);

/// 48 bits that stand for one partition of a topic or for one file: the first part of derived click ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId([u8; 6]);

impl StreamId {
    /// The id of a partition. It depends on the name of the topic and the number of the partition alone.
    pub fn of_partition(topic: &str, partition: i32) -> Self {
        // No name of a topic has a zero byte.
        Self::of(PARTITIONS, &[topic.as_bytes(), b"\0", &partition.to_be_bytes()].concat())
    }

    /// The id of a file, by its first record. A header is no record. The name and the compression of the file do not matter.
    pub fn of_file(first_record: &[u8]) -> Self {
        Self::of(FILES, first_record)
    }

    fn of(namespace: Uuid, name: &[u8]) -> Self {
        let [a, b, c, d, e, f, ..] = *Uuid::new_v5(&namespace, name).as_bytes();
        Self([a, b, c, d, e, f])
    }

    /// The id as bytes, to be stored.
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }

    /// The id that [`as_bytes`](Self::as_bytes) gave.
    pub const fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }
}

/// Where a record lies. It has one place for ever, so the ids that are derived from it are the same at every replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The partition or the file.
    pub stream: StreamId,
    /// The offset of the message, or the number of the record in its file, from 0.
    pub number: u64,
}

impl Place {
    /// Appends the click id of the event with this index in `record`: the text of a UUID, in lower case.
    ///
    /// It holds the stream, 48 bits of the number, the index, and 16 bits of a checksum of the record, in this order. So the ids of
    /// one stream sort like its events, and another record at the same place has another id.
    pub(super) fn write_click_id(self, record: &[u8], index: u16, out: &mut String) {
        let [a, b, c, d, e, f] = self.stream.0;
        let [_, _, g, h, i, j, k, l] = self.number.to_be_bytes();
        let [m, n] = index.to_be_bytes();
        let [_, _, o, p] = crc32fast::hash(record).to_be_bytes();
        let id = Uuid::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]);
        out.push_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(place: Place, record: &[u8], index: u16) -> String {
        let mut out = String::new();
        place.write_click_id(record, index, &mut out);
        out
    }

    #[test]
    fn the_ids_of_a_stream_sort_like_its_events_and_stay_the_same() {
        let stream = StreamId::of_file(b"first");
        let places = [(0, 0), (0, 1), (1, 0), (255, 0), (256, 65_535), (1 << 40, 0)];
        let ids: Vec<String> =
            places.iter().map(|(number, index)| id(Place { stream, number: *number }, b"same", *index)).collect();
        assert!(ids.is_sorted() && ids.iter().collect::<std::collections::HashSet<_>>().len() == ids.len(), "{ids:?}");
        let again = StreamId::from_bytes(*StreamId::of_file(b"first").as_bytes());
        assert_eq!(id(Place { stream: again, number: 1 }, b"same", 0), ids[2]);
        assert_eq!(Uuid::try_parse(&ids[2]).map(|id| id.to_string()), Ok(ids[2].clone()));
        assert_ne!(id(Place { stream, number: 1 }, b"other", 0), ids[2], "another record has another id");
    }

    /// The ids are stored, so they must never change.
    #[test]
    fn ids_are_the_same_for_ever() {
        let place = Place { stream: StreamId::of_partition("clicks", 3), number: 77 };
        assert_eq!(id(place, b"{}", 2), "cbf089a6-00d3-0000-0000-004d0002bf43");
        let place = Place { stream: StreamId::of_file(b"a,b"), number: 77 };
        assert_eq!(id(place, b"{}", 2), "da73e662-21b4-0000-0000-004d0002bf43");
        let other = [StreamId::of_partition("clicks", 4), StreamId::of_partition("clicks2", 3)];
        assert!(other.iter().all(|stream| *stream != StreamId::of_partition("clicks", 3)));
    }
}
