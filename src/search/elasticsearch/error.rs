//! Makes a [`SearchError`] of an error from the engine or the network: one line, without secrets.

use std::time::Duration;

use serde_json::Value;

use super::answer::Answer;
use super::credentials::Credentials;
use super::refusal;
use crate::http_client::causes;
use crate::search::SearchError;
use crate::text::printable;

/// Longer reasons are cut: engines may answer with a stack trace or a web page.
const MAX_REASON_CHARS: usize = 400;

/// Makes errors. It knows the name of the target and the secrets that must not appear.
#[derive(Clone)]
pub(super) struct Errors {
    target: String,
    secrets: Vec<String>,
    timeout: Duration,
}

impl Errors {
    /// `more` are other secrets than the credentials.
    pub(super) fn new<'c>(
        target: String,
        credentials: impl IntoIterator<Item = &'c Credentials>,
        more: impl IntoIterator<Item = String>,
        timeout: Duration,
    ) -> Self {
        let mut secrets: Vec<String> = credentials.into_iter().flat_map(secrets).chain(more).collect();
        // The longest first, because one secret may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { target, secrets, timeout }
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The target of a request with its proxy, since the proxy may have sent the answer.
    fn target_with(&self, proxy: Option<&str>) -> String {
        match proxy {
            Some(proxy) => self.line(&format!("{} (through the proxy {proxy} of the environment)", self.target)),
            None => self.target.clone(),
        }
    }

    /// One printable line of limited length, without control characters and secrets (a proxy may echo the request).
    pub(super) fn line(&self, text: &str) -> String {
        let mut text = text.trim().to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "***");
            }
        }
        let mut short: String = text.chars().take(MAX_REASON_CHARS).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        printable(&short).into_owned()
    }

    /// The error if there was no answer. `node` names the node if there are several.
    pub(super) fn no_answer(&self, node: Option<&str>, proxy: Option<&str>, error: &reqwest::Error) -> SearchError {
        if error.is_timeout() {
            return self.timed_out(proxy);
        }
        let mut cause = causes(error);
        if cause.contains("UnknownIssuer") {
            cause.push_str(" (name the certificate of its authority as the CA file)");
        }
        if let Some(node) = node {
            cause = format!("{node}: {cause}");
        }
        SearchError::Unreachable { target: self.target_with(proxy), cause: self.line(&cause) }
    }

    pub(super) fn timed_out(&self, proxy: Option<&str>) -> SearchError {
        SearchError::TimedOut { target: self.target_with(proxy), after: self.timeout }
    }

    /// The error for an answer that does not fit its request.
    pub(super) fn invalid_answer(&self, answer: &Answer, why: &str) -> SearchError {
        self.invalid(answer.status, why, answer.proxy.as_deref())
    }

    /// The same, for an answer that was not read.
    pub(super) fn invalid(&self, status: u16, why: &str, proxy: Option<&str>) -> SearchError {
        let reason = self.line(&format!("the answer makes no sense: {why}"));
        SearchError::Server { target: self.target_with(proxy), status, reason }
    }

    pub(super) fn refused(&self, status: u16, why: &str) -> SearchError {
        SearchError::Refused { target: self.target.clone(), status, reason: self.line(why) }
    }

    /// The error for an answer whose status is not a success.
    pub(super) fn status(&self, answer: &Answer) -> SearchError {
        let proxy = answer.proxy.as_deref();
        if let Some(to) = &answer.redirect {
            return SearchError::Redirected {
                target: self.target_with(proxy),
                status: answer.status,
                to: self.line(to),
            };
        }
        let told = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
        let advice = told.get("error").and_then(refusal::of_the_index).filter(|_| (400..500).contains(&answer.status));
        match advice {
            Some(advice) => self.unwritable(answer.status, &reason_in(&answer.body), advice, proxy),
            None => self.status_because(answer.status, &reason_in(&answer.body), proxy),
        }
    }

    /// The error if the index accepts no documents.
    pub(super) fn unwritable(
        &self,
        status: u16,
        reason: &str,
        advice: &'static str,
        proxy: Option<&str>,
    ) -> SearchError {
        // The message continues with a semicolon and the advice.
        let reason = self.line(reason.trim_end_matches(';'));
        SearchError::Unwritable { target: self.target_with(proxy), status, reason, advice }
    }

    pub(super) fn status_because(&self, status: u16, reason: &str, proxy: Option<&str>) -> SearchError {
        let (target, reason) = (self.target_with(proxy), self.line(reason));
        match status {
            401 | 403 => SearchError::Unauthorized { target, status, reason },
            429 => SearchError::Throttled { target, reason },
            // 408 comes from a proxy that has timed out. The other 4xx concern the request itself.
            400..=407 | 409..=499 => SearchError::Refused { target, status, reason },
            _ => SearchError::Server { target, status, reason },
        }
    }
}

/// The credentials in every form in which they are sent.
fn secrets(credentials: &Credentials) -> Vec<String> {
    use base64::Engine as _;
    let mut secrets = match credentials {
        Credentials::None => Vec::new(),
        Credentials::Basic { username, password } => {
            let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.expose()));
            vec![encoded, password.expose().to_owned()]
        }
        Credentials::ApiKey(key) => vec![key.expose().to_owned()],
    };
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

/// The reason in an error's body: the engine's reason if the body is JSON, otherwise the body itself.
pub(super) fn reason_in(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(answer)) => match ["error", "message", "Message"].iter().find_map(|key| answer.get(*key)) {
            Some(error) => reason_of(error),
            None => body.to_owned(),
        },
        _ if body.trim().is_empty() => "no reason given".to_owned(),
        _ => body.to_owned(),
    }
}

/// The type, the reason and the innermost cause of an error object. Engines and proxies also send plain strings.
pub(super) fn reason_of(error: &Value) -> String {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(plain) = error.as_str() {
        return plain.to_owned();
    }
    let mut parts: Vec<String> = [text(error, "type"), text(error, "reason")].into_iter().flatten().collect();
    let mut deepest = error;
    // The innermost cause is the most helpful. The JSON parser bounds the nesting.
    while let Some(cause) = deepest.get("caused_by").filter(|cause| cause.is_object()) {
        deepest = cause;
    }
    if !std::ptr::eq(deepest, error)
        && let Some(reason) = text(deepest, "reason")
        && !parts.contains(&reason)
    {
        parts.push(reason);
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors() -> Errors {
        let credentials =
            [Credentials::Basic { username: "ann".to_owned(), password: crate::secret::Secret::new("hush") }];
        Errors::new("http://host/clicks".to_owned(), &credentials, ["c2VjcmV0".to_owned()], Duration::from_secs(1))
    }

    fn answer(status: u16, body: &str, proxy: Option<&str>) -> Answer {
        Answer { status, body: body.to_owned(), redirect: None, proxy: proxy.map(Into::into) }
    }

    #[test]
    fn an_error_names_the_proxy() {
        let error = errors().status(&answer(502, "no route", Some("http://proxy:3128"))).to_string();
        assert_eq!(
            error,
            "http://host/clicks (through the proxy http://proxy:3128 of the environment) answered 502: no route"
        );
        assert!(!errors().status(&answer(502, "no route", None)).to_string().contains("proxy"));
    }

    #[test]
    fn an_error_of_a_redirect_says_what_to_set() {
        let moved = Answer { redirect: Some("https://host".to_owned()), ..answer(301, "", None) };
        let error = errors().status(&moved);
        assert_eq!(error.to_string(), "http://host/clicks redirects to https://host (301); set index.urls to that");
        assert!(error.is_transient() && !error.is_unauthorized());
    }

    #[test]
    fn a_blocked_index_is_not_reported_as_refused_credentials() {
        let body = r#"{"error":{"type":"cluster_block_exception","reason":"index [clicks] blocked by: [FORBIDDEN/8/index write (api)];"},"status":403}"#;
        let error = errors().status(&answer(403, body, None));
        assert!(matches!(error, SearchError::Unwritable { status: 403, .. }), "{error}");
        assert!(error.is_transient() && !error.is_unauthorized());
        assert!(errors().status(&answer(403, r#"{"Message":"not you"}"#, None)).is_unauthorized());
    }

    #[test]
    fn reasons_are_one_short_clean_line() {
        let errors = errors();
        assert_eq!(errors.line("got hush and YW5uOmh1c2g=\n\u{1b}[2J"), "got *** and ***\\n\\u{1b}[2J");
        assert_eq!(errors.line("proxy c2VjcmV0"), "proxy ***");
        assert_eq!(errors.line(&"ä".repeat(1000)).chars().count(), MAX_REASON_CHARS + 1);
    }

    #[test]
    fn the_engines_reason_is_found_in_every_form() {
        let nested = r#"{"error":{"root_cause":[],"type":"mapper_parsing_exception","reason":"failed to parse",
            "caused_by":{"type":"x","reason":"in between","caused_by":{"type":"y","reason":"value too long"}}},"status":400}"#;
        assert_eq!(reason_in(nested), "mapper_parsing_exception: failed to parse: value too long");
        assert_eq!(reason_in(r#"{"error":"no handler","status":400}"#), "no handler");
        assert_eq!(reason_in(r#"{"message":"forbidden"}"#), "forbidden");
        assert_eq!(reason_in(r#"{"error":{"odd":1}}"#), r#"{"odd":1}"#);
        assert_eq!(reason_in("<html>Bad gateway</html>"), "<html>Bad gateway</html>");
        assert_eq!(reason_in("  "), "no reason given");
    }

    #[test]
    fn the_status_tells_whether_to_try_again() {
        let errors = errors();
        for (status, transient, unauthorized) in [
            (302, true, false),
            (400, false, false),
            (401, false, true),
            (403, false, true),
            (404, false, false),
            (408, true, false),
            (429, true, false),
            (500, true, false),
            (503, true, false),
        ] {
            let error = errors.status(&answer(status, "", None));
            assert_eq!((error.is_transient(), error.is_unauthorized()), (transient, unauthorized), "{status}");
        }
    }
}
