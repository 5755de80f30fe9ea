//! The URL of a search engine.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::secret::mask_url;

/// The URL of a search engine. It may hold a user name and password, so it prints without them; only [`EngineUrl::expose`]
/// returns all of it.
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

    /// Whether it holds a user name or password.
    pub(super) fn has_userinfo(&self) -> bool {
        self.parts().is_some_and(|(_, userinfo, _)| userinfo)
    }

    pub(super) fn is_https(&self) -> bool {
        self.parts().is_some_and(|(scheme, _, _)| scheme.eq_ignore_ascii_case("https"))
    }

    /// Why it cannot be used.
    pub(super) fn problem(&self) -> Option<&'static str> {
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
}
