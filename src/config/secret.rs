//! Values that must never be printed, and the parts of other values that must not be either.

use std::borrow::Cow;
use std::fmt;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::ConfigError;

/// What is printed in place of a secret.
pub const MASK: &str = "***";

/// No honest password, key or token comes near it; a wrong path (a log, a device) goes past it.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A password, key or token. It prints as `***`, whichever way; only [`Secret::expose`] gives it away.
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

    /// Reads the secret that the setting `key` keeps in the file at `path`. White space at its end is not part of it:
    /// editors and `echo` leave a newline there.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if the file cannot be read, is empty, is not UTF-8 or is larger than 64 KiB.
    pub fn read_file(key: &'static str, path: &Path) -> Result<Self, ConfigError> {
        let failed =
            |cause: &dyn fmt::Display| ConfigError::SecretFile { key, path: path.into(), cause: cause.to_string() };
        let file = std::fs::File::open(path).map_err(|cause| failed(&cause))?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|cause| failed(&cause))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
            return Err(failed(&"larger than 64 KiB, so it is not a password, key or token"));
        }
        let text = String::from_utf8(bytes).map_err(|_| failed(&"not UTF-8 text"))?;
        match text.trim_end() {
            "" => Err(failed(&"the file is empty")),
            secret => Ok(Self::new(secret)),
        }
    }
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

/// Whether the value of this librdkafka property may be a secret. Rather one too many: properties come and go
/// with librdkafka's versions.
pub fn is_sensitive_property(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "key",
        "jaas",
        "credential",
        "assertion",
        "oauthbearer.config",
        "extensions",
    ];
    let name = name.to_ascii_lowercase();
    !name.ends_with(".url") && PARTS.iter().any(|part| name.contains(part))
}

/// `url` fit to be printed: the user name and password before its host and the query after its path are masked. Text that
/// is no URL loses at most more of itself.
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
    fn a_secret_prints_as_stars_whichever_way() {
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
    fn properties_that_may_hold_a_secret_are_known_by_name() {
        for name in [
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config",
            "ssl.key.pem",
            "ssl.keystore.password",
            "SASL.JAAS.config",
        ] {
            assert!(is_sensitive_property(name), "{name}");
        }
        for name in ["fetch.wait.max.ms", "client.id", "sasl.oauthbearer.token.endpoint.url"] {
            assert!(!is_sensitive_property(name), "{name}");
        }
    }

    #[test]
    fn a_secret_file_gives_its_text_without_the_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, " hunter2\r\n").unwrap();
        assert_eq!(Secret::read_file("index.password_file", &path).unwrap().expose(), " hunter2");
    }

    #[test]
    fn a_bad_secret_file_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let error = |contents: &[u8]| {
            std::fs::write(&path, contents).unwrap();
            let error = Secret::read_file("index.password_file", &path).unwrap_err().to_string();
            error.replace(&folder.path().display().to_string(), "DIR")
        };
        assert_eq!(error(b"\n"), "index.password_file: cannot read DIR/password: the file is empty");
        assert_eq!(error(b"hunter2\xff"), "index.password_file: cannot read DIR/password: not UTF-8 text");
        assert_eq!(
            error(&vec![b'x'; 70_000]),
            "index.password_file: cannot read DIR/password: larger than 64 KiB, so it is not a password, key or token"
        );
        std::fs::remove_file(&path).unwrap();
        let absent = Secret::read_file("index.password_file", &path).unwrap_err().to_string();
        assert!(absent.contains("No such file"), "{absent}");
    }
}
