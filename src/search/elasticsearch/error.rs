//! From what the engine or the network said to a [`SearchError`]: one line, no secrets.

use std::error::Error as _;
use std::time::Duration;

use serde_json::Value;

use super::options::Credentials;
use crate::search::SearchError;
use crate::text::printable;

/// A reason longer than this is cut: engines may answer with a stack trace or a whole web page.
const MAX_REASON_CHARS: usize = 400;

/// Words errors: knows the target's name and which texts must not appear in them.
#[derive(Clone)]
pub(super) struct Narrator {
    target: String,
    secrets: Vec<String>,
    timeout: Duration,
}

impl Narrator {
    pub(super) fn new<'c>(
        target: String,
        credentials: impl IntoIterator<Item = &'c Credentials>,
        timeout: Duration,
    ) -> Self {
        let mut secrets: Vec<String> = credentials.into_iter().flat_map(secrets).collect();
        // The longest first: one may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { target, secrets, timeout }
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// One line fit to print: no control characters, no secrets (a proxy may echo the request), not endless.
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

    /// Why there was no answer. `node` says which one, where there are several.
    pub(super) fn no_answer(&self, node: Option<&str>, error: &elasticsearch::Error) -> SearchError {
        if error.is_timeout() {
            return self.timed_out();
        }
        let mut cause = causes(error);
        if cause.contains("UnknownIssuer") {
            cause.push_str(" (name the certificate of its authority as the CA file)");
        }
        if let Some(node) = node {
            cause = format!("{node}: {cause}");
        }
        SearchError::Unreachable { target: self.target.clone(), cause: self.line(&cause) }
    }

    pub(super) fn timed_out(&self) -> SearchError {
        SearchError::TimedOut { target: self.target.clone(), after: self.timeout }
    }

    /// An answer that is not the one the request asked for.
    pub(super) fn nonsense(&self, status: u16, why: &str) -> SearchError {
        SearchError::Server {
            target: self.target.clone(),
            status,
            reason: self.line(&format!("the answer makes no sense: {why}")),
        }
    }

    pub(super) fn refused(&self, status: u16, why: &str) -> SearchError {
        SearchError::Refused { target: self.target.clone(), status, reason: self.line(why) }
    }

    /// An answer whose status is not a success.
    pub(super) fn status(&self, status: u16, body: &str) -> SearchError {
        self.status_because(status, &reason_in(body))
    }

    pub(super) fn status_because(&self, status: u16, reason: &str) -> SearchError {
        let (target, reason) = (self.target.clone(), self.line(reason));
        match status {
            401 | 403 => SearchError::Unauthorized { target, status, reason },
            429 => SearchError::Throttled { target, reason },
            // 408: a proxy gave up waiting. The other 4xx are about the request itself.
            400..=407 | 409..=499 => SearchError::Refused { target, status, reason },
            _ => SearchError::Server { target, status, reason },
        }
    }
}

/// Every form in which the credentials travel.
fn secrets(credentials: &Credentials) -> Vec<String> {
    use base64::Engine as _;
    let mut secrets = match credentials {
        Credentials::None => Vec::new(),
        Credentials::Basic { username, password } => {
            let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
            vec![encoded, password.clone()]
        }
        Credentials::ApiKey(key) => vec![key.clone()],
    };
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

/// The chain of causes below the HTTP client's own message, which holds the url and says little else.
fn causes(error: &elasticsearch::Error) -> String {
    let Some(http) = error.source() else {
        return "the request could not be made".to_owned();
    };
    let mut causes: Vec<String> = Vec::new();
    let mut next = http.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() { "the connection failed".to_owned() } else { causes.join(": ") }
}

/// The reason in an error's body: the engine's own words where it is JSON, else the text itself.
pub(super) fn reason_in(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(answer)) => match answer.get("error").or_else(|| answer.get("message")) {
            Some(error) => reason_of(error),
            None => body.to_owned(),
        },
        _ if body.trim().is_empty() => "no reason given".to_owned(),
        _ => body.to_owned(),
    }
}

/// `type: reason (cause)` of an error object; engines and proxies also send plain strings.
pub(super) fn reason_of(error: &Value) -> String {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(plain) = error.as_str() {
        return plain.to_owned();
    }
    let mut parts: Vec<String> = [text(error, "type"), text(error, "reason")].into_iter().flatten().collect();
    let mut deepest = error;
    // The innermost cause is the one that says what to do. Nesting is bounded by the JSON parser.
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

/// Whether the error's type, or that of its first root cause, is `wanted`.
pub(super) fn is_type(error: &Value, wanted: &str) -> bool {
    let roots = error.get("root_cause").and_then(Value::as_array).into_iter().flatten();
    std::iter::once(error).chain(roots).any(|error| error.get("type").and_then(Value::as_str) == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrator() -> Narrator {
        let credentials = [Credentials::Basic { username: "ann".to_owned(), password: "hush".to_owned() }];
        Narrator::new("http://host/clicks".to_owned(), &credentials, Duration::from_secs(1))
    }

    #[test]
    fn reasons_are_one_short_clean_line() {
        let narrator = narrator();
        assert_eq!(narrator.line("got hush and YW5uOmh1c2g=\n\u{1b}[2J"), "got *** and ***\\n\\u{1b}[2J");
        assert_eq!(narrator.line(&"ä".repeat(1000)).chars().count(), MAX_REASON_CHARS + 1);
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
    fn statuses_tell_what_can_be_done() {
        let narrator = narrator();
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
            let error = narrator.status(status, "");
            assert_eq!((error.is_transient(), error.is_unauthorized()), (transient, unauthorized), "{status}");
        }
    }
}
