//! Servers that misbehave on demand: HTTP or bare bytes, with and without TLS, one thread a connection.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// What a connection is to the one who serves it.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A port of this machine that is served until the test ends.
pub struct Listener {
    pub port: u16,
    /// The PEM of the authority that vouches for it, with TLS.
    pub authority: Option<String>,
    /// A certificate for a client by that authority, and its key, as PEM.
    pub client: Option<(String, String)>,
}

impl Listener {
    /// Serves each connection with `serve`, which is told the port.
    pub fn plain(serve: impl Fn(&mut dyn Stream, u16) + Send + Sync + 'static) -> Self {
        Self { port: listen(move |mut stream, port| serve(&mut stream, port)), authority: None, client: None }
    }

    /// The same over TLS, with a certificate for `name` by an authority that nobody knows.
    pub fn tls(name: &str, serve: impl Fn(&mut dyn Stream, u16) + Send + Sync + 'static) -> Self {
        Self::over_tls(name, false, serve)
    }

    /// The same, for clients only that show a certificate of that authority.
    pub fn mutual_tls(name: &str, serve: impl Fn(&mut dyn Stream, u16) + Send + Sync + 'static) -> Self {
        Self::over_tls(name, true, serve)
    }

    fn over_tls(name: &str, mutual: bool, serve: impl Fn(&mut dyn Stream, u16) + Send + Sync + 'static) -> Self {
        let (config, authority, client) = certified(name, mutual);
        let port = listen(move |stream, port| {
            if let Ok(connection) = ServerConnection::new(Arc::clone(&config)) {
                serve(&mut StreamOwned::new(connection, stream), port);
            }
        });
        Self { port, authority: Some(authority), client: Some(client) }
    }
}

fn listen(serve: impl Fn(TcpStream, u16) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            // A client that says nothing must not hold the thread for ever.
            stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
            std::thread::spawn(move || serve(stream, port));
        }
    });
    port
}

/// The server's configuration, its authority, and a client's certificate and key.
fn certified(name: &str, mutual: bool) -> (Arc<ServerConfig>, String, (String, String)) {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    // With the name that a certificate has if none is given, OpenSSL would take the two for one.
    params.distinguished_name.push(DnType::CommonName, "an authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .and_then(|params| params.signed_by(&key, &authority))
        .expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("protocols");
    let builder = if mutual {
        let mut known = RootCertStore::empty();
        known.add(authority.der().clone()).expect("an authority");
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(known), provider).build();
        builder.with_client_cert_verifier(clients.expect("a verifier"))
    } else {
        builder.with_no_client_auth()
    };
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).expect("a configuration");
    let key = KeyPair::generate().expect("a key");
    let client = CertificateParams::new(vec!["a client".to_owned()])
        .and_then(|params| params.signed_by(&key, &authority))
        .expect("a certificate");
    (Arc::new(config), authority.pem(), (client.pem(), key.serialize_pem()))
}

/// A request to a stand-in of a search engine.
pub struct Request {
    pub method: String,
    pub path: String,
    /// All of its head, for whoever wants to repeat it.
    pub head: String,
    pub body: Vec<u8>,
}

/// Answers each request with a status and a body of JSON, and closes the connection.
pub fn http(answer: impl Fn(&Request) -> (u16, String)) -> impl Fn(&mut dyn Stream, u16) {
    move |stream, _| {
        if let Some(request) = request(stream) {
            let (status, body) = answer(&request);
            let head = format!(
                "HTTP/1.1 {status} as asked\r\ncontent-type: application/json\r\nx-elastic-product: Elasticsearch\r\n\
                 connection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            // The client may be gone.
            let _ = stream.write_all((head + &body).as_bytes()).and_then(|()| stream.flush());
        }
    }
}

fn request(stream: &mut dyn Stream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut words = head.split_whitespace().map(str::to_owned);
    Some(Request { method: words.next()?, path: words.next()?, head, body })
}
