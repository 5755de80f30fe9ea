//! Secrets, which print as `***`, and URLs without the secret parts.

use std::borrow::Cow;
use std::fmt;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is printed in place of a secret.
pub const MASK: &str = "***";

/// Passwords, keys and tokens are far smaller. A wrong path (a log, a device) leads to something larger.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A password, key or token. It prints as `***` in every format; only [`Secret::expose`] returns it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// `text` as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads the secret in the file at `path`. White space at its end is not part of the secret: editors and `echo` leave a
    /// newline there.
    ///
    /// # Errors
    /// The file cannot be read, is empty, is not UTF-8 or is larger than 64 KiB.
    pub fn read_file(path: &Path) -> Result<Self, SecretFileError> {
        let file = std::fs::File::open(path)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
            return Err(SecretFileError::TooLarge);
        }
        let text = String::from_utf8(bytes).map_err(|_| SecretFileError::NotText)?;
        match text.trim_end() {
            "" => Err(SecretFileError::Empty),
            secret => Ok(Self::new(secret)),
        }
    }
}

/// Why a file gives no secret. No message holds the file's contents.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The system cannot read it.
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    /// It is larger than 64 KiB.
    #[error("larger than 64 KiB, so it is not a password, key or token")]
    TooLarge,
    /// It is not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// It holds nothing but white space.
    #[error("the file is empty")]
    Empty,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// `url` with its user name, its password and its query masked. Text that is no URL may lose more of itself.
pub fn mask_url(url: &str) -> Cow<'_, str> {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, url),
    };
    // From the right: a password may hold an `@` that someone forgot to encode.
    let (userinfo, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => (true, rest),
        None => (false, rest),
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, true),
        None => (rest, false),
    };
    if !userinfo && !query {
        return Cow::Borrowed(url);
    }
    let mut masked = String::with_capacity(url.len());
    if let Some(scheme) = scheme {
        masked.push_str(scheme);
        masked.push_str("://");
    }
    if userinfo {
        masked.push_str(MASK);
        masked.push('@');
    }
    masked.push_str(rest);
    if query {
        masked.push('?');
        masked.push_str(MASK);
    }
    Cow::Owned(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_stars_in_every_format() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(serde_json::to_string(&secret).unwrap(), r#""***""#);
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn urls_lose_what_may_be_secret() {
        for (url, printed) in [
            ("http://localhost:9200", "http://localhost:9200"),
            ("https://elastic:hunter2@search:9200/base", "https://***@search:9200/base"),
            ("https://elastic:hun@ter/2@search", "https://***@search"),
            ("https://search/?api_key=hunter2", "https://search/?***"),
            ("elastic:hunter2@search", "***@search"),
        ] {
            assert_eq!(mask_url(url), printed);
        }
    }

    #[test]
    fn a_secret_file_gives_its_text_without_the_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, " hunter2\r\n").unwrap();
        assert_eq!(Secret::read_file(&path).unwrap().expose(), " hunter2");
    }

    #[test]
    fn no_error_shows_what_a_bad_secret_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let error = |contents: &[u8]| {
            std::fs::write(&path, contents).unwrap();
            Secret::read_file(&path).unwrap_err().to_string()
        };
        assert_eq!(error(b"\n"), "the file is empty");
        assert_eq!(error(b"hunter2\xff"), "not UTF-8 text");
        assert_eq!(error(&vec![b'x'; 70_000]), "larger than 64 KiB, so it is not a password, key or token");
        std::fs::remove_file(&path).unwrap();
        let absent = Secret::read_file(&path).unwrap_err().to_string();
        assert!(absent.contains("No such file"), "{absent}");
    }
}
