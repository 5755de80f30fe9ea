//! Where the API listens: a path is a Unix socket, HOST:PORT is TCP.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::loopback::is_loopback;
use crate::text::printable;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    Socket(PathBuf),
    /// A host or address of this machine, and a port; port 0 takes a free one.
    Tcp {
        /// A name, an IPv4 address, or an IPv6 address in brackets.
        host: String,
        /// The port.
        port: u16,
    },
}

/// Why a text is no address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is empty.
    #[error(
        "an address to listen on is empty; a path such as /run/clicktop.sock is a Unix socket, HOST:PORT such as 127.0.0.1:7070 is TCP"
    )]
    Empty,
    /// It looks like a url.
    #[error("\"{0}\" is a url; give HOST:PORT, such as 127.0.0.1:7070, or a path for a Unix socket")]
    Url(String),
    /// It has no host.
    #[error("\"{0}\" names no host; 127.0.0.1{0} is this machine only, 0.0.0.0{0} every IPv4 address")]
    NoHost(String),
    /// The port is no port.
    #[error("\"{0}\" is neither a path with a / in it nor HOST:PORT with a port from 0 to 65535")]
    NoPort(String),
    /// An IPv6 address without brackets.
    #[error("\"{0}\" is not clear: put an IPv6 address into brackets, as in [::1]:7070")]
    NoBrackets(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let shown = || printable(text).into_owned();
        if text.trim().is_empty() {
            return Err(AddressError::Empty);
        }
        if text.contains("://") {
            return Err(AddressError::Url(shown()));
        }
        if text.contains('/') {
            return Ok(Self::Socket(PathBuf::from(text)));
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(|| AddressError::NoPort(shown()))?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits).ok_or_else(|| AddressError::NoPort(shown()))?;
        let in_brackets = host.starts_with('[') && host.ends_with(']');
        match host {
            "" => Err(AddressError::NoHost(shown())),
            _ if host.contains(':') && !in_brackets => Err(AddressError::NoBrackets(shown())),
            _ => Ok(Self::Tcp { host: host.to_owned(), port }),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => f.write_str(&printable(&path.display().to_string())),
            Self::Tcp { host, port } => write!(f, "{}:{port}", printable(host)),
        }
    }
}

impl Address {
    /// Whether other machines reach it.
    pub(super) fn is_public(&self) -> bool {
        match self {
            Self::Socket(_) => false,
            Self::Tcp { host, .. } => !is_loopback(host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Result<Address, AddressError> {
        Ok(Address::Tcp { host: host.to_owned(), port })
    }

    #[test]
    fn a_path_is_a_socket_and_host_and_port_are_tcp() {
        assert_eq!("/run/clicktop.sock".parse(), Ok(Address::Socket("/run/clicktop.sock".into())));
        assert_eq!("./a:1".parse(), Ok(Address::Socket("./a:1".into())));
        assert_eq!("127.0.0.1:7070".parse(), tcp("127.0.0.1", 7070));
        assert_eq!("[::1]:0".parse(), tcp("[::1]", 0));
        assert_eq!("box.example:443".parse(), tcp("box.example", 443));
    }

    #[test]
    fn what_is_neither_is_refused_with_what_to_do() {
        for (text, says) in [
            ("", "is empty"),
            ("clicktop.sock", "neither a path with a / in it"),
            (":7070", "127.0.0.1:7070 is this machine only"),
            ("host:", "neither"),
            ("host:70000", "neither"),
            ("host:+7", "neither"),
            ("::1:7070", "brackets"),
            ("http://host:1", "is a url"),
            ("a\u{1b}b", "\u{fffd}"),
        ] {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(error.contains(says) || says == "\u{fffd}", "{text}: {error}");
            assert!(!error.contains('\u{1b}'), "{error:?}");
        }
    }

    #[test]
    fn other_machines_reach_what_is_not_loopback() {
        for (text, public) in [
            ("127.0.0.1:1", false),
            ("localhost:1", false),
            ("[::1]:1", false),
            ("./s", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("box:1", true),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().is_public(), public, "{text}");
        }
    }
}
