//! The outcome for documents when the engine, or a proxy in front of it, fails.

use std::time::Duration;

use wiremock::matchers::body_string_contains;

use super::*;
use crate::search::tests::document;
use serde_json::Value;

fn documents(count: usize) -> Vec<Document> {
    (0..count).map(|n| document(&format!("/{n}"), "FR", 1)).collect()
}

async fn upsert_answered(response: ResponseTemplate, count: usize) -> Result<BulkOutcome, SearchError> {
    let server = always(response).await;
    client(&server.uri()).upsert(&documents(count)).await
}

/// The same, with `plain` as the answer to a simple document.
async fn upsert_beside(plain: Value, response: ResponseTemplate, count: usize) -> Result<BulkOutcome, SearchError> {
    let server = always(response).await;
    let answer = items(&[plain]);
    Mock::given(body_string_contains("if_seq_no")).respond_with(answer).with_priority(1).mount(&server).await;
    client(&server.uri()).upsert(&documents(count)).await
}

/// The answer to a simple document that the index would accept.
fn taken() -> Value {
    item(409, "version_conflict_engine_exception", "required seqNo [1]. but no document was found")
}

fn items(items: &[Value]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"took": 1, "errors": true, "items": items}))
}

#[tokio::test]
async fn every_item_of_a_mixed_answer_has_its_own_outcome() {
    let answer = items(&[
        item(201, "", ""),
        item(409, "version_conflict_engine_exception", "newer"),
        item(429, "es_rejected_execution_exception", "queue is full"),
        item(400, "document_parsing_exception", "bad\nfield"),
        item(503, "unavailable_shards_exception", "primary is gone"),
        item(200, "", ""),
    ]);
    let outcome = upsert_answered(answer, 6).await.unwrap();
    let failure = |position, status, reason: &str| ItemFailure { position, status, reason: reason.to_owned() };
    assert_eq!(
        outcome.retry,
        [
            failure(2, 429, "es_rejected_execution_exception: queue is full"),
            failure(4, 503, "unavailable_shards_exception: primary is gone"),
        ]
    );
    assert_eq!(outcome.rejected, [failure(3, 400, "document_parsing_exception: bad\\nfield")]);
    assert_eq!(outcome.conflicts, 1);
}

#[tokio::test]
async fn errors_of_the_index_reject_no_document() {
    for (status, kind, reason, advice) in [
        (400, "illegal_argument_exception", "no write index is defined for alias [clicktop]. The", "is_write_index"),
        (400, "routing_missing_exception", "routing is required for [clicktop]/[a]", "_routing"),
        (400, "index_closed_exception", "closed", "_open"),
        (
            403,
            "cluster_block_exception",
            "index [clicktop] blocked by: [FORBIDDEN/8/index write (api)];",
            "lift the block",
        ),
        (429, "cluster_block_exception", "disk usage exceeded flood-stage watermark", "disk"),
        (400, "illegal_argument_exception", "only write ops with an op_type of create are allowed", "data stream"),
        (400, "illegal_argument_exception", "pipeline with id [nope] does not exist", "pipeline"),
        (400, "strict_dynamic_mapping_exception", "mapping set to strict", "mapping"),
        (404, "index_not_found_exception", "no such index [clicktop]", "creates the index"),
    ] {
        let refused = item(status, kind, reason);
        // The same for a single document, and for one after others that were written.
        for refused in [vec![refused.clone(); 3], vec![refused.clone()], vec![item(201, "", ""), refused]] {
            let error = upsert_answered(items(&refused), refused.len()).await.unwrap_err();
            assert!(matches!(error, SearchError::Unwritable { .. }) && error.is_transient(), "{error}");
            let line = error.to_string();
            assert!(
                line.contains(reason.trim_end_matches(';'))
                    && !line.contains(";;")
                    && line.contains(advice)
                    && !line.contains("credentials"),
                "{line}"
            );
        }
    }
}

#[tokio::test]
async fn if_every_document_is_refused_a_simple_one_tells_whether_the_index_is_at_fault() {
    let refused = item(400, "document_parsing_exception", "failed to parse field [first_seen] of type [date]");
    for count in [1, 3] {
        let answer = || items(&vec![refused.clone(); count]);
        let error = upsert_beside(refused.clone(), answer(), count).await.unwrap_err();
        assert!(matches!(error, SearchError::Unwritable { status: 400, .. }), "{error}");
        assert!(error.to_string().contains("[first_seen]") && error.to_string().contains("mapping"), "{error}");
        let outcome = upsert_beside(taken(), answer(), count).await.unwrap();
        assert_eq!(outcome.rejected.len(), count, "the index would take others");
    }
    // Some must be sent again: no document was accepted either.
    let mixed = [item(429, "es_rejected_execution_exception", "queue"), refused.clone()];
    assert!(matches!(upsert_beside(refused, items(&mixed), 2).await, Err(SearchError::Unwritable { .. })));
    // It is not known whether the index is at fault, so no document is rejected.
    let away = item(503, "unavailable_shards_exception", "primary is gone");
    let long = item(400, "illegal_argument_exception", "immense term");
    let error = upsert_beside(away, items(&[long]), 1).await.unwrap_err();
    assert!(matches!(error, SearchError::Server { status: 503, .. }), "{error}");
}

#[tokio::test]
async fn an_index_that_is_repaired_between_refusal_and_probe_rejects_no_document() {
    let server = MockServer::start().await;
    let refused = item(400, "document_parsing_exception", "failed to parse field [first_seen] of type [date]");
    let bulk = || Mock::given(method("POST")).and(path("/clicktop/_bulk"));
    bulk().respond_with(items(&vec![refused; 3])).up_to_n_times(1).with_priority(2).mount(&server).await;
    bulk().respond_with(items(&vec![item(201, "", ""); 3])).with_priority(3).mount(&server).await;
    bulk().and(body_string_contains("if_seq_no")).respond_with(items(&[taken()])).with_priority(1).mount(&server).await;
    let outcome = client(&server.uri()).upsert(&documents(3)).await.unwrap();
    assert_eq!(outcome, BulkOutcome::default());
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

#[tokio::test]
async fn one_bad_document_among_good_ones_is_rejected_without_a_probe() {
    let server = always(items(&[item(201, "", ""), item(400, "illegal_argument_exception", "immense term")])).await;
    let outcome = client(&server.uri()).upsert(&documents(2)).await.unwrap();
    assert_eq!(outcome.rejected.iter().map(|failure| failure.position).collect::<Vec<_>>(), [1]);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_proxy_with_a_tiny_size_limit_rejects_no_document() {
    let server = always(ResponseTemplate::new(413)).await;
    let error = client(&server.uri()).upsert(&documents(3)).await.unwrap_err();
    assert!(matches!(error, SearchError::Unwritable { status: 413, .. }), "{error}");
}

#[tokio::test]
async fn positions_are_those_of_the_whole_batch() {
    let server = MockServer::start().await;
    let refuse_last = |request: &wiremock::Request| {
        let count = request.body.iter().filter(|b| **b == b'\n').count() / 2;
        let mut answer = vec![item(201, "", ""); count - 1];
        answer.push(item(400, "bad", "last"));
        items(&answer)
    };
    Mock::given(method("POST")).and(path("/clicktop/_bulk")).respond_with(refuse_last).mount(&server).await;
    let outcome = client(&server.uri()).upsert(&documents(4_500)).await.unwrap();
    let positions: Vec<usize> = outcome.rejected.iter().map(|failure| failure.position).collect();
    assert_eq!(positions, [1_999, 3_999, 4_499]);
}

#[tokio::test]
async fn refused_credentials_of_an_item_fail_the_whole_request() {
    for status in [401, 403] {
        let answer = items(&[item(201, "", ""), item(status, "security_exception", "no write for you")]);
        let error = upsert_answered(answer, 2).await.unwrap_err();
        assert!(error.is_unauthorized() && error.to_string().contains("no write for you"), "{error}");
    }
}

#[tokio::test]
async fn a_deleted_index_rejects_no_document() {
    let gone = item(404, "index_not_found_exception", "no such index [clicktop]");
    let error = upsert_answered(items(&[gone.clone(), gone]), 2).await.unwrap_err();
    assert!(
        matches!(&error, SearchError::Unwritable { status: 404, reason, .. } if reason.contains("no such index")),
        "{error}"
    );
}

#[tokio::test]
async fn the_status_of_a_request_tells_whether_to_try_again() {
    for (status, transient, unauthorized) in [
        (401, false, true),
        (403, false, true),
        (429, true, false),
        (503, true, false),
        (502, true, false),
        (400, false, false),
    ] {
        let body = json!({"error": {"type": "some_exception", "reason": "because"}, "status": status});
        let error = upsert_answered(ResponseTemplate::new(status).set_body_json(body), 1).await.unwrap_err();
        assert_eq!((error.is_transient(), error.is_unauthorized()), (transient, unauthorized), "{error}");
        assert!(error.to_string().contains("some_exception: because"), "{error}");
    }
    let throttled = upsert_answered(ResponseTemplate::new(429), 1).await.unwrap_err();
    assert!(matches!(throttled, SearchError::Throttled { .. }));
    let server_error = upsert_answered(ResponseTemplate::new(503), 1).await.unwrap_err();
    assert!(matches!(server_error, SearchError::Server { status: 503, .. }));
}

#[tokio::test]
async fn an_answer_without_an_item_for_every_document_is_an_error() {
    let ok = item(201, "", "");
    let whole = json!({"items": [ok.clone(), ok.clone()]}).to_string();
    let half = whole.get(..whole.len() / 2).unwrap().to_owned();
    let answers = [
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_string(half),
        ResponseTemplate::new(200).set_body_string("<html>Please log in</html>"),
        ResponseTemplate::new(200).set_body_bytes([0xff, 0xfe, 0x00]),
        ResponseTemplate::new(200).set_body_json(json!([])),
        ResponseTemplate::new(200).set_body_json(json!({"errors": false})),
        items(std::slice::from_ref(&ok)),
        items(&[ok.clone(), ok.clone(), ok.clone()]),
        items(&[ok.clone(), json!({})]),
        items(&[ok.clone(), json!({"delete": {"status": 200}})]),
        items(&[ok.clone(), json!({"index": {"status": "201"}})]),
        items(&[ok.clone(), json!({"index": {}})]),
        items(&[ok.clone(), item(0, "", "")]),
        items(&[ok.clone(), item(302, "", "")]),
        items(&[ok, json!({"index": {"status": 99_999_999}})]),
        ResponseTemplate::new(204),
        ResponseTemplate::new(304),
    ];
    for answer in answers {
        let shown = format!("{answer:?}");
        let error = upsert_answered(answer, 2).await.unwrap_err();
        assert!(matches!(error, SearchError::Server { .. }), "{error} for {shown}");
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_halved_until_it_fits() {
    let server = MockServer::start().await;
    let takes_two = |request: &wiremock::Request| {
        let count = request.body.iter().filter(|b| **b == b'\n').count() / 2;
        let body = String::from_utf8_lossy(&request.body);
        let too_large = body.contains("/large");
        if body.contains("if_seq_no") {
            return items(&[taken()]);
        }
        match count {
            1 if too_large => ResponseTemplate::new(413),
            1 | 2 if !too_large => items(&vec![item(201, "", ""); count]),
            _ => ResponseTemplate::new(413).set_body_string("<html>Request Entity Too Large</html>"),
        }
    };
    Mock::given(any()).respond_with(takes_two).mount(&server).await;
    let mut batch = documents(9);
    batch[6] = document("/large", "FR", 1);
    let outcome = client(&server.uri()).upsert(&batch).await.unwrap();
    assert_eq!(outcome.rejected.iter().map(|f| (f.position, f.status)).collect::<Vec<_>>(), [(6, 413)]);
    let sent = bodies(&server, "/clicktop/_bulk").await;
    for document in &batch {
        let alone_or_in_pairs = |body: &&String| body.lines().count() <= 4 && body.contains(&document.id());
        assert!(sent.iter().any(|body| alone_or_in_pairs(&body)), "{} was not sent again", document.url);
    }
}

#[tokio::test]
async fn without_documents_no_request_is_sent() {
    let server = always(ResponseTemplate::new(500)).await;
    assert_eq!(client(&server.uri()).upsert(&[]).await.unwrap(), BulkOutcome::default());
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_slow_engine_is_a_timeout() {
    let server = always(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    let limit = Duration::from_millis(50);
    let options = ElasticsearchOptions { request_timeout: limit, ..options(&server.uri()) };
    let error = Elasticsearch::new(options).unwrap().upsert(&documents(1)).await.unwrap_err();
    assert_eq!(error, SearchError::TimedOut { target: format!("{}/clicktop", server.uri()), after: limit });
}

#[tokio::test]
async fn an_invalid_answer_to_a_search_is_an_error() {
    let source = json!({"url": "/a", "country": "FR", "clicks": 1, "unique_users": 1, "avg_time_spent": null,
        "first_seen": "yesterday", "last_seen": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"});
    for body in [
        json!({"hits": {"hits": [{"_version": 1, "_source": source}]}}),
        json!({"hits": {"hits": [{"_version": 1}]}}),
        json!({"hits": {}}),
        json!({"timed_out": true, "hits": {"hits": []}}),
    ] {
        let server = always(ResponseTemplate::new(200).set_body_json(&body)).await;
        let query = SearchQuery { text: "a".to_owned(), country: None, limit: 5 };
        let error = client(&server.uri()).search(&query).await.unwrap_err();
        assert!(matches!(error, SearchError::Server { .. }), "{error} for {body}");
    }
}
