//! Calls over one HTTP/2 connection. It is made anew when it breaks.

use std::path::PathBuf;
use std::time::Duration;

use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::error::ConnectError;
use super::refusal::Errors;
use super::url::ConnectUrl;
use super::wire::ExecutePlanResponse;
use crate::secret::Secret;

/// A peer that is gone is noticed after these two, while a call is open. Servers of gRPC cut connections that ask more often
/// than every five minutes, three times in a row, with no answer in between; Spark ends a silent stream after two minutes.
const PING_INTERVAL: Duration = Duration::from_secs(45);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// How much the server sends ahead of what is read: for one call, and for all of them. A call that nobody reads must leave
/// room for the others.
const CALL_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;
/// Certificates are far smaller.
const MAX_CA_BYTES: u64 = 1024 * 1024;

/// The methods of the service.
pub(super) mod method {
    pub(crate) const EXECUTE: &str = "/spark.connect.SparkConnectService/ExecutePlan";
    pub(crate) const REATTACH: &str = "/spark.connect.SparkConnectService/ReattachExecute";
    pub(crate) const RELEASE: &str = "/spark.connect.SparkConnectService/ReleaseExecute";
    pub(crate) const ANALYZE: &str = "/spark.connect.SparkConnectService/AnalyzePlan";
    pub(crate) const CONFIG: &str = "/spark.connect.SparkConnectService/Config";
    pub(crate) const INTERRUPT: &str = "/spark.connect.SparkConnectService/Interrupt";
    pub(crate) const RELEASE_SESSION: &str = "/spark.connect.SparkConnectService/ReleaseSession";
    pub(crate) const ERROR_DETAILS: &str = "/spark.connect.SparkConnectService/FetchErrorDetails";
}

/// How the client connects and waits.
#[derive(Debug, Clone)]
pub(crate) struct ConnectOptions {
    /// How long a connection may take to come about.
    pub(crate) connect_timeout: Duration,
    /// How long a short call may take: everything but statements.
    pub(crate) answer_timeout: Duration,
    /// How long a statement that lost its connection is looked for before it counts as failed.
    pub(crate) reattach_for: Duration,
    /// How long a statement may be silent before its connection counts as broken. Spark itself ends a stream after two
    /// minutes, to be attached to again.
    pub(crate) silence: Duration,
    /// The certificates that are trusted besides those of the system, in PEM.
    pub(crate) ca_file: Option<PathBuf>,
    /// Texts that no error may show, besides the token: what the statements hold of passwords.
    pub(crate) secrets: Vec<Secret>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(60),
            reattach_for: Duration::from_secs(120),
            silence: Duration::from_secs(180),
            ca_file: None,
            secrets: Vec::new(),
        }
    }
}

type Headers = Vec<(MetadataKey<Ascii>, MetadataValue<Ascii>)>;

/// A connection with what goes along with each call.
#[derive(Clone)]
pub(super) struct Transport {
    channel: Channel,
    headers: Headers,
    max_message: usize,
    pub(super) answer_timeout: Duration,
    pub(super) errors: Errors,
}

impl Transport {
    /// Connects.
    ///
    /// # Errors
    /// The server is unreachable, or not to be trusted; the CA file cannot be read.
    pub(super) async fn connect(url: &ConnectUrl, options: &ConnectOptions) -> Result<Self, ConnectError> {
        let errors = Errors::new(url, &options.secrets);
        let headers = headers(url).map_err(|why| errors.protocol(why))?;
        let endpoint = endpoint(url, options, &errors)?;
        // The time-out of the endpoint is for the TCP connection alone.
        let channel = tokio::time::timeout(options.connect_timeout, endpoint.connect())
            .await
            .map_err(|_| ConnectError::Unreachable {
                target: errors.target().to_owned(),
                cause: format!("no connection in {} s", options.connect_timeout.as_secs()),
            })?
            .map_err(|error| errors.no_connection(&error))?;
        Ok(Self { channel, headers, max_message: url.max_message(), answer_timeout: options.answer_timeout, errors })
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        for (name, value) in &self.headers {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        request
    }

    async fn grpc(&self) -> Result<Grpc<Channel>, Status> {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(self.max_message)
            .max_encoding_message_size(self.max_message);
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        Ok(grpc)
    }

    /// One question, one answer.
    pub(super) async fn unary<Q, A>(&self, method: &'static str, message: Q) -> Result<A, Status>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let codec = ProstCodec::<Q, A>::default();
        let answer = self.grpc().await?.unary(self.request(message), PathAndQuery::from_static(method), codec).await?;
        Ok(answer.into_inner())
    }

    /// One question, any number of answers.
    pub(super) async fn stream<Q>(
        &self,
        method: &'static str,
        message: Q,
    ) -> Result<Streaming<ExecutePlanResponse>, Status>
    where
        Q: Message + Send + Sync + 'static,
    {
        let codec = ProstCodec::<Q, ExecutePlanResponse>::default();
        let path = PathAndQuery::from_static(method);
        Ok(self.grpc().await?.server_streaming(self.request(message), path, codec).await?.into_inner())
    }
}

fn headers(url: &ConnectUrl) -> Result<Headers, &'static str> {
    let token = url.token().map(|token| ("authorization", format!("Bearer {}", token.expose())));
    let others = url.headers().map(|(name, value)| (name, value.expose().to_owned()));
    let mut headers = Vec::new();
    for (name, value) in token.into_iter().chain(others) {
        let name = name.parse().map_err(|_| "a header of the url has an impossible name")?;
        let mut value =
            MetadataValue::try_from(value).map_err(|_| "the token or a header has impossible characters")?;
        value.set_sensitive(true);
        headers.push((name, value));
    }
    Ok(headers)
}

fn endpoint(url: &ConnectUrl, options: &ConnectOptions, errors: &Errors) -> Result<Endpoint, ConnectError> {
    let scheme = if url.uses_tls() { "https" } else { "http" };
    let impossible = |error: tonic::transport::Error| errors.no_connection(&error);
    let agent = url.user_agent().unwrap_or("clicktop");
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{}:{}", url.host(), url.port()))
        .and_then(|endpoint| endpoint.user_agent(agent.to_owned()))
        .map_err(impossible)?
        .connect_timeout(options.connect_timeout)
        .tcp_keepalive(Some(PING_INTERVAL))
        .http2_keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .initial_stream_window_size(CALL_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    if url.uses_tls() {
        // Without the time-out of the handshake a server that is silent would be waited for until the one above.
        let mut tls = ClientTlsConfig::new().with_native_roots().timeout(options.connect_timeout);
        if let Some(path) = &options.ca_file {
            tls = tls.ca_certificate(Certificate::from_pem(read_ca(path, errors)?));
        }
        endpoint = endpoint.tls_config(tls).map_err(impossible)?;
    }
    Ok(endpoint)
}

fn read_ca(path: &std::path::Path, errors: &Errors) -> Result<Vec<u8>, ConnectError> {
    use std::io::Read as _;
    let mut pem = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_CA_BYTES).read_to_end(&mut pem));
    match read {
        Ok(_) if pem.windows(10).any(|at| at == b"-----BEGIN") => Ok(pem),
        Ok(_) => Err(ConnectError::Tls {
            target: errors.target().to_owned(),
            cause: format!("{} holds no certificate in PEM", errors.line(&path.display().to_string())),
        }),
        Err(error) => Err(ConnectError::Tls {
            target: errors.target().to_owned(),
            cause: format!("{}: {error}", errors.line(&path.display().to_string())),
        }),
    }
}
