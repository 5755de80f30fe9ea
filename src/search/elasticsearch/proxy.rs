//! Finds the proxy of a node in the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).

use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::options::OptionsError;
use crate::loopback::is_loopback;

/// The proxy of a node.
pub(super) struct Proxy {
    /// The url to show, without credentials.
    pub(super) name: Arc<str>,
    pub(super) through: reqwest::Proxy,
    /// The credentials for the proxy.
    pub(super) secret: Option<String>,
}

/// The proxy of the environment for the node at `url`. Requests to this machine never go through a proxy, so that no other machine sees
/// their content and credentials.
///
/// # Errors
/// The proxy does not speak HTTP.
pub(super) fn of_environment(url: &Url) -> Result<Option<Proxy>, OptionsError> {
    found(&Matcher::from_env(), url)
}

fn found(matcher: &Matcher, url: &Url) -> Result<Option<Proxy>, OptionsError> {
    if url.host_str().is_none_or(is_loopback) {
        return Ok(None);
    }
    let Some(found) = url.as_str().parse().ok().and_then(|uri| matcher.intercept(&uri)) else { return Ok(None) };
    let uri = found.uri();
    let name = uri.to_string().trim_end_matches('/').to_owned();
    let unusable = |cause: &str| OptionsError::Proxy { proxy: name.clone(), cause: cause.to_owned() };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(unusable("only HTTP proxies can be used"));
    }
    let mut through = reqwest::Proxy::all(name.as_str()).map_err(|error| unusable(&error.to_string()))?;
    let authorization = found.basic_auth().cloned();
    let secret =
        authorization.as_ref().and_then(|value| value.to_str().ok()?.strip_prefix("Basic ").map(str::to_owned));
    if let Some(value) = authorization {
        through = through.custom_http_auth(value);
    }
    Ok(Some(Proxy { name: name.into(), through, secret }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(matcher: &Matcher, url: &str) -> Option<String> {
        found(matcher, &Url::parse(url).unwrap()).unwrap().map(|proxy| proxy.name.to_string())
    }

    #[test]
    fn the_proxy_of_the_environment_is_used_except_for_this_machine() {
        let matcher = Matcher::builder()
            .http("http://u:hush@proxy:3128")
            .https("proxy:3129")
            .no("inner.example, 10.0.0.0/8")
            .build();
        assert_eq!(name(&matcher, "http://search:9200").as_deref(), Some("http://proxy:3128"));
        assert_eq!(name(&matcher, "https://search:9200").as_deref(), Some("http://proxy:3129"));
        for direct in [
            "http://localhost:9200",
            "https://127.0.0.1:9200",
            "http://[::1]:9200",
            "https://search.inner.example",
            "http://10.1.2.3:9200",
        ] {
            assert_eq!(name(&matcher, direct), None, "{direct}");
        }
        assert_eq!(name(&Matcher::builder().build(), "http://search:9200"), None);
    }

    #[test]
    fn a_proxy_that_does_not_speak_http_is_named() {
        let matcher = Matcher::builder().all("socks5://u:hush@proxy:1080").build();
        let error = found(&matcher, &Url::parse("http://search:9200").unwrap()).err().unwrap().to_string();
        assert!(error.contains("socks5://proxy:1080") && !error.contains("hush"), "{error}");
    }
}
