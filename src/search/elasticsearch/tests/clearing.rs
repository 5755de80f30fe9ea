//! Deleting every document of the index in rounds.

use super::*;
use crate::search::tests::document;
use crate::search::tests::stand_in::StandIn;
use serde_json::Value;

/// An engine with `count` documents, the client that has written them, and their ids in the order of the engine.
async fn filled(count: usize) -> (StandIn, Elasticsearch, Vec<String>) {
    let engine = StandIn::start().await;
    let index = client(&engine.url());
    index.prepare().await.unwrap();
    let documents: Vec<_> = (0..count).map(|n| document(&format!("/{n}"), "FR", 7)).collect();
    index.upsert(&documents).await.unwrap();
    let mut ids: Vec<_> = documents.iter().map(Document::id).collect();
    ids.sort();
    (engine, index, ids)
}

/// The ids in each deleting request.
async fn deletions(engine: &StandIn) -> Vec<Vec<String>> {
    let requests = bodies(engine.server(), "/clicktop/_bulk").await;
    let deletions = requests.iter().filter(|body| body.starts_with(r#"{"delete""#));
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["delete"]["_id"].as_str().unwrap().to_owned();
    deletions.map(|body| body.lines().map(id).collect()).collect()
}

async fn documents(index: &Elasticsearch) -> u64 {
    index.status().await.unwrap().documents
}

#[tokio::test]
async fn every_round_deletes_the_found_documents_until_none_is_left() {
    let (engine, index, ids) = filled(5).await;
    assert_eq!(index.clear().await.unwrap(), 5);
    assert_eq!(documents(&index).await, 0);
    let rounds: Vec<_> = ids.chunks(2).map(<[String]>::to_vec).collect();
    assert_eq!(deletions(&engine).await, rounds);
    assert_eq!(bodies(engine.server(), "/clicktop/_search").await.len(), 4, "the last one finds nothing");
    let requests = engine.server().received_requests().await.unwrap();
    let searches = requests.iter().filter(|request| request.url.path().ends_with("_search"));
    for search in searches {
        assert!(search.url.query().unwrap().contains("allow_partial_search_results=false"));
    }
}

#[tokio::test]
async fn a_document_that_changed_or_was_deleted_meanwhile_is_left_to_the_next_round() {
    let (engine, index, ids) = filled(5).await;
    engine.spare(&ids[0], 409);
    engine.spare(&ids[3], 404);
    index.clear().await.unwrap();
    assert_eq!(documents(&index).await, 0);
    let [a, b, c, d, e] = <[String; 5]>::try_from(ids).unwrap();
    assert_eq!(deletions(&engine).await, [vec![a.clone(), b], vec![a, c], vec![d.clone(), e], vec![d]]);
}

#[tokio::test]
async fn a_failed_deletion_says_what_to_do_and_another_call_continues() {
    for (status, transient, unauthorized) in
        [(429, true, false), (503, true, false), (403, false, true), (400, false, false)]
    {
        let (engine, index, ids) = filled(5).await;
        engine.spare(&ids[2], status);
        let error = index.clear().await.unwrap_err();
        assert_eq!((error.is_transient(), error.is_unauthorized()), (transient, unauthorized), "{error}");
        assert_eq!(matches!(error, SearchError::Throttled { .. }), status == 429, "{error}");
        assert!(error.to_string().ends_with("some_exception: not now"), "{error}");
        assert_eq!(documents(&index).await, 2, "those beside it are gone");
        index.clear().await.unwrap();
        assert_eq!(documents(&index).await, 0);
    }
}

#[tokio::test]
async fn after_a_failed_request_another_call_deletes_the_rest() {
    let (engine, index, _) = filled(5).await;
    for (at, status, left) in [("_search", 429, 5), ("_bulk", 503, 5), ("_refresh", 429, 5)] {
        let refusal = ResponseTemplate::new(status);
        Mock::given(path(format!("/clicktop/{at}")))
            .respond_with(refusal)
            .up_to_n_times(1)
            .with_priority(1)
            .mount(engine.server())
            .await;
        let error = index.clear().await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert_eq!(documents(&index).await, left);
    }
    index.clear().await.unwrap();
    assert_eq!(documents(&index).await, 0);
}

#[tokio::test]
async fn clearing_stops_when_a_round_deletes_nothing() {
    let (engine, index, _) = filled(5).await;
    let nothing = |request: &wiremock::Request| {
        let count = request.body.iter().filter(|b| **b == b'\n').count();
        let items = vec![json!({"delete": {"status": 200}}); count];
        ResponseTemplate::new(200).set_body_json(json!({"items": items}))
    };
    Mock::given(path("/clicktop/_bulk")).respond_with(nothing).with_priority(1).mount(engine.server()).await;
    let error = index.clear().await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("5 of 5 documents are left"), "{error}");
    assert_eq!(deletions(&engine).await.len(), 1);
}

#[tokio::test]
async fn an_incomplete_answer_is_an_error() {
    let hit = json!({"_id": "a", "_seq_no": 1, "_primary_term": 1});
    let searches = [
        json!({}),
        json!({"hits": {}}),
        json!({"hits": {"total": {"value": 3}}}),
        json!({"hits": {"total": {"value": 3}, "hits": []}}),
        json!({"hits": {"total": {"value": 1}, "hits": [{"_id": "a"}]}}),
        json!({"timed_out": true, "hits": {"total": {"value": 0}}}),
        // The next cases have an incomplete answer to the deletion.
        json!({"hits": {"total": {"value": 2}, "hits": [hit, hit]}}),
    ];
    let bulks =
        [json!({}), json!({"items": [{"delete": {"status": 200}}]}), json!({"items": [{"index": {"status": 200}}]})];
    for search in searches {
        for bulk in &bulks {
            let (engine, index, _) = filled(1).await;
            for (at, body) in [("_search", &search), ("_bulk", bulk)] {
                let answer = ResponseTemplate::new(200).set_body_json(body);
                Mock::given(path(format!("/clicktop/{at}")))
                    .respond_with(answer)
                    .with_priority(1)
                    .mount(engine.server())
                    .await;
            }
            let error = index.clear().await.unwrap_err();
            assert!(matches!(error, SearchError::Server { .. }), "{error} for {search} and {bulk}");
        }
    }
}

#[tokio::test]
async fn a_document_with_a_routing_is_deleted_with_it() {
    let (engine, index, _) = filled(1).await;
    let hit = json!({"_id": "a", "_seq_no": 1, "_primary_term": 1, "_routing": "north"});
    let answer = ResponseTemplate::new(200).set_body_json(json!({"hits": {"total": {"value": 2}, "hits": [hit]}}));
    Mock::given(path("/clicktop/_search"))
        .respond_with(answer)
        .with_priority(1)
        .up_to_n_times(1)
        .mount(engine.server())
        .await;
    index.clear().await.unwrap();
    let sent = bodies(engine.server(), "/clicktop/_bulk").await;
    assert!(sent.iter().any(|body| body.contains(r#""routing":"north""#)), "{sent:?}");
}

#[tokio::test]
async fn an_alias_of_several_indices_is_not_cleared() {
    let (engine, index, _) = filled(1).await;
    let mappings = mapping::creation();
    let answer = ResponseTemplate::new(200).set_body_json(json!({"clicks-1": mappings, "clicks-2": mappings}));
    Mock::given(path("/clicktop/_mapping")).respond_with(answer).with_priority(1).mount(engine.server()).await;
    let error = index.clear().await.unwrap_err();
    assert!(matches!(&error, SearchError::Refused { .. }) && error.to_string().contains("2 indices"), "{error}");
    assert_eq!(documents(&index).await, 1);
    assert!(deletions(&engine).await.is_empty());
}
