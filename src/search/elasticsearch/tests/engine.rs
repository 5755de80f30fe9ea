//! Preparing, checking and querying the index.

use super::*;
use crate::protocol::snapshot::Health;
use crate::search::tests::document;
use crate::search::tests::stand_in::StandIn;
use serde_json::Value;

async fn puts(engine: &StandIn) -> usize {
    let requests = engine.server().received_requests().await.unwrap();
    requests.iter().filter(|request| request.method.as_str() == "PUT").count()
}

#[tokio::test]
async fn the_index_is_created_once_with_its_mapping() {
    let engine = StandIn::start().await;
    let index = client(&engine.url());
    let prepared = index.prepare().await.unwrap();
    assert_eq!(prepared, Prepared { engine: "opensearch 2.19.1".to_owned(), created: true, documents: 0 });
    index.upsert(&[document("/a", "FR", 1)]).await.unwrap();
    let again = client(&engine.url()).prepare().await.unwrap();
    assert!(!again.created);
    assert_eq!(puts(&engine).await, 1);
    let creation: Value = serde_json::from_str(&bodies(engine.server(), "/clicktop").await[0]).unwrap();
    let properties = &creation["mappings"]["properties"];
    assert_eq!(properties["url"], json!({"type": "keyword", "ignore_above": 8191}));
    assert_eq!(properties["clicks"]["type"], "long");
    assert_eq!(properties["updated_at"]["type"], "date");
    assert_eq!(creation["mappings"]["_meta"]["clicktop"]["mapping_version"], 1);
}

#[tokio::test]
async fn an_index_that_another_program_has_just_created_is_used() {
    let engine = StandIn::start().await;
    // The index does not exist when the client looks for it, but exists when the client creates it.
    Mock::given(method("GET"))
        .and(path("/clicktop/_mapping"))
        .respond_with(ResponseTemplate::new(404))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(engine.server())
        .await;
    let other = client(&engine.url());
    other.create().await.unwrap();
    assert!(client(&engine.url()).prepare().await.unwrap().created);
}

#[tokio::test]
async fn an_index_with_another_mapping_is_refused_naming_the_field() {
    let engine = StandIn::start().await;
    let mut mappings = mapping::creation();
    mappings["mappings"]["properties"]["url"] = json!({"type": "text"});
    let answer = ResponseTemplate::new(200).set_body_json(json!({"clicktop": mappings}));
    Mock::given(path("/clicktop/_mapping")).respond_with(answer).with_priority(1).mount(engine.server()).await;
    let error = client(&engine.url()).prepare().await.unwrap_err();
    assert!(matches!(&error, SearchError::Refused { reason, .. } if reason.starts_with("field url")), "{error}");
    assert_eq!(puts(&engine).await, 0);
    let checked = client(&engine.url()).check().await.unwrap();
    assert!(matches!(&checked.index, IndexState::Unfit(why) if why.starts_with("field url")), "{checked:?}");
}

#[tokio::test]
async fn the_status_reports_a_deleted_index() {
    let engine = StandIn::start().await;
    let index = client(&engine.url());
    index.prepare().await.unwrap();
    index.status().await.unwrap();
    engine.delete_index();
    let error = index.status().await.unwrap_err();
    assert!(matches!(&error, SearchError::Unwritable { status: 404, .. }) && error.is_transient(), "{error}");
    assert!(index.prepare().await.unwrap().created);
}

#[tokio::test]
async fn an_index_that_was_created_again_is_filled_again() {
    let engine = StandIn::start().await;
    let index = client(&engine.url());
    index.prepare().await.unwrap();
    index.upsert(&[document("/a", "FR", 1)]).await.unwrap();
    let told = async |uuid: &str, times| {
        let stats = json!({"indices": {"clicktop": {"uuid": uuid}}});
        let answer = ResponseTemplate::new(200).set_body_json(stats);
        let asked = Mock::given(path("/clicktop/_stats/store")).respond_with(answer).with_priority(1);
        asked.up_to_n_times(times).mount(engine.server()).await;
    };
    told("one", 2).await;
    for _ in 0..2 {
        index.status().await.unwrap();
    }
    assert!(!index.prepare().await.unwrap().created);
    told("another", 9).await;
    let error = index.status().await.unwrap_err();
    assert!(matches!(&error, SearchError::Unwritable { .. }) && error.to_string().contains("was deleted"), "{error}");
    assert!(index.prepare().await.unwrap().created, "though a document is in it");
    index.status().await.unwrap();
    assert!(!index.prepare().await.unwrap().created);
}

#[tokio::test]
async fn health_and_size_are_optional() {
    let engine = StandIn::start().await;
    let index = client(&engine.url());
    index.prepare().await.unwrap();
    let status = index.status().await.unwrap();
    assert_eq!(status, EngineStatus { health: Health::Yellow, documents: 0, bytes: Some(4096) });
    for forbidden in ["/_cluster/health/clicktop", "/clicktop/_stats/store"] {
        let refusal = ResponseTemplate::new(403);
        Mock::given(path(forbidden)).respond_with(refusal).with_priority(1).mount(engine.server()).await;
    }
    let status = index.status().await.unwrap();
    assert_eq!(status, EngineStatus { health: Health::Unknown, documents: 0, bytes: None });
    let refusal = ResponseTemplate::new(401);
    Mock::given(path("/clicktop/_count")).respond_with(refusal).with_priority(1).mount(engine.server()).await;
    assert!(index.status().await.unwrap_err().is_unauthorized());
}

#[tokio::test]
async fn the_version_comes_from_the_root_or_from_the_nodes() {
    let greeting = json!({"version": {"number": "9.1.0", "build_flavor": "default"}, "tagline": "You Know"});
    let server = always(ResponseTemplate::new(200).set_body_json(greeting)).await;
    assert_eq!(client(&server.uri()).engine().await.unwrap(), ("elasticsearch".to_owned(), "9.1.0".to_owned()));

    let server = MockServer::start().await;
    Mock::given(path("/")).respond_with(ResponseTemplate::new(405)).mount(&server).await;
    let nodes = ResponseTemplate::new(200).set_body_json(json!({"nodes": {"x": {"version": "8.17.10"}}}));
    Mock::given(path("/_nodes/_local")).respond_with(nodes).mount(&server).await;
    assert_eq!(client(&server.uri()).engine().await.unwrap(), ("elasticsearch".to_owned(), "8.17.10".to_owned()));

    for body in ["{}", "", "hello", r#"{"version": {"number": 9}}"#] {
        let server = always(ResponseTemplate::new(200).set_body_string(body)).await;
        let error = client(&server.uri()).prepare().await.unwrap_err();
        assert!(matches!(error, SearchError::Server { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_check_changes_nothing() {
    let engine = StandIn::start().await;
    let index = client(&engine.url());
    let absent = index.check().await.unwrap();
    assert_eq!((absent.engine.as_str(), absent.version.as_str()), ("opensearch", "2.19.1"));
    assert_eq!((absent.index, absent.health), (IndexState::Absent, Health::Unknown));
    assert!(matches!(absent.write, WriteAccess::Unknown(_)));
    assert_eq!(puts(&engine).await, 0);

    index.prepare().await.unwrap();
    let ready = index.check().await.unwrap();
    assert_eq!((ready.index, ready.health), (IndexState::Ready, Health::Yellow));
    assert_eq!(ready.write, WriteAccess::Allowed);
    assert_eq!(index.status().await.unwrap().documents, 0);

    for (item, wanted) in [
        (item(403, "security_exception", "read only"), WriteAccess::Denied("security_exception: read only".to_owned())),
        (
            item(400, "index_closed_exception", "closed"),
            WriteAccess::Refused {
                reason: "index_closed_exception: closed".to_owned(),
                advice: "open the index (POST INDEX/_open)",
            },
        ),
        // If a simple document cannot be parsed, the index is at fault.
        (
            item(400, "document_parsing_exception", "failed to parse field [first_seen]"),
            WriteAccess::Refused {
                reason: "document_parsing_exception: failed to parse field [first_seen]".to_owned(),
                advice: "correct the index's mapping or settings, or set index.name to another index",
            },
        ),
    ] {
        let answer = ResponseTemplate::new(200).set_body_json(json!({"items": [item]}));
        Mock::given(path("/clicktop/_bulk"))
            .respond_with(answer)
            .with_priority(1)
            .up_to_n_times(1)
            .mount(engine.server())
            .await;
        assert_eq!(index.check().await.unwrap().write, wanted);
    }
    let forbidden = json!({"error": {"type": "security_exception", "reason": "no bulk for you"}});
    let refusal = ResponseTemplate::new(403).set_body_json(forbidden);
    Mock::given(path("/clicktop/_bulk")).respond_with(refusal).with_priority(1).mount(engine.server()).await;
    let denied = index.check().await.unwrap();
    assert_eq!(denied.write, WriteAccess::Denied("security_exception: no bulk for you".to_owned()));
}

#[tokio::test]
async fn the_check_deletes_its_document_if_the_engine_has_written_it() {
    let engine = StandIn::start().await;
    let index = client(&engine.url());
    index.prepare().await.unwrap();
    let written = ResponseTemplate::new(200).set_body_json(json!({"items": [item(201, "", "")]}));
    Mock::given(path("/clicktop/_bulk")).respond_with(written).with_priority(1).mount(engine.server()).await;
    let deleted = ResponseTemplate::new(200).set_body_json(json!({"result": "deleted"}));
    Mock::given(method("DELETE"))
        .and(path("/clicktop/_doc/clicktop-check"))
        .respond_with(deleted)
        .with_priority(1)
        .expect(1)
        .mount(engine.server())
        .await;
    assert_eq!(index.check().await.unwrap().write, WriteAccess::Allowed);
}

#[tokio::test]
#[ignore = "needs an engine at CLICKTOP_TEST_SEARCH_URL"]
async fn a_check_reports_a_real_engine() {
    let url = std::env::var("CLICKTOP_TEST_SEARCH_URL").unwrap();
    let index = format!("clicktop-test-{}", uuid::Uuid::new_v4());
    let ca_file = std::env::var_os("CLICKTOP_TEST_SEARCH_CA").map(Into::into);
    let index = Elasticsearch::new(ElasticsearchOptions { index, ca_file, ..options(&url) }).unwrap();
    assert_eq!(index.check().await.unwrap().index, IndexState::Absent);
    index.prepare().await.unwrap();
    let ready = index.check().await.unwrap();
    assert_eq!((ready.index, ready.write), (IndexState::Ready, WriteAccess::Allowed));
    assert_eq!(index.status().await.unwrap().documents, 0);
    index.delete().await;
}
