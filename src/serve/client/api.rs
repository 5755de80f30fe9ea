//! Requests to a service, over its socket or over TCP. The client trusts no answer: it follows no redirect and reads only so much.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde_json::Value;

use super::closed_socket::{SERVICE_SOCKET, closed_socket};
use super::target::Target;
use crate::secret::Secret;
use crate::text::{excerpt, printable};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a request may take that is no stream.
const ANSWER: Duration = Duration::from_secs(40);

/// How long the service may be silent: a stream has a heartbeat each second, and a slow link takes a while for a line.
const SILENCE: Duration = Duration::from_secs(20);

/// The service closes an idle connection after 30 s.
const IDLE: Duration = Duration::from_secs(20);

/// The most bytes of an answer that is no stream.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The most characters of an error that are shown.
const SHOWN: usize = 400;

/// How to reach a service.
#[derive(Clone, Debug, Default)]
pub struct ApiOptions {
    /// The token, if the service wants one.
    pub token: Option<Secret>,
    /// Certificates to trust in addition to the public ones, PEM.
    pub ca_file: Option<PathBuf>,
}

/// Why a request got no answer, or a refusal. One line each, without the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiFailure {
    /// The service cannot be reached.
    #[error("{0}")]
    Unreachable(String),
    /// The service refuses the request.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the service says.
        message: String,
    },
    /// The answer is none of a service.
    #[error("the answer is not that of a clicktop: {0}")]
    Strange(String),
}

/// A service.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    base: Url,
    token: Option<Secret>,
    target: Target,
}

impl Api {
    /// The service at `target`. Nothing is sent yet.
    ///
    /// # Errors
    /// The certificates cannot be read.
    pub fn new(target: Target, options: ApiOptions) -> Result<Self, ApiFailure> {
        let failed = |what: &str| ApiFailure::Unreachable(what.to_owned());
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true);
        let base = match &target {
            Target::Socket(path) => {
                builder = builder.unix_socket(path.clone()).no_proxy().no_gzip();
                Url::parse("http://localhost/").map_err(|error| failed(&error.to_string()))?
            }
            Target::Url(url) => {
                if url.host_str().is_some_and(crate::loopback::is_loopback) {
                    builder = builder.no_proxy();
                }
                url.clone()
            }
        };
        if let Some(path) = &options.ca_file {
            let shown = path.display();
            let pem = std::fs::read(path).map_err(|error| failed(&format!("the certificates {shown}: {error}")))?;
            let certificates = Certificate::from_pem_bundle(&pem);
            for certificate in certificates.map_err(|_| failed(&format!("the certificates {shown} are not PEM")))? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder.build().map_err(|error| failed(&causes(&error)))?;
        Ok(Self { client, base, token: options.token, target })
    }

    /// Where it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether the service is on this machine, behind its socket.
    pub(super) fn is_socket(&self) -> bool {
        matches!(self.target, Target::Socket(_))
    }

    /// Asks for `path`, and reads the whole answer as JSON.
    ///
    /// # Errors
    /// [`ApiFailure`].
    pub async fn get(&self, path: &str) -> Result<Value, ApiFailure> {
        let response = self.send(self.request(Method::GET, path).timeout(ANSWER)).await?;
        self.json(response).await
    }

    /// Sends `body` as JSON to `path`.
    ///
    /// # Errors
    /// [`ApiFailure`].
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Response, ApiFailure> {
        let body = serde_json::to_vec(body).map_err(|error| ApiFailure::Strange(error.to_string()))?;
        self.send(self.request(Method::POST, path).header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// [`ApiFailure`].
    pub(super) async fn open(&self, path: &str, query: &[(&str, String)]) -> Result<Response, ApiFailure> {
        self.send(self.request(Method::GET, path).query(query)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path("/");
        // A path of ours is always a path.
        let url = url.join(path).unwrap_or(url);
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    /// Sends a request; an answer of refusal is an error.
    async fn send(&self, request: RequestBuilder) -> Result<Response, ApiFailure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = bytes(response).await.unwrap_or_default();
        let said =
            serde_json::from_slice::<Value>(&body).ok().and_then(|body| Some(body.get("error")?.as_str()?.to_owned()));
        let message = match said {
            Some(said) => excerpt(&said, SHOWN).into_owned(),
            None if status == StatusCode::UNAUTHORIZED => {
                "it wants a token: --token-file FILE or CLICKTOP_ATTACH__TOKEN".to_owned()
            }
            None => format!("it answers {status}; is it a clicktop?"),
        };
        Err(ApiFailure::Refused { status: status.as_u16(), message })
    }

    async fn json(&self, response: Response) -> Result<Value, ApiFailure> {
        let body = bytes(response).await.map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&body).map_err(|error| ApiFailure::Strange(printable(&error.to_string()).into_owned()))
    }

    /// Why it cannot be reached, and what to do.
    pub(super) fn unreachable(&self, error: &reqwest::Error) -> ApiFailure {
        let causes = causes(error);
        ApiFailure::Unreachable(match &self.target {
            Target::Socket(path) => closed_socket(path, &causes, Path::new(SERVICE_SOCKET)),
            target @ Target::Url(_) => format!("{target}: {causes}"),
        })
    }
}

/// The whole body of an answer, if it is not too large.
async fn bytes(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MOST_BYTES {
            // What is cut off is no JSON.
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The innermost cause of an error, without the url.
fn causes(error: &reqwest::Error) -> String {
    let mut last = None;
    let mut next = error.source();
    while let Some(cause) = next {
        last = Some(cause.to_string());
        next = cause.source();
    }
    let text = match last {
        Some(text) => text,
        None if error.is_timeout() => "no answer in time".to_owned(),
        None => "the connection failed".to_owned(),
    };
    printable(&text).into_owned()
}
