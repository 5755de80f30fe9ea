//! Looks at each request before its route does: who sends it, from where, and whether it may.
//!
//! A browser on this machine can reach a loopback address, and a web page can make it send requests. It cannot send the headers of a
//! request without asking the server first, and cannot hide that a page sends them. So a request that tells of a page is refused, and
//! without a token the request must name this machine: a page whose name leads here (DNS rebinding) names itself.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::access::{Access, Tokens};
use super::error::ApiError;
use crate::loopback::is_loopback;

/// How long a request may take to arrive and to be answered. The answer of a stream begins at once.
const ANSWER: Duration = Duration::from_secs(30);

/// What a door knows of those who come through it.
#[derive(Clone, Debug)]
pub(super) enum Guard {
    /// Only this user reaches it.
    Owner,
    /// Only this machine reaches it, and there is no token.
    Loopback,
    /// A token decides.
    Token(Tokens),
}

/// What the route may do for whoever sent the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted(pub(super) Access);

impl Granted {
    /// Refuses what the sender may not do.
    ///
    /// # Errors
    /// The sender may not do what needs `access`.
    pub(super) fn require(self, access: Access) -> Result<(), ApiError> {
        if self.0 >= access {
            return Ok(());
        }
        let message = match access {
            Access::Steer => {
                "this may only be read here: to steer, send the token of serve.steer_token_file, or use the socket in the data directory"
            }
            _ => "a token is needed: send the header Authorization: Bearer TOKEN",
        };
        let status = if self.0 == Access::Nothing { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        Err(ApiError::new(status, message))
    }
}

/// Lets a request through, with what it may do as an extension.
pub(super) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let is_health = request.uri().path() == "/healthz";
    let granted = match guard.check(request.headers(), request.uri().authority()) {
        Ok(granted) => granted,
        Err(_) if is_health => Access::Nothing,
        Err(error) => return error.into_response(),
    };
    if let Err(error) = check_form(&request) {
        return error.into_response();
    }
    request.extensions_mut().insert(Granted(granted));
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in 30 s; send it again")
            .into_response(),
    }
}

impl Guard {
    /// What the sender of these headers may do.
    ///
    /// # Errors
    /// A web page sends them, or they hold no token, a wrong one, or the name of another machine.
    fn check(&self, headers: &HeaderMap, authority: Option<&Authority>) -> Result<Access, ApiError> {
        if let Self::Owner = self {
            return Ok(Access::Steer);
        }
        let from_page = headers.contains_key(ORIGIN)
            || headers.get("sec-fetch-site").is_some_and(|site| site != "none" && site != "same-origin");
        if from_page {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "a web page sends this request; the API takes none from pages",
            ));
        }
        match self {
            Self::Owner => Ok(Access::Steer),
            Self::Loopback if !names_this_machine(headers, authority) => Err(ApiError::new(
                StatusCode::MISDIRECTED_REQUEST,
                "without a token, the request must name this machine (Host: localhost or 127.0.0.1); set serve.read_token_file to \
                 use another name",
            )),
            Self::Loopback => Ok(Access::Read),
            Self::Token(tokens) => match bearer(headers) {
                Some(token) => match tokens.access_of(token) {
                    Access::Nothing => {
                        Err(ApiError::new(StatusCode::UNAUTHORIZED, "the token is not one of this clicktop"))
                    }
                    access => Ok(access),
                },
                None => Err(ApiError::new(
                    StatusCode::UNAUTHORIZED,
                    "a token is needed: send the header Authorization: Bearer TOKEN, with the token of serve.read_token_file or \
                     serve.steer_token_file",
                )),
            },
        }
    }
}

/// The token of the header `Authorization`, if it has one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether every name that the request gives the server is of this machine.
fn names_this_machine(headers: &HeaderMap, authority: Option<&Authority>) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let is_ours = |authority: &Authority| !authority.as_str().contains('@') && is_loopback(authority.host());
    hosts.next().is_none() && host.is_some_and(|host| is_ours(&host)) && authority.is_none_or(is_ours)
}

/// Refuses a body that is not JSON by its own words: a web page cannot send JSON without asking first.
fn check_form(request: &Request) -> Result<(), ApiError> {
    if request.method() != Method::POST {
        return Ok(());
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "the body must be JSON: send the header Content-Type: application/json",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[track_caller]
    fn refuses(guard: &Guard, of: &[(&'static str, &str)], status: u16) {
        let error = guard.check(&headers(of), None).expect_err("a refusal");
        assert_eq!(error.status.as_u16(), status, "{}", error.message);
    }

    #[test]
    fn without_a_token_only_who_names_this_machine_may_read_and_nobody_steers() {
        for host in ["localhost:7070", "127.0.0.1:7070", "[::1]:7070", "LOCALHOST"] {
            assert_eq!(Guard::Loopback.check(&headers(&[("host", host)]), None), Ok(Access::Read), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost", ""] {
            refuses(&Guard::Loopback, &[("host", host)], 421);
        }
        refuses(&Guard::Loopback, &[], 421);
        refuses(&Guard::Loopback, &[("host", "localhost"), ("host", "evil.example")], 421);
        let authority = "evil.example".parse().unwrap();
        assert!(Guard::Loopback.check(&headers(&[("host", "localhost")]), Some(&authority)).is_err());
    }

    #[test]
    fn a_web_page_gets_nothing_whatever_it_knows() {
        let tokens = Tokens::new(None, Some(Secret::new("0123456789abcdef"))).unwrap();
        for guard in [Guard::Loopback, Guard::Token(tokens)] {
            for header in [("origin", "http://localhost:3000"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
                refuses(&guard, &[("host", "localhost"), ("authorization", "Bearer 0123456789abcdef"), header], 403);
            }
        }
        let typed = [("host", "localhost"), ("sec-fetch-site", "none")];
        assert_eq!(Guard::Loopback.check(&headers(&typed), None), Ok(Access::Read), "an address that the user typed");
    }

    #[test]
    fn a_token_is_a_bearer_token() {
        let tokens =
            Tokens::new(Some(Secret::new("reading-0123456789")), Some(Secret::new("steering-0123456789"))).unwrap();
        let guard = Guard::Token(tokens);
        let check = |value: &str| guard.check(&headers(&[("authorization", value)]), None);
        assert_eq!(check("Bearer reading-0123456789"), Ok(Access::Read));
        assert_eq!(check("bearer  steering-0123456789"), Ok(Access::Steer));
        for wrong in
            ["reading-0123456789", "Basic reading-0123456789", "Bearer", "Bearer reading-01234567890", "Bearer "]
        {
            assert_eq!(check(wrong).expect_err(wrong).status, StatusCode::UNAUTHORIZED);
        }
        refuses(&guard, &[("host", "localhost")], 401);
    }
}
