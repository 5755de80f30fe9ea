//! `[index]`: the search index.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use super::Check;
use super::error::ConfigError;
use super::kafka::secret_or_file;
use super::units::{Bytes, duration, empty_as_none};
use crate::loopback::is_plain_to_others;
use crate::search::elasticsearch::Credentials;
use crate::secret::{Secret, mask_url};

/// `[index]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IndexSettings {
    /// Which engine.
    pub kind: IndexKind,
    /// Where Elasticsearch or OpenSearch listens; the nodes of one cluster.
    pub urls: Vec<EngineUrl>,
    /// The index's name.
    pub name: String,
    /// The user's name.
    #[serde(deserialize_with = "empty_as_none")]
    pub username: Option<String>,
    /// The user's password.
    #[serde(deserialize_with = "empty_as_none")]
    pub password: Option<Secret>,
    /// A file that holds the password, instead.
    #[serde(deserialize_with = "empty_as_none")]
    pub password_file: Option<PathBuf>,
    /// An API key (the encoded form), instead of a user.
    #[serde(deserialize_with = "empty_as_none")]
    pub api_key: Option<Secret>,
    /// A file that holds the API key, instead.
    #[serde(deserialize_with = "empty_as_none")]
    pub api_key_file: Option<PathBuf>,
    /// Certificates to trust, PEM; the usual ones if not set.
    #[serde(deserialize_with = "empty_as_none")]
    pub ca_file: Option<PathBuf>,
    /// Takes any certificate. Dangerous: anyone in between can read and change everything.
    pub danger_accept_invalid_certs: bool,
    /// How often changed figures are sent.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// Documents in one bulk request at most.
    pub bulk_documents: NonZeroUsize,
    /// Bytes in one bulk request at most.
    pub bulk_bytes: Bytes,
    /// Bulk requests under way at once.
    pub in_flight: NonZeroUsize,
    /// How long a request may take.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
}

/// Which engine holds the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexKind {
    /// clicktop's own, in the data directory.
    #[default]
    Embedded,
    /// Elasticsearch 8 or 9, or OpenSearch 2 or 3.
    Elasticsearch,
}

impl Default for IndexSettings {
    fn default() -> Self {
        const BULK_DOCUMENTS: NonZeroUsize = NonZeroUsize::new(2_000).unwrap();
        const IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(2).unwrap();
        Self {
            kind: IndexKind::Embedded,
            urls: vec![EngineUrl("http://localhost:9200".into())],
            name: "clicktop".into(),
            username: None,
            password: None,
            password_file: None,
            api_key: None,
            api_key_file: None,
            ca_file: None,
            danger_accept_invalid_certs: false,
            interval: Duration::from_secs(1),
            bulk_documents: BULK_DOCUMENTS,
            bulk_bytes: Bytes::mib(5),
            in_flight: IN_FLIGHT,
            request_timeout: Duration::from_secs(30),
        }
    }
}

/// The URL of a search engine. It may hold a user name and password, so it prints without them;
/// only [`EngineUrl::expose`] gives all of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct EngineUrl(String);

impl EngineUrl {
    /// `url` as it is.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// All of it, for the one place that connects.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Scheme, whether there is a user name or password, and host with port.
    fn parts(&self) -> Option<(&str, bool, &str)> {
        let (scheme, rest) = self.0.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((_, host)) => (true, host),
            None => (false, authority),
        };
        Some((scheme, userinfo, host))
    }

    pub(super) fn has_userinfo(&self) -> bool {
        self.parts().is_some_and(|(_, userinfo, _)| userinfo)
    }

    fn is_https(&self) -> bool {
        self.parts().is_some_and(|(scheme, _, _)| scheme.eq_ignore_ascii_case("https"))
    }

    fn problem(&self) -> Option<&'static str> {
        let Some((scheme, _, host)) = self.parts() else { return Some("begin it with http:// or https://") };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            Some("begin it with http:// or https://")
        } else if host.is_empty() || host.starts_with(':') {
            Some("it has no host")
        } else if self.0.contains(['?', '#']) {
            Some("leave out what begins with `?` or `#`")
        } else if self.0.contains(char::is_whitespace) {
            Some("it has white space in it")
        } else {
            None
        }
    }
}

impl fmt::Display for EngineUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&mask_url(&self.0))
    }
}

impl fmt::Debug for EngineUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", mask_url(&self.0))
    }
}

impl Serialize for EngineUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl IndexSettings {
    /// How to sign in to the engine, secrets read from their files.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if a secret's file cannot be read.
    pub fn credentials(&self) -> Result<Credentials, ConfigError> {
        if let Some(key) = secret_or_file(&self.api_key, "index.api_key_file", &self.api_key_file)? {
            return Ok(Credentials::ApiKey(key));
        }
        let password = secret_or_file(&self.password, "index.password_file", &self.password_file)?;
        Ok(match (&self.username, password) {
            (Some(username), Some(password)) => Credentials::Basic { username: username.clone(), password },
            _ => Credentials::None,
        })
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if self.kind == IndexKind::Elasticsearch && self.urls.is_empty() {
            check.refuse("index.urls", "is empty; name where Elasticsearch or OpenSearch listens");
        }
        for url in &self.urls {
            if let Some(problem) = url.problem() {
                check.refuse("index.urls", format!("\"{}\": {problem}", crate::text::printable(&url.to_string())));
            }
        }
        check.exclusive(("index.password", &self.password), ("index.password_file", &self.password_file));
        check.exclusive(("index.api_key", &self.api_key), ("index.api_key_file", &self.api_key_file));
        let password = self.password.is_some() || self.password_file.is_some();
        let api_key = self.api_key.is_some() || self.api_key_file.is_some();
        match (self.username.is_some(), password) {
            (true, false) => check.refuse("index.username", "needs index.password or index.password_file"),
            (false, true) => {
                let key = if self.password.is_some() { "index.password" } else { "index.password_file" };
                check.refuse(key, "needs index.username");
            }
            _ => {}
        }
        if api_key && self.username.is_some() {
            check.refuse("index.username", "and an API key are both set; keep one");
        }
        if self.urls.iter().any(EngineUrl::has_userinfo) && (api_key || self.username.is_some()) {
            check.refuse("index.urls", "holds a user name, and another or an API key is set as well; keep one");
        }
    }

    /// Whether somebody could be in between unnoticed, because of a setting.
    pub(super) fn takes_any_certificate(&self) -> bool {
        self.kind == IndexKind::Elasticsearch
            && self.danger_accept_invalid_certs
            && self.urls.iter().any(EngineUrl::is_https)
    }

    pub(super) fn warn(&self, warnings: &mut Vec<String>) {
        if self.kind != IndexKind::Elasticsearch {
            return;
        }
        if self.takes_any_certificate() {
            warnings.push(
                "index.danger_accept_invalid_certs is on: anyone between clicktop and the search engine can read and change \
                 everything"
                    .into(),
            );
        }
        let secret = self.username.is_some() || self.api_key.is_some() || self.api_key_file.is_some();
        for url in &self.urls {
            if is_plain_to_others(&url.0) && (secret || url.has_userinfo()) {
                warnings.push(format!("{url} is not https: the password or API key can be read on the way"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_prints_without_its_password() {
        let url = EngineUrl::new("https://elastic:hunter2@search:9200");
        assert_eq!(format!("{url} {url:?}"), r#"https://***@search:9200 "https://***@search:9200""#);
        assert_eq!(serde_json::to_string(&url).unwrap(), r#""https://***@search:9200""#);
        assert_eq!(url.expose(), "https://elastic:hunter2@search:9200");
    }

    #[test]
    fn urls_that_lead_nowhere_are_refused() {
        for url in
            ["localhost:9200", "ftp://search", "http://", "http://:9200", "http://a b", "http://a?b", "http://a#b"]
        {
            assert!(EngineUrl::new(url).problem().is_some(), "{url}");
        }
        for url in ["http://localhost:9200", "HTTPS://elastic:p@search/base/", "http://[::1]:9200"] {
            assert_eq!(EngineUrl::new(url).problem(), None, "{url}");
        }
    }

    #[test]
    fn credentials_come_from_files_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "hunter2\n").unwrap();
        let basic = IndexSettings {
            username: Some("elastic".into()),
            password_file: Some(file.clone()),
            ..IndexSettings::default()
        };
        let key = IndexSettings { api_key_file: Some(file), ..IndexSettings::default() };
        let secret = Secret::new("hunter2");
        assert_eq!(IndexSettings::default().credentials(), Ok(Credentials::None));
        assert_eq!(
            basic.credentials(),
            Ok(Credentials::Basic { username: "elastic".into(), password: secret.clone() })
        );
        assert_eq!(key.credentials(), Ok(Credentials::ApiKey(secret)));
    }
}
