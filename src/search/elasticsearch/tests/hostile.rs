//! Hostile servers: endless answers and redirects.

use super::*;
use crate::search::tests::document;

/// Blanks, compressed with gzip to a thousandth of their size.
fn bomb(mebibytes: usize) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..mebibytes {
        encoder.write_all(&blanks).unwrap();
    }
    encoder.finish().unwrap()
}

fn gzipped(status: u16, body: Vec<u8>) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("content-encoding", "gzip").set_body_bytes(body)
}

#[tokio::test]
async fn an_answer_longer_than_its_limit_is_not_read() {
    let server = always(gzipped(200, bomb(80))).await;
    let index = client(&server.uri());
    let query = SearchQuery { text: "a".to_owned(), country: None, limit: 10_000 };
    let errors = [
        index.prepare().await.unwrap_err(),
        index.upsert(&[document("/a", "FR", 1)]).await.unwrap_err(),
        index.search(&query).await.unwrap_err(),
        index.status().await.unwrap_err(),
        index.check().await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, SearchError::Server { .. }) && error.to_string().contains("longer than"), "{error}");
    }
}

#[tokio::test]
async fn an_error_is_read_only_up_to_its_limit() {
    for status in [400, 403, 429, 503] {
        let server = always(gzipped(status, bomb(80))).await;
        let error = client(&server.uri()).prepare().await.unwrap_err();
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
    let long = format!("the shards are {}", "gone ".repeat(100_000));
    let server = always(ResponseTemplate::new(503).set_body_string(long)).await;
    let error = client(&server.uri()).prepare().await.unwrap_err();
    assert!(error.to_string().contains("the shards are gone gone") && error.to_string().ends_with('…'), "{error}");
}

#[tokio::test]
async fn the_limit_is_large_enough_for_a_full_answer() {
    // Every document of a full request is refused, each with a long reason.
    let reason = "x".repeat(3_000);
    let refused = vec![item(429, "es_rejected_execution_exception", &reason); 2_000];
    let server = always(ResponseTemplate::new(200).set_body_json(json!({"items": refused}))).await;
    let documents: Vec<_> = (0..2_000).map(|n| document(&format!("/{n}"), "FR", 1)).collect();
    assert_eq!(client(&server.uri()).upsert(&documents).await.unwrap().retry.len(), 2_000);
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let elsewhere = always(ResponseTemplate::new(200).set_body_json(json!({"items": [item(201, "", "")]}))).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/clicktop/_bulk?filter_path=items", elsewhere.uri());
        let server = always(ResponseTemplate::new(status).insert_header("location", location.as_str())).await;
        let url = server.uri().replace("http://", "http://ann:hush-hush@");
        let error = client(&url).upsert(&[document("/a", "FR", 1)]).await.unwrap_err();
        let told = format!("redirects to {} ({status}); set index.urls to that", elsewhere.uri());
        assert!(error.to_string().ends_with(&told), "{error}");
        assert!(error.is_transient() && !error.is_unauthorized());
        assert_eq!(server.received_requests().await.unwrap().len(), 1, "asked once");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty(), "nothing was sent on");
    // A relative redirect, and one to https.
    let secure = always(ResponseTemplate::new(308).insert_header("location", "https://search.example:9243/")).await;
    let error = client(&secure.uri()).prepare().await.unwrap_err();
    assert!(error.to_string().contains("redirects to https://search.example:9243 (308)"), "{error}");
    let relative = always(ResponseTemplate::new(302).insert_header("location", "/login")).await;
    let error = client(&relative.uri()).prepare().await.unwrap_err();
    assert!(error.to_string().contains(&format!("redirects to {}/login (302)", relative.uri())), "{error}");
}
