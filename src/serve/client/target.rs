//! Where a pipeline is that runs elsewhere: a socket or a url.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::loopback::is_plain_to_others;
use crate::text::printable;

/// Where to reach a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Unix socket of this machine.
    Socket(PathBuf),
    /// A url without path: `https://host:7070`.
    Url(Url),
}

/// Why a text is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is no url that a service has.
    #[error("\"{0}\" is not the address of a service: give a path to its socket, or https://HOST:PORT")]
    NoAddress(String),
    /// The token would travel in the clear.
    #[error(
        "\"{0}\" is not https, so anybody in between could read the token: use https://, or a tunnel to a loopback address"
    )]
    Plain(String),
    /// A password in the process list.
    #[error(
        "the address holds a user or a password; the service takes a token: --token-file FILE or CLICKTOP_ATTACH__TOKEN"
    )]
    Userinfo,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let shown = || printable(text).into_owned();
        if !text.contains("://") {
            let is_path = text.contains('/') || !text.contains(':');
            return match text.trim() {
                "" => Err(TargetError::NoAddress(shown())),
                _ if is_path => Ok(Self::Socket(PathBuf::from(text))),
                _ => Err(TargetError::NoAddress(shown())),
            };
        }
        let url = Url::parse(text).map_err(|_| TargetError::NoAddress(shown()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Userinfo);
        }
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !is_bare {
            return Err(TargetError::NoAddress(shown()));
        }
        if is_plain_to_others(url.as_str()) {
            return Err(TargetError::Plain(shown()));
        }
        Ok(Self::Url(url))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => f.write_str(&printable(&path.display().to_string())),
            Self::Url(url) => f.write_str(url.as_str().trim_end_matches('/')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_socket_and_a_url_is_https_or_this_machine() {
        for path in ["/run/clicktop.sock", "./clicktop.sock", "clicktop.sock"] {
            assert_eq!(path.parse(), Ok(Target::Socket(path.into())));
        }
        for url in ["https://box:7070", "https://box:7070/", "http://127.0.0.1:7070", "http://localhost:7070"] {
            let target = url.parse::<Target>().expect(url);
            assert_eq!(target.to_string(), url.trim_end_matches('/'));
        }
    }

    #[test]
    fn what_would_give_a_token_away_is_refused() {
        assert!(matches!("http://box:7070".parse::<Target>(), Err(TargetError::Plain(_))));
        let secret = "https://me:hunter2@box:7070".parse::<Target>().expect_err("a password");
        assert!(!secret.to_string().contains("hunter2"));
        for text in ["", "box:7070", "ftp://box", "https://", "https://box/path", "https://box?x=1"] {
            assert!(matches!(text.parse::<Target>(), Err(TargetError::NoAddress(_))), "{text}");
        }
    }
}
