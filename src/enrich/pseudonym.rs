//! Keyed hashes in place of user ids.

use std::path::Path;

use crate::secret::Secret;

/// The fewest bytes of a key's text: fewer could be guessed.
const FEWEST: usize = 32;

/// Separates the keys of this use from those of others that hash the same text.
const CONTEXT: &str = "clicktop 2026 privacy.users";

/// The bytes of a hash that are kept. Two of a billion users share a hash with a chance of 1 in 10^20.
const KEPT: usize = 16;

/// Why there are no pseudonyms. No message holds a part of the key.
#[derive(Debug, thiserror::Error)]
pub enum PseudonymsError {
    /// The key is too short.
    #[error("{0}: a key of {1} bytes can be guessed; make one of at least {FEWEST}, such as by: openssl rand -hex 32")]
    Short(String, usize),
}

/// Makes pseudonyms of user ids: the same user has the same one, and nobody without the key can tell whose it is.
///
/// It is the keyed hash BLAKE3, with a key that is derived from the text of the key file, as 32 hexadecimal digits.
#[derive(Clone)]
pub struct Pseudonyms {
    key: [u8; blake3::KEY_LEN],
}

/// A pseudonym: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pseudonym([u8; 2 * KEPT]);

impl Pseudonyms {
    /// Pseudonyms by the key `secret`, which was read from `file`.
    ///
    /// # Errors
    /// [`PseudonymsError::Short`].
    pub fn new(secret: &Secret, file: &Path) -> Result<Self, PseudonymsError> {
        let text = secret.expose().as_bytes();
        if text.len() < FEWEST {
            return Err(PseudonymsError::Short(file.display().to_string(), text.len()));
        }
        Ok(Self { key: blake3::derive_key(CONTEXT, text) })
    }

    /// The pseudonym of `user`.
    pub fn of(&self, user: &str) -> Pseudonym {
        let hash = blake3::keyed_hash(&self.key, user.as_bytes());
        let mut digits = [0; 2 * KEPT];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(hash.as_bytes()) {
            for (digit, value) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
            }
        }
        Pseudonym(digits)
    }
}

impl Pseudonym {
    /// Its text.
    pub fn as_str(&self) -> &str {
        // Digits are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Without the key.
impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pseudonyms").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(key: &str) -> Pseudonyms {
        Pseudonyms::new(&Secret::new(key), Path::new("key")).expect("a key")
    }

    #[test]
    fn a_user_has_one_pseudonym_for_each_key() {
        let (one, other) = (by(&"a".repeat(32)), by(&"b".repeat(32)));
        assert_eq!(one.of("ann"), one.of("ann"));
        assert_ne!(one.of("ann"), one.of("bob"));
        assert_ne!(one.of("ann"), other.of("ann"));
        let text = one.of("ann");
        assert!(text.as_str().len() == 32 && text.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn a_short_key_is_refused_and_no_key_is_shown() {
        let error = Pseudonyms::new(&Secret::new("hunter2"), Path::new("k")).expect_err("a short key").to_string();
        assert!(error.contains("openssl rand") && !error.contains("hunter2"), "{error}");
        assert_eq!(format!("{:?}", by(&"a".repeat(32))), "Pseudonyms { .. }");
    }
}
