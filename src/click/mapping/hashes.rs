//! Hashed texts: 16 hexadecimal digits that are the same for the same parts, on every machine and for ever.
//!
//! The hash has no key. Whoever has an address and a user agent can compute the hash of them, and whoever has a list of all addresses can
//! try them all. So it makes one short id of several texts; it does not protect who they belong to.

use uuid::Uuid;

/// The namespace of hashed texts.
pub(crate) const HASHES: Uuid = Uuid::from_u128(0x5e0b_9c52_f1d4_4f0a_8a9c_2d3e_74b1_06c3);
/// Ends each part. No text has this byte, so other parts never give the same bytes.
pub(super) const END_OF_PART: u8 = 0xff;
/// Hashes that are remembered: visitors come back within a few lines.
const KNOWN: usize = 1024;
/// Longer parts are hashed anew each time, which bounds the memory.
const MAX_KNOWN_BYTES: usize = 512;

/// The digits of a hash.
pub(super) type Digits = [u8; 16];

/// Hashes texts, and remembers the last ones.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    /// By the checksum of the parts.
    known: Vec<(Vec<u8>, Digits)>,
}

impl Hashes {
    /// The digits of parts that each end with [`END_OF_PART`].
    pub(super) fn of(&mut self, parts: &[u8]) -> Digits {
        if parts.len() > MAX_KNOWN_BYTES {
            return hash(parts);
        }
        if self.known.is_empty() {
            self.known.resize(KNOWN, (Vec::new(), [0; 16]));
        }
        let at = crc32fast::hash(parts) as usize % KNOWN;
        let Some((known, digits)) = self.known.get_mut(at) else { return hash(parts) };
        if known != parts {
            known.clear();
            known.extend_from_slice(parts);
            *digits = hash(parts);
        }
        *digits
    }
}

fn hash(parts: &[u8]) -> Digits {
    let mut buffer = Uuid::encode_buffer();
    let text = Uuid::new_v5(&HASHES, parts).simple().encode_lower(&mut buffer).as_bytes();
    text.first_chunk().copied().unwrap_or_default()
}
