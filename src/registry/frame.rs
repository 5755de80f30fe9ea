//! The frame around content with a schema, as Confluent's serializers write it.

use super::error::ReadError;

/// The first byte of each frame. No text begins with it, so a topic may hold frames and plain JSON or CSV.
const MAGIC: u8 = 0;

/// The most levels of nested Protobuf messages that indexes name.
const MAX_INDEXES: usize = 64;

/// A message with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The id of the schema in the registry.
    pub id: u32,
    /// The content; of Protobuf, the indexes of the message type come first.
    pub content: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame in `message`; `None` if the message does not begin like one.
    pub fn read(message: &'a [u8]) -> Option<Self> {
        match message.split_first_chunk::<5>() {
            Some((&[MAGIC, a, b, c, d], content)) => Some(Self { id: u32::from_be_bytes([a, b, c, d]), content }),
            _ => None,
        }
    }

    /// The bytes before a Protobuf message that say which type it is; `None` if they cannot be read.
    pub(super) fn type_indexes(&self) -> Option<&'a [u8]> {
        let (_, rest) = message_indexes(self.content).ok()?;
        self.content.get(..self.content.len() - rest.len())
    }

    /// The bytes of a frame.
    pub fn write(id: u32, content: &[u8]) -> Vec<u8> {
        [&[MAGIC], &id.to_be_bytes()[..], content].concat()
    }
}

/// Reads the indexes that lead from the file to the message type, and what follows them: how many there are, then each, as varints in
/// zigzag. A single zero stands for the first type of the file.
pub(super) fn message_indexes(content: &[u8]) -> Result<(Vec<usize>, &[u8]), ReadError> {
    let mut rest = content;
    let mut next = || -> Result<usize, ReadError> {
        let number = zigzag(&mut rest).ok_or(ReadError::Indexes)?;
        usize::try_from(number).map_err(|_| ReadError::Indexes)
    };
    let indexes = match next()? {
        0 => vec![0],
        count if count <= MAX_INDEXES => (0..count).map(|_| next()).collect::<Result<_, _>>()?,
        _ => return Err(ReadError::Indexes),
    };
    Ok((indexes, rest))
}

/// Takes a varint in zigzag from the beginning of `bytes`; `None` if they end before it, or it is longer than 64 bits.
#[inline]
pub(super) fn zigzag(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    let mut shift = 0;
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let digits = u64::from(byte & 0x7f);
        if shift == 63 && digits > 1 {
            return None;
        }
        number |= digits << shift;
        if byte & 0x80 == 0 {
            return Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()));
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `number` as a varint in zigzag.
    pub(super) fn varint(number: i64) -> Vec<u8> {
        let mut number = ((number << 1) ^ (number >> 63)).cast_unsigned();
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    #[test]
    fn a_frame_holds_the_id_and_the_content() {
        let frame = Frame { id: 258, content: b"abc" };
        assert_eq!(Frame::read(b"\0\0\0\x01\x02abc"), Some(frame));
        assert_eq!(Frame::write(258, b"abc"), b"\0\0\0\x01\x02abc");
        for other in [&b""[..], b"\0\0\0\x01", b"\x01\0\0\0\x01abc", b"{\"a\":1}"] {
            assert_eq!(Frame::read(other), None);
        }
    }

    #[test]
    fn indexes_lead_to_a_type() {
        assert_eq!(message_indexes(&[0, 9]).unwrap(), (vec![0], &[9][..]));
        assert_eq!(message_indexes(&[2, 4, 9]).unwrap(), (vec![2], &[9][..]));
        assert_eq!(message_indexes(&[4, 2, 0, 9]).unwrap(), (vec![1, 0], &[9][..]));
        for wrong in [&[][..], &[2], &[1], &[2, 1], &[0x80], &[0xff, 0xff, 0xff, 0x7f], &[0xff; 12]] {
            assert!(message_indexes(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_comes_back(number: i64, after: Vec<u8>) {
            let bytes = [varint(number), after.clone()].concat();
            let mut rest = bytes.as_slice();
            prop_assert_eq!(zigzag(&mut rest), Some(number));
            prop_assert_eq!(rest, after.as_slice());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = (Frame::read(&bytes), message_indexes(&bytes));
        }
    }
}
