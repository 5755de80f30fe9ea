//! The options of the connection. They are checked once, so that nothing fails because of them later.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::credentials::Credentials;
use crate::secret::Secret;

/// The options of the connection to the engine.
#[derive(Clone)]
pub struct ElasticsearchOptions {
    /// One or several nodes of one cluster, such as `https://search:9200`. Requests go to the nodes in turn; unreachable nodes are skipped. In
    /// `https://user:password@host`, the credentials are removed from the url before it is used.
    pub urls: Vec<String>,
    /// The name of the index.
    pub index: String,
    /// The credentials. Must be [`Credentials::None`] if a url contains credentials.
    pub credentials: Credentials,
    /// A PEM file with certificates of authorities that are trusted in addition to the public ones. The operating system's own list is not
    /// read: name its file here if the engine's certificate needs it.
    pub ca_file: Option<PathBuf>,
    /// Whether to check the engine's certificate. **Dangerous if false**: anybody on the network path can read the credentials and the data.
    pub verify: bool,
    /// The time limit of each request, from connecting to the last byte of the answer.
    pub request_timeout: Duration,
    /// Whether to compress requests, which takes less network and more CPU.
    pub gzip: bool,
}

impl Default for ElasticsearchOptions {
    fn default() -> Self {
        Self {
            urls: vec!["http://localhost:9200".to_owned()],
            index: "clicktop".to_owned(),
            credentials: Credentials::None,
            ca_file: None,
            verify: true,
            request_timeout: Duration::from_secs(30),
            gzip: false,
        }
    }
}

impl fmt::Debug for ElasticsearchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<String> = self.urls.iter().map(|url| masked(url)).collect();
        f.debug_struct("ElasticsearchOptions")
            .field("urls", &urls)
            .field("index", &self.index)
            .field("credentials", &self.credentials)
            .field("ca_file", &self.ca_file)
            .field("verify", &self.verify)
            .field("request_timeout", &self.request_timeout)
            .field("gzip", &self.gzip)
            .finish()
    }
}

/// The url without the parts that may be secret.
fn masked(url: &str) -> String {
    match Url::parse(url) {
        Ok(parsed) if parsed.username().is_empty() && parsed.password().is_none() => url.to_owned(),
        Ok(parsed) => format!("{}://***@{}", parsed.scheme(), parsed.host_str().unwrap_or("***")),
        Err(_) => "***".to_owned(),
    }
}

/// An error in the options. Messages are one line, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// There is no url.
    #[error("no search url is given: name at least one, such as https://search:9200")]
    NoUrl,
    /// A url cannot be used. The message names its position, because the url may contain a password.
    #[error("search url number {position} {cause}")]
    Url {
        /// The position, from 1.
        position: usize,
        /// The cause, which continues the sentence.
        cause: String,
    },
    /// Engines would refuse the name of the index.
    #[error("index name {name:?} {cause}")]
    Index {
        /// The name.
        name: String,
        /// The cause, which continues the sentence.
        cause: &'static str,
    },
    /// There are two credentials.
    #[error("the credentials are given twice, in a search url and in a setting of their own: remove one of them")]
    TwoCredentials,
    /// HTTP basic authentication cannot express the name.
    #[error("a user name must not be empty or contain a colon")]
    Username,
    /// The API key is not encoded.
    #[error("the API key must be encoded: base64 of id:key, without blanks or colons")]
    ApiKey,
    /// The CA file cannot be used.
    #[error("cannot use the CA file {path}: {cause}; name a PEM file that can be read")]
    CaFile {
        /// The file.
        path: String,
        /// The cause.
        cause: String,
    },
    /// A proxy of the environment cannot be used.
    #[error(
        "cannot use the proxy {proxy} of the environment: {cause}; unset it, or name the engine's host in NO_PROXY"
    )]
    Proxy {
        /// The proxy, without credentials.
        proxy: String,
        /// The cause.
        cause: String,
    },
    /// No request could succeed.
    #[error("the request time-out must be more than zero")]
    Timeout,
    /// The HTTP client cannot be built.
    #[error("cannot set up the HTTP client: {cause}")]
    Client {
        /// The cause.
        cause: String,
    },
}

/// The url of one node without credentials, and its credentials.
#[derive(Clone)]
pub(super) struct NodeAddress {
    pub(super) url: Url,
    pub(super) credentials: Credentials,
}

/// Checks the options and returns the nodes.
pub(super) fn addresses(options: &ElasticsearchOptions) -> Result<Vec<NodeAddress>, OptionsError> {
    if options.urls.is_empty() {
        return Err(OptionsError::NoUrl);
    }
    if options.request_timeout.is_zero() {
        return Err(OptionsError::Timeout);
    }
    check_credentials(&options.credentials)?;
    let numbered = options.urls.iter().enumerate();
    numbered.map(|(at, url)| address(at.saturating_add(1), url, &options.credentials)).collect()
}

fn address(position: usize, text: &str, separate: &Credentials) -> Result<NodeAddress, OptionsError> {
    let bad = |cause: &str| OptionsError::Url { position, cause: cause.to_owned() };
    let mut url = Url::parse(text.trim()).map_err(|error| bad(&format!("is not a url: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("must begin with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("must not have a ? or # part"));
    }
    if url.username().is_empty() && url.password().is_none() {
        return Ok(NodeAddress { url, credentials: separate.clone() });
    }
    if *separate != Credentials::None {
        return Err(OptionsError::TwoCredentials);
    }
    let decoded = |text: &str| match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(bad("has credentials that are not UTF-8")),
    };
    let credentials = Credentials::Basic {
        username: decoded(url.username())?,
        password: Secret::new(decoded(url.password().unwrap_or_default())?),
    };
    check_credentials(&credentials)?;
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return Err(bad("has credentials but no host"));
    }
    Ok(NodeAddress { url, credentials })
}

fn check_credentials(credentials: &Credentials) -> Result<(), OptionsError> {
    match credentials {
        Credentials::None => Ok(()),
        Credentials::Basic { username, .. } if username.is_empty() || username.contains(':') => {
            Err(OptionsError::Username)
        }
        Credentials::Basic { .. } => Ok(()),
        // The client library panics on a key that cannot be part of a header.
        Credentials::ApiKey(key) => {
            let key = key.expose();
            let fits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
            if fits { Ok(()) } else { Err(OptionsError::ApiKey) }
        }
    }
}

/// Checks the rules of Elasticsearch and OpenSearch. A percent sign is not allowed either, because it has another meaning in a url.
pub(super) fn check_index(name: &str) -> Result<(), OptionsError> {
    let cause = if name.is_empty() {
        "is empty"
    } else if name.len() > 255 {
        "is longer than 255 bytes"
    } else if name == "." || name == ".." {
        "must not be . or .."
    } else if name.starts_with(['-', '_', '+']) {
        "must not begin with - _ or +"
    } else if name.chars().any(|c| c.is_control() || c.is_whitespace() || r#"\/*?"<>|,#:%"#.contains(c)) {
        r#"must not contain blanks or any of \ / * ? " < > | , # : %"#
    } else if name.chars().any(char::is_uppercase) {
        "must be in lower case"
    } else {
        return Ok(());
    };
    Err(OptionsError::Index { name: name.chars().take(255).collect(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_url(url: &str) -> ElasticsearchOptions {
        ElasticsearchOptions { urls: vec![url.to_owned()], ..Default::default() }
    }

    #[test]
    fn credentials_in_a_url_are_removed_and_decoded() {
        let options = with_url("https://us%65r:p%40ss%3A@host:9200/prefix");
        let nodes = addresses(&options).unwrap();
        assert_eq!(nodes[0].url.as_str(), "https://host:9200/prefix");
        assert_eq!(
            nodes[0].credentials,
            Credentials::Basic { username: "user".to_owned(), password: Secret::new("p@ss:") }
        );
        let shown = format!("{options:?}");
        assert!(!shown.contains("p%40ss") && !shown.contains("us%65r"), "{shown}");
    }

    #[test]
    fn no_output_contains_a_secret() {
        let mut options = with_url("https://host");
        options.credentials = Credentials::Basic { username: "ann".to_owned(), password: Secret::new("hush") };
        assert!(format!("{options:?}").contains(r#"Basic { username: "ann", password: *** }"#), "{options:?}");
        options.credentials = Credentials::ApiKey(Secret::new("aHVzaA=="));
        assert!(format!("{options:?}").contains("ApiKey(***)"), "{options:?}");
        let unparsable = with_url("https://ann:hush@[half");
        assert!(!format!("{unparsable:?}").contains("hush"));
        assert!(!addresses(&unparsable).err().unwrap().to_string().contains("hush"));
    }

    #[test]
    fn each_kind_of_wrong_option_has_its_own_error() {
        let error = |options: &ElasticsearchOptions| addresses(options).err().unwrap();
        assert_eq!(error(&ElasticsearchOptions { urls: Vec::new(), ..Default::default() }), OptionsError::NoUrl);
        for url in ["ftp://host", "host:9200", "", "http://host?a=b", "http://host#a"] {
            assert!(matches!(error(&with_url(url)), OptionsError::Url { position: 1, .. }), "{url}");
        }
        let twice =
            ElasticsearchOptions { credentials: Credentials::ApiKey(Secret::new("a")), ..with_url("http://a:b@host") };
        assert_eq!(error(&twice), OptionsError::TwoCredentials);
        for key in ["", "id:key", "line\nbreak", "ümlaut"] {
            let options =
                ElasticsearchOptions { credentials: Credentials::ApiKey(Secret::new(key)), ..Default::default() };
            assert_eq!(error(&options), OptionsError::ApiKey, "{key:?}");
        }
        let never = ElasticsearchOptions { request_timeout: Duration::ZERO, ..Default::default() };
        assert_eq!(error(&never), OptionsError::Timeout);
    }

    #[test]
    fn index_names_follow_the_engines_rules() {
        for good in ["clicktop", "a", ".hidden", "clicks-2026.01", "klicks_ä", &"a".repeat(255)] {
            assert_eq!(check_index(good), Ok(()), "{good}");
        }
        let long = "a".repeat(256);
        for bad in [
            "", ".", "..", "-a", "_a", "+a", "A", "Ä", "a b", "a/b", "a\\b", "a*", "a?", "a,b", "a#", "a:b", "a%2f",
            "a\n", &long,
        ] {
            assert!(check_index(bad).is_err(), "{bad:?}");
        }
    }
}
