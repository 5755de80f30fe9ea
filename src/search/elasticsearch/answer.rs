//! Reads the answer of a node, up to a limit: the server decides how much it sends, and a few bytes of gzip can become any size.

use std::sync::Arc;

use reqwest::header::LOCATION;

/// How much of an error's body is read.
const ERROR_BYTES: usize = 16 << 10;

/// The longest ordinary answer: a mapping, a count, a state.
pub(super) const ORDINARY_BYTES: usize = 4 << 20;

/// An answer with any status.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The body. Of an error, it may be only the beginning.
    pub(super) body: String,
    /// The url of a redirect.
    pub(super) redirect: Option<String>,
    /// The proxy that the answer came through.
    pub(super) proxy: Option<Arc<str>>,
}

/// Why an answer could not be read.
pub(super) enum ReadError {
    /// The connection broke, or took too long.
    Http(reqwest::Error),
    /// The body has more than this many bytes. The rest is not read.
    TooLong(usize),
}

impl Answer {
    /// Reads `response`, at most `max_bytes` of it after decompression.
    pub(super) async fn read(
        mut response: reqwest::Response,
        max_bytes: usize,
        proxy: Option<Arc<str>>,
    ) -> Result<Self, ReadError> {
        let status = response.status();
        let redirect = match response.headers().get(LOCATION).map(|location| location.to_str()) {
            Some(Ok(location)) if status.is_redirection() => Some(match response.url().join(location) {
                Ok(url) => target_of(response.url().path(), url),
                Err(_) => location.to_owned(),
            }),
            _ => None,
        };
        let succeeded = status.is_success();
        let max_bytes = if succeeded { max_bytes } else { ERROR_BYTES };
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(ReadError::Http)? {
            let room = max_bytes.saturating_sub(body.len());
            match chunk.get(..room) {
                Some(first) if first.len() < chunk.len() => {
                    if succeeded {
                        return Err(ReadError::TooLong(max_bytes));
                    }
                    body.extend_from_slice(first);
                    break;
                }
                _ => body.extend_from_slice(&chunk),
            }
        }
        Ok(Self { status: status.as_u16(), body: String::from_utf8_lossy(&body).into_owned(), redirect, proxy })
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The value of index.urls with which a request for `path` goes to the redirect's `url`: the url without that path and without
/// credentials.
fn target_of(path: &str, mut url: reqwest::Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    // These fail only for urls that cannot hold credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let text = url.to_string();
    text.strip_suffix(path).unwrap_or(&text).trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_reported_as_the_url_to_set() {
        let target = |path: &str, to: &str| target_of(path, reqwest::Url::parse(to).unwrap());
        assert_eq!(target("/clicktop/_bulk", "https://search/clicktop/_bulk?filter_path=items"), "https://search");
        assert_eq!(target("/", "https://search:9243/"), "https://search:9243");
        assert_eq!(target("/clicktop/_bulk", "https://ann:hush@search/base/clicktop/_bulk"), "https://search/base");
        assert_eq!(target("/", "https://sso.example/login?from=search"), "https://sso.example/login");
    }
}
