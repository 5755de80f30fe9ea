//! How to reach the engine, checked once so that nothing later can trip over it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::credentials::Credentials;
use crate::secret::Secret;

/// Where the engine is and how to talk to it.
#[derive(Clone)]
pub struct ElasticsearchOptions {
    /// One or several nodes of one cluster, `https://search:9200`; requests take turns, and a node that cannot be reached
    /// is passed over. `https://user:password@host` works too: credentials in a url are taken out before it is used.
    pub urls: Vec<String>,
    /// The index's name.
    pub index: String,
    /// How clicktop signs in. [`Credentials::None`] if a url holds the credentials.
    pub credentials: Credentials,
    /// PEM file with the certificates of authorities to trust beside the public ones. The operating system's own list is
    /// not read: name its file here if the engine's certificate hangs on it.
    pub ca_file: Option<PathBuf>,
    /// Check the engine's certificate. **Dangerous if false**: anyone on the way can read the credentials and the data.
    pub verify: bool,
    /// Time limit of each request, from connecting to the last byte of the answer.
    pub request_timeout: Duration,
    /// Compress requests: less network for more CPU.
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

/// The url without what may be a secret in it.
fn masked(url: &str) -> String {
    match Url::parse(url) {
        Ok(parsed) if parsed.username().is_empty() && parsed.password().is_none() => url.to_owned(),
        Ok(parsed) => format!("{}://***@{}", parsed.scheme(), parsed.host_str().unwrap_or("***")),
        Err(_) => "***".to_owned(),
    }
}

/// What is wrong with the options. One line, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// No node is named.
    #[error("no search url is given: name at least one, such as https://search:9200")]
    NoUrl,
    /// A url is no use. It is named by its place because its text may hold a password.
    #[error("search url number {position} {cause}")]
    Url {
        /// Counted from 1.
        position: usize,
        /// Continues the sentence.
        cause: String,
    },
    /// Engines would refuse the name.
    #[error("index name {name:?} {cause}")]
    Index {
        /// The name.
        name: String,
        /// Continues the sentence.
        cause: &'static str,
    },
    /// Credentials twice.
    #[error("the credentials are given twice, in a search url and beside it: leave one of them out")]
    TwoCredentials,
    /// HTTP's basic authentication cannot carry the name.
    #[error("a user name must not be empty or hold a colon")]
    Username,
    /// Not a key in its encoded form.
    #[error("the API key must be in its encoded form: base64 of id:key, without blanks or colons")]
    ApiKey,
    /// The file of authorities.
    #[error("cannot use the CA file {path}: {cause}; name a PEM file that can be read")]
    CaFile {
        /// The file.
        path: String,
        /// Why.
        cause: String,
    },
    /// A proxy of the environment.
    #[error(
        "cannot use the proxy {proxy} of the environment: {cause}; unset it, or name the engine's host in NO_PROXY"
    )]
    Proxy {
        /// It, without credentials.
        proxy: String,
        /// Why.
        cause: String,
    },
    /// No request could ever succeed.
    #[error("the request time-out must be more than zero")]
    Timeout,
    /// The HTTP client cannot be built.
    #[error("cannot set up the HTTP client: {cause}")]
    Client {
        /// Why.
        cause: String,
    },
}

/// One node with its credentials taken out of the url.
#[derive(Clone)]
pub(super) struct NodeAddress {
    pub(super) url: Url,
    pub(super) credentials: Credentials,
}

/// The nodes, checked.
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

fn address(position: usize, text: &str, beside: &Credentials) -> Result<NodeAddress, OptionsError> {
    let bad = |cause: &str| OptionsError::Url { position, cause: cause.to_owned() };
    let mut url = Url::parse(text.trim()).map_err(|error| bad(&format!("is not a url: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("must begin with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("must not have a ? or # part"));
    }
    if url.username().is_empty() && url.password().is_none() {
        return Ok(NodeAddress { url, credentials: beside.clone() });
    }
    if *beside != Credentials::None {
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
        // The client library panics on a key that cannot stand in a header.
        Credentials::ApiKey(key) => {
            let key = key.expose();
            let fits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
            if fits { Ok(()) } else { Err(OptionsError::ApiKey) }
        }
    }
}

/// The rules of Elasticsearch and OpenSearch, and no percent sign, which would have another meaning in a url.
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
        r#"must not hold blanks or any of \ / * ? " < > | , # : %"#
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
    fn credentials_in_a_url_are_taken_out_and_decoded() {
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
    fn nothing_shows_a_secret() {
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
    fn options_that_cannot_work_are_told_apart() {
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
