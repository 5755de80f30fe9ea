//! What a node answers, read up to a limit: whatever sits at the other end decides how much it sends, and a few bytes of
//! gzip become any number.

use std::sync::Arc;

use reqwest::header::LOCATION;

/// An error says what it has to say within this; the rest is left unread.
const ERROR_BYTES: usize = 16 << 10;

/// How many bytes an ordinary answer may have: a mapping, a count, a state.
pub(super) const ORDINARY_BYTES: usize = 4 << 20;

/// What came back, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The body, of an error perhaps only its beginning.
    pub(super) body: String,
    /// Where the answer sends us, as a url.
    pub(super) redirect: Option<String>,
    /// The proxy it came through.
    pub(super) proxy: Option<Arc<str>>,
}

/// Why an answer could not be read.
pub(super) enum Unread {
    /// It broke off, or took too long.
    Http(reqwest::Error),
    /// It has more bytes than this. Nobody shall wait for the rest.
    TooLong(usize),
}

impl Answer {
    /// Reads `response`, at most `most` bytes of it, counted as they are after decompression.
    pub(super) async fn read(
        mut response: reqwest::Response,
        most: usize,
        proxy: Option<Arc<str>>,
    ) -> Result<Self, Unread> {
        let status = response.status();
        let redirect = match response.headers().get(LOCATION).map(|location| location.to_str()) {
            Some(Ok(location)) if status.is_redirection() => Some(match response.url().join(location) {
                Ok(url) => target_of(response.url().path(), url),
                Err(_) => location.to_owned(),
            }),
            _ => None,
        };
        let succeeded = status.is_success();
        let most = if succeeded { most } else { ERROR_BYTES };
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Unread::Http)? {
            let room = most.saturating_sub(body.len());
            match chunk.get(..room) {
                Some(first) if first.len() < chunk.len() => {
                    if succeeded {
                        return Err(Unread::TooLong(most));
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

/// What index.urls would have to be for a request for `path` to go where a redirect sends it: the url without that path. No
/// credentials are shown.
fn target_of(path: &str, mut url: reqwest::Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    // A url that cannot hold them has none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let text = url.to_string();
    text.strip_suffix(path).unwrap_or(&text).trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_told_as_the_url_to_set() {
        let target = |path: &str, to: &str| target_of(path, reqwest::Url::parse(to).unwrap());
        assert_eq!(target("/clicktop/_bulk", "https://search/clicktop/_bulk?filter_path=items"), "https://search");
        assert_eq!(target("/", "https://search:9243/"), "https://search:9243");
        assert_eq!(target("/clicktop/_bulk", "https://ann:hush@search/base/clicktop/_bulk"), "https://search/base");
        assert_eq!(target("/", "https://sso.example/login?from=search"), "https://sso.example/login");
    }
}
