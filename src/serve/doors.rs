//! The doors of the service: an address that listens, and what it takes to come in.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::access::{TokenError, Tokens};
use super::address::{Address, AddressError};
use super::guard::Guard;
use super::socket::OwnSocket;
use super::tls::{TlsError, acceptor};
use crate::loopback::is_loopback;

/// An address that listens.
#[derive(Debug)]
pub struct Door {
    pub(super) listener: Listener,
    pub(super) guard: Guard,
    /// What `clicktop attach` takes.
    name: String,
}

#[derive(Debug)]
pub(super) enum Listener {
    Socket(OwnSocket),
    Tcp(TcpListener, Option<Tls>),
}

/// Makes TLS connections.
#[derive(Clone)]
pub(super) struct Tls(pub(super) TlsAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What TCP addresses need.
#[derive(Debug, Default)]
pub struct TcpOptions {
    /// Who may come in.
    pub tokens: Tokens,
    /// Certificate and key, PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether an address that other machines reach may do without TLS.
    pub plain_http: bool,
}

/// Why an address does not listen.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Anybody in the network could read and steer.
    #[error(
        "{0} is open to other machines, so it needs a token: set serve.read_token_file, serve.steer_token_file or both; or listen at \
         127.0.0.1"
    )]
    NoToken(Address),
    /// Anybody in between could read the token.
    #[error(
        "{0} is open to other machines, so it needs TLS: set serve.cert_file and serve.key_file; or listen at 127.0.0.1 behind a proxy; \
         serve.danger_plain_http = true does without"
    )]
    NoTls(Address),
    /// A token cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system gives no socket.
    #[error("cannot listen at {0}: {1}")]
    Listen(Address, #[source] io::Error),
}

impl Door {
    /// Listens at `address`. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// The address needs a token or TLS that is not there, the certificate cannot be used, or the system gives no socket.
    pub(super) async fn open(address: &Address, options: &TcpOptions) -> Result<Self, OpenError> {
        let failed = |error| OpenError::Listen(address.clone(), error);
        let (host, port) = match address {
            Address::Socket(path) => {
                let socket = OwnSocket::open(path).map_err(failed)?;
                return Ok(Self { listener: Listener::Socket(socket), guard: Guard::Owner, name: address.to_string() });
            }
            Address::Tcp { host, port } => (host, *port),
        };
        if address.is_public() && !options.tokens.are_set() {
            return Err(OpenError::NoToken(address.clone()));
        }
        let tls = match &options.tls {
            Some((cert, key)) => Some(Tls(acceptor(cert, key)?)),
            None if address.is_public() && !options.plain_http => return Err(OpenError::NoTls(address.clone())),
            None => None,
        };
        let listener = TcpListener::bind((host.trim_matches(['[', ']']), port)).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let guard = if options.tokens.are_set() {
            Guard::Token(options.tokens.clone())
        } else if is_loopback(&bound.ip().to_string()) {
            Guard::Loopback
        } else {
            // A name that only looks like this machine.
            return Err(OpenError::NoToken(address.clone()));
        };
        let name = url_of(host, bound, tls.is_some());
        Ok(Self { listener: Listener::Tcp(listener, tls), guard, name })
    }
}

/// The url of an address that listens; the port is the one that the system gave.
fn url_of(host: &str, bound: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{host}:{}", bound.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    async fn open(address: &str, options: &TcpOptions) -> Result<Door, String> {
        Door::open(&address.parse().unwrap(), options).await.map_err(|error| error.to_string())
    }

    fn with_token() -> TcpOptions {
        let tokens = Tokens::new(Some(Secret::new("0123456789abcdef")), None).unwrap();
        TcpOptions { tokens, ..TcpOptions::default() }
    }

    #[tokio::test]
    async fn other_machines_need_a_token_and_tls() {
        let error = open("0.0.0.0:0", &TcpOptions::default()).await.unwrap_err();
        assert!(error.contains("serve.read_token_file"), "{error}");
        let error = open("0.0.0.0:0", &with_token()).await.unwrap_err();
        assert!(error.contains("serve.cert_file"), "{error}");
        let plain = TcpOptions { plain_http: true, ..with_token() };
        assert!(matches!(open("0.0.0.0:0", &plain).await.unwrap().guard, Guard::Token(_)));
    }

    #[tokio::test]
    async fn this_machine_needs_neither_but_a_token_that_is_set_counts_here_too() {
        let door = open("127.0.0.1:0", &TcpOptions::default()).await.unwrap();
        assert!(matches!(door.guard, Guard::Loopback));
        assert!(door.to_string().starts_with("http://127.0.0.1:"), "{door}");
        assert!(matches!(open("127.0.0.1:0", &with_token()).await.unwrap().guard, Guard::Token(_)));
    }

    #[tokio::test]
    async fn a_certificate_that_cannot_be_used_is_said_without_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert"), folder.path().join("key"));
        let options = || TcpOptions { tls: Some((cert.clone(), key.clone())), ..with_token() };
        let error = open("127.0.0.1:0", &options()).await.unwrap_err();
        assert!(error.contains("serve.cert_file") && error.contains("cert"), "{error}");
        std::fs::write(&cert, "no pem").unwrap();
        std::fs::write(&key, "SECRETKEY").unwrap();
        let error = open("127.0.0.1:0", &options()).await.unwrap_err();
        assert!(error.contains("holds no certificate") && !error.contains("SECRETKEY"), "{error}");
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let door = open("127.0.0.1:0", &TcpOptions::default()).await.unwrap();
        let taken = door.to_string().replace("http://", "");
        let error = open(&taken, &TcpOptions::default()).await.unwrap_err();
        assert!(error.contains(&taken), "{error}");
    }
}
