mod clearing;
mod connection;
mod engine;
mod failures;
mod hostile;

use serde_json::Value;
use serde_json::json;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

impl Elasticsearch {
    /// Deletes the index of a test.
    pub(in crate::search) async fn delete(&self) {
        self.client.ask(HttpRequest::new(Method::DELETE, &self.path(""))).await.unwrap();
    }
}

/// A client for the engine at `url`.
fn client(url: &str) -> Elasticsearch {
    Elasticsearch::new(options(url)).unwrap()
}

fn options(url: &str) -> ElasticsearchOptions {
    ElasticsearchOptions { urls: vec![url.to_owned()], ..Default::default() }
}

/// A server that answers everything with `response`.
async fn always(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    server
}

/// The bodies of the requests that a server has received at the path `at`.
async fn bodies(server: &MockServer, at: &str) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let there = requests.into_iter().filter(|request| request.url.path() == at);
    there.map(|request| String::from_utf8(request.body).unwrap()).collect()
}

/// An item of a bulk answer.
fn item(status: u16, kind: &str, reason: &str) -> Value {
    match status {
        200..=299 => json!({"index": {"status": status}}),
        _ => json!({"index": {"status": status, "error": {"type": kind, "reason": reason}}}),
    }
}
