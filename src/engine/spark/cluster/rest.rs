//! Spark's REST API, below `/api/v1` of its web page.

use std::error::Error as _;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::loopback::is_loopback;
use crate::text::excerpt;

/// Time for a connection, and for an answer as a whole.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const LIMIT: Duration = Duration::from_secs(5);

/// The longest answer that is read. A thousand ended stages, which Spark keeps, take 3 MB.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Characters of a cause in an error.
const CAUSE: usize = 200;

/// The address of Spark's web page. It holds no credentials.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UiUrl(Url);

/// Why a text is no address of a web page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UiUrlError {
    /// It cannot be read.
    #[error("is no url; write it as http://driver:4040")]
    NoUrl,
    /// It holds a user or a password.
    #[error("holds a user or a password, which clicktop does not send there; take them out")]
    Credentials,
}

impl FromStr for UiUrl {
    type Err = UiUrlError;

    fn from_str(text: &str) -> Result<Self, UiUrlError> {
        let mut url = Url::parse(text.trim()).map_err(|_| UiUrlError::NoUrl)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(UiUrlError::NoUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UiUrlError::Credentials);
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl fmt::Display for UiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for UiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl UiUrl {
    /// The address of `path`, whose parts need no escaping but that of a url.
    fn path(&self, parts: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1", "applications"]).extend(parts);
        }
        url
    }
}

/// Why the REST API tells nothing, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RestError {
    #[error(
        "{url} does not answer ({cause}): set spark.ui_url to the address of Spark's web page as this machine reaches it"
    )]
    Unreachable { url: String, cause: String },
    #[error("{url} refuses (HTTP {status}): let this machine read Spark's REST API, which tells executors and tasks")]
    Refused { url: String, status: u16 },
    #[error("{url} does not know the application {id}: set spark.ui_url to the address of this server's web page")]
    OtherApplication { url: String, id: String },
    #[error("{url} is no REST API of Spark ({cause}): set spark.ui_url to the address of Spark's web page")]
    Foreign { url: String, cause: String },
}

/// The client.
pub(super) struct Rest {
    direct: Option<Client>,
    proxied: Option<Client>,
}

impl Rest {
    /// A client that trusts the certificates of `ca_file`, too. A file that cannot be read adds none: the connection to the server has
    /// said so already.
    pub(super) fn new(ca_file: Option<&Path>) -> Self {
        let pem = ca_file.and_then(|file| std::fs::read(file).ok()).unwrap_or_default();
        let authorities = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        let client = |is_direct: bool| {
            // Spark sends plain HTTP on to HTTPS.
            let builder = Client::builder().connect_timeout(CONNECT_LIMIT).timeout(LIMIT).redirect(Policy::limited(3));
            let builder = authorities.iter().cloned().fold(builder, reqwest::ClientBuilder::add_root_certificate);
            let builder = builder.pool_max_idle_per_host(1);
            if is_direct { builder.no_proxy().build().ok() } else { builder.build().ok() }
        };
        Self { direct: client(true), proxied: client(false) }
    }

    /// Every executor, also those that are gone.
    pub(super) async fn executors(&self, ui: &UiUrl, id: &str) -> Result<Vec<ExecutorReport>, RestError> {
        self.get(ui, ui.path(&[id, "allexecutors"]), id).await
    }

    /// The stages in a `status`: `active`, `complete`.
    pub(super) async fn stages(&self, ui: &UiUrl, id: &str, status: &str) -> Result<Vec<StageReport>, RestError> {
        let mut url = ui.path(&[id, "stages"]);
        url.query_pairs_mut().append_pair("status", status);
        self.get(ui, url, id).await
    }

    /// The jobs that run.
    pub(super) async fn jobs(&self, ui: &UiUrl, id: &str) -> Result<Vec<JobReport>, RestError> {
        let mut url = ui.path(&[id, "jobs"]);
        url.query_pairs_mut().append_pair("status", "running");
        self.get(ui, url, id).await
    }

    async fn get<T: DeserializeOwned>(&self, ui: &UiUrl, url: Url, id: &str) -> Result<T, RestError> {
        let unreachable = |error: &reqwest::Error| RestError::Unreachable { url: ui.to_string(), cause: cause(error) };
        // What is on this machine is never behind a proxy.
        let client = if url.host_str().is_some_and(is_loopback) { &self.direct } else { &self.proxied };
        let Some(client) = client else {
            return Err(RestError::Unreachable { url: ui.to_string(), cause: "TLS does not work here".to_owned() });
        };
        let mut answer = client.get(url).send().await.map_err(|error| unreachable(&error))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                return Err(RestError::OtherApplication { url: ui.to_string(), id: id.to_owned() });
            }
            status => return Err(RestError::Refused { url: ui.to_string(), status: status.as_u16() }),
        }
        let foreign = |cause: String| RestError::Foreign { url: ui.to_string(), cause };
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(foreign("the answer is too long".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|error| foreign(excerpt(&error.to_string(), CAUSE).into_owned()))
    }
}

/// The innermost cause, which names what has happened.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", LIMIT.as_secs());
    }
    let mut innermost = error.source();
    while let Some(source) = innermost.and_then(std::error::Error::source) {
        innermost = Some(source);
    }
    let text = innermost.map_or_else(|| "no connection".to_owned(), ToString::to_string);
    excerpt(&text, CAUSE).into_owned()
}

/// An executor, as Spark tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ExecutorReport {
    pub(super) id: String,
    pub(super) host_port: String,
    pub(super) is_active: Option<bool>,
    pub(super) total_cores: Option<u64>,
    pub(super) active_tasks: Option<u64>,
    pub(super) failed_tasks: Option<u64>,
    pub(super) completed_tasks: Option<u64>,
    pub(super) memory_used: Option<u64>,
    pub(super) max_memory: Option<u64>,
    #[serde(rename = "totalGCTime")]
    pub(super) total_gc_time: Option<u64>,
    pub(super) total_shuffle_read: Option<u64>,
    pub(super) peak_memory_metrics: Option<PeakMemory>,
}

/// The most memory that an executor has held.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PeakMemory {
    #[serde(rename = "JVMHeapMemory")]
    pub(super) heap: Option<u64>,
}

/// A stage, as Spark tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StageReport {
    pub(super) stage_id: i64,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) num_tasks: Option<u64>,
    pub(super) num_complete_tasks: Option<u64>,
    pub(super) num_active_tasks: Option<u64>,
    pub(super) num_failed_tasks: Option<u64>,
    pub(super) memory_bytes_spilled: Option<u64>,
    pub(super) disk_bytes_spilled: Option<u64>,
}

/// A job, as Spark tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct JobReport {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_web_page_may_have_a_path_and_holds_no_credentials() {
        let url =
            |text: &str| text.parse::<UiUrl>().map(|url| (url.to_string(), url.path(&["app/1", "stages"]).to_string()));
        let (shown, path) = url("http://proxy:8088/proxy/app_1/").unwrap();
        assert_eq!(shown, "http://proxy:8088/proxy/app_1");
        assert_eq!(path, "http://proxy:8088/proxy/app_1/api/v1/applications/app%2F1/stages");
        assert_eq!(url("https://driver:4440?x=1#y").unwrap().0, "https://driver:4440");
        for bad in ["", "driver:4040", "ftp://driver", "http://"] {
            assert_eq!(url(bad), Err(UiUrlError::NoUrl), "{bad}");
        }
        assert_eq!(url("http://user:secret@driver:4040"), Err(UiUrlError::Credentials));
    }
}
