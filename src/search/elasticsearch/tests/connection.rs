//! Connecting to the engine: nodes, credentials, certificates, and secrets that are never shown.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::search::tests::document;
use crate::search::tests::stand_in::StandIn;
use crate::secret::Secret;
use crate::secure_server::secure_server;

/// A port of this machine on which nobody listens.
async fn dead_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    format!("http://{address}")
}

/// The `Authorization` headers that a server has received.
async fn authorizations(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let header = |request: &wiremock::Request| request.headers.get("authorization")?.to_str().ok().map(str::to_owned);
    requests.iter().filter_map(header).collect()
}

#[tokio::test]
async fn a_closed_port_is_reported_as_unreachable() {
    let error = client(&dead_url().await).prepare().await.unwrap_err();
    assert!(matches!(&error, SearchError::Unreachable { cause, .. } if cause.contains("refused")), "{error}");
}

#[tokio::test]
async fn a_broken_connection_is_reported_as_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"items\":[").await;
        }
    });
    let error = client(&url).upsert(&[document("/a", "FR", 1)]).await.unwrap_err();
    assert!(matches!(error, SearchError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn requests_skip_a_dead_node() {
    let engine = StandIn::start().await;
    let urls = vec![dead_url().await, engine.url(), dead_url().await];
    let index = Elasticsearch::new(ElasticsearchOptions { urls, ..Default::default() }).unwrap();
    index.prepare().await.unwrap();
    for version in 1..6 {
        index.upsert(&[document("/a", "FR", version)]).await.unwrap();
    }
    assert_eq!(index.status().await.unwrap().documents, 1);
}

#[tokio::test]
async fn requests_go_to_the_nodes_in_turn() {
    let answer = ResponseTemplate::new(200).set_body_json(json!({}));
    let nodes = [always(answer.clone()).await, always(answer).await];
    let urls = nodes.iter().map(MockServer::uri).collect();
    let index = Elasticsearch::new(ElasticsearchOptions { urls, ..Default::default() }).unwrap();
    for _ in 0..6 {
        index.refresh().await.unwrap();
    }
    for node in &nodes {
        assert_eq!(node.received_requests().await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    // A careless proxy that echoes the request.
    let echo = |request: &wiremock::Request| {
        let header = request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        ResponseTemplate::new(401).set_body_string(format!("who is {header} (hush-hush, p%40ss-word, p@ss-word)?"))
    };
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(echo).mount(&server).await;
    let basic = Credentials::Basic { username: "ann".to_owned(), password: Secret::new("hush-hush") };
    let key = Credentials::ApiKey(Secret::new("a2V5OnNlY3JldA=="));
    let in_url = server.uri().replace("http://", "http://ann:p%40ss-word@");
    let cases = [
        (
            ElasticsearchOptions { credentials: basic, ..options(&server.uri()) },
            "Basic YW5uOmh1c2gtaHVzaA==",
            "hush-hush",
        ),
        (
            ElasticsearchOptions { credentials: key, ..options(&server.uri()) },
            "ApiKey a2V5OnNlY3JldA==",
            "a2V5OnNlY3JldA==",
        ),
        (options(&in_url), "Basic YW5uOnBAc3Mtd29yZA==", "p@ss-word"),
    ];
    for (options, header, secret) in cases {
        let shown_options = format!("{options:?}");
        let index = Elasticsearch::new(options).unwrap();
        let error = index.prepare().await.unwrap_err();
        assert!(error.is_unauthorized());
        assert_eq!(authorizations(&server).await.last().unwrap(), header);
        assert_eq!(index.target(), format!("{}/clicktop", server.uri()));
        let encoded = header.split(' ').next_back().unwrap();
        for shown in [error.to_string(), format!("{error:?}"), format!("{index:?}"), index.target(), shown_options] {
            for secret in [secret, encoded, "p%40ss-word@"] {
                assert!(!shown.contains(secret), "{secret} shows in {shown}");
            }
        }
    }
}

#[tokio::test]
async fn credentials_in_the_url_of_a_dead_node_never_show() {
    let url = dead_url().await.replace("http://", "http://ann:hush-hush@");
    let urls = vec![url.clone(), url];
    let error = Elasticsearch::new(ElasticsearchOptions { urls, ..Default::default() }).unwrap().prepare().await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1"));
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn compressed_requests_have_a_content_encoding() {
    let server = always(ResponseTemplate::new(200).set_body_json(json!({"items": [item(201, "", "")]}))).await;
    let index = Elasticsearch::new(ElasticsearchOptions { gzip: true, ..options(&server.uri()) }).unwrap();
    index.upsert(&[document("/a", "FR", 1)]).await.unwrap();
    let request = server.received_requests().await.unwrap().remove(0);
    assert_eq!(request.headers.get("content-encoding").unwrap(), "gzip");
    assert_eq!(request.headers.get("content-type").unwrap(), "application/x-ndjson");
    assert_eq!(request.body.get(..2), Some(&[0x1f, 0x8b][..]));
}

/// A server on https that answers like an engine, and the PEM of its authority.
async fn secure_engine() -> (String, String) {
    let body = r#"{"version":{"number":"9.1.0"}}"#;
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    secure_server(head + body).await
}

#[tokio::test]
async fn a_certificate_is_accepted_only_with_its_authority() {
    let (url, pem) = secure_engine().await;
    let error = client(&url).engine().await.unwrap_err();
    assert!(matches!(&error, SearchError::Unreachable { cause, .. } if cause.contains("CA file")), "{error}");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem).unwrap();
    let options = ElasticsearchOptions { ca_file: Some(file.path().to_owned()), ..options(&url) };
    assert_eq!(Elasticsearch::new(options.clone()).unwrap().engine().await.unwrap().1, "9.1.0");

    let unchecked = ElasticsearchOptions { ca_file: None, verify: false, ..options };
    assert_eq!(Elasticsearch::new(unchecked).unwrap().engine().await.unwrap().1, "9.1.0");
}

#[test]
fn an_unusable_ca_file_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
    for content in ["", "no certificate", broken] {
        std::fs::write(file.path(), content).unwrap();
        let options = ElasticsearchOptions { ca_file: Some(file.path().to_owned()), ..options("https://localhost") };
        let error = Elasticsearch::new(options).unwrap_err().to_string();
        assert!(error.contains("CA file"), "{error}");
    }
    let missing = ElasticsearchOptions { ca_file: Some("/no/such.pem".into()), ..options("https://localhost") };
    assert!(Elasticsearch::new(missing).unwrap_err().to_string().contains("/no/such.pem"));
}
