//! A search engine that fails in every way it can: the figures wait, and all documents arrive in the end.

use std::sync::Arc;

use clicktop::click::Timestamp;
use clicktop::protocol::{Snapshot, StageAction, StageState};
use clicktop::search::{Document, SearchIndex as _};
use clicktop::source::{EmbeddedBroker, SourceTask};

use crate::faulty_index::{Fault, FaultyIndex};
use crate::rig::{Data, Run, assert_all_there, broker, embedded, indexed, options};
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures::{self, database};

const CLICKS: usize = 6_000;

struct Scene {
    data: Data,
    index: Arc<FaultyIndex>,
    clicks: Vec<OwnedClick>,
    run: Run,
    _load: SourceTask,
    _broker: EmbeddedBroker,
}

impl Scene {
    fn with(fault: Fault, seed: u64) -> Self {
        let (data, broker) = (Data::new(), broker());
        let index = FaultyIndex::new(embedded(&data), fault);
        let clicks = made(seed, CLICKS);
        let (run, load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
        Self { data, index, clicks, run, _load: load, _broker: broker }
    }

    /// Whatever the index does, every click gets as far as the figures.
    async fn the_rest_goes_on(&mut self) {
        self.run
            .until("all figures without the index", |snapshot| {
                snapshot.totals.clicks == CLICKS as u64 && snapshot.stages["aggregate"].backlog == Some(0)
            })
            .await;
        for stage in ["ingest", "store", "aggregate"] {
            assert_eq!(self.run.last.stages[stage].state, StageState::Running, "{stage}");
        }
        figures::assert_exact(self.data.path());
        assert!(!self.run.last.finished, "without documents it is not finished");
    }

    async fn everything_arrives(mut self) {
        let last = self.run.finished().await;
        self.run.end().await;
        assert_all_there(&self.data, &*self.index, &last, &self.clicks).await;
    }
}

fn backing_off(snapshot: &Snapshot, words: &str) -> bool {
    match &snapshot.stages["index"].state {
        StageState::BackingOff { cause, .. } => {
            assert!(cause.contains(words), "{words:?} is not in the cause: {cause}");
            assert!(!cause.contains('\n'), "{cause}");
            true
        }
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_its_stage_alone() {
    let mut scene = Scene::with(Fault::Panic, 201);
    let failed = scene
        .run
        .until("a failed index", |snapshot| matches!(snapshot.stages["index"].state, StageState::Failed { .. }));
    let StageState::Failed { cause } = failed.await.stages["index"].state.clone() else { unreachable!("just seen") };
    assert!(cause.contains("out of its mind"), "{cause}");
    scene.the_rest_goes_on().await;

    // Not mended: it fails again. Mended: it catches up.
    let requests = scene.index.requests();
    scene.run.tell("index", StageAction::Start).await;
    let index = scene.index.clone();
    scene
        .run
        .until("another failure", |snapshot| {
            index.requests() > requests && matches!(snapshot.stages["index"].state, StageState::Failed { .. })
        })
        .await;
    scene.index.set(Fault::None);
    scene.run.start_stage("index").await;
    scene.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_is_away_is_waited_for() {
    let mut scene = Scene::with(Fault::Unavailable, 202);
    let seen = scene.run.until("backing off", |snapshot| backing_off(snapshot, "503: no shard available")).await;
    let index = &seen.stages["index"];
    let said = index.last_error.as_deref().unwrap_or_default();
    assert!(said.ends_with("; look after the engine, then try again"), "the advice of `clicktop check`: {said}");
    assert!(index.errors > 0 && index.last_error_at.is_some());
    scene.the_rest_goes_on().await;
    scene.index.set(Fault::None);
    scene.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_are_put_off_are_sent_again() {
    let mut scene = Scene::with(Fault::Throttled, 203);
    scene.run.until("backing off", |snapshot| backing_off(snapshot, "429")).await;
    let seen = scene
        .run
        .until("throttling", |snapshot| snapshot.index.throttled > Some(0) && snapshot.index.retries > Some(0))
        .await;
    assert_eq!(seen.index.rejected, Some(0), "put off is not refused");
    scene.index.set(Fault::None);
    scene.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_documents_are_kept_with_the_reason() {
    let url = "/cart";
    let mut scene = Scene::with(Fault::Refuses(url.to_owned()), 204);
    let last = scene.run.finished().await;
    assert!(last.index.rejected > Some(0), "{:?}", last.index);
    assert_eq!(Some(last.totals.rejected), last.index.rejected);
    assert_eq!(last.stages["index"].state, StageState::Running, "one bad document stops nothing");
    let Scene { data, index, clicks, run, .. } = scene;
    run.end().await;

    let mut wanted = figures::of_clicks(&clicks);
    wanted.retain(|(page, _), _| page != url);
    figures::assert_same("the other documents", &indexed(&*index).await, &wanted);
    figures::assert_exact(data.path());
    let database = database(data.path());
    let mut select =
        database.prepare("SELECT topic, reason, payload FROM rejects WHERE stage = 'index'").expect("a query");
    let rejects: Vec<(String, String, Vec<u8>)> = select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rejects");
    assert_eq!(Some(rejects.len() as u64), last.index.rejected);
    for (target, reason, payload) in rejects {
        assert_eq!((target.as_str(), reason.as_str()), ("faulty", "400: mapper_parsing_exception"));
        let document: serde_json::Value = serde_json::from_slice(&payload).expect("a document");
        assert_eq!(document["url"], url);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_credentials_hold_the_stage_until_they_are_mended() {
    let mut scene = Scene::with(Fault::Unauthorized, 205);
    scene.run.until("backing off", |snapshot| backing_off(snapshot, "refused the credentials (401): missing")).await;
    scene.the_rest_goes_on().await;
    assert!(backing_off(&scene.run.last, "401"), "it does not give up: {:?}", scene.run.last.stages["index"]);
    scene.index.set(Fault::None);
    // Who has mended them does not have to wait for the next try.
    scene.run.tell("index", StageAction::Restart).await;
    scene.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_takes_no_documents_holds_the_stage_until_it_is_mended() {
    let mut scene = Scene::with(Fault::Unwritable, 208);
    scene.run.until("backing off", |snapshot| backing_off(snapshot, "takes no documents (400): index_closed")).await;
    scene.the_rest_goes_on().await;
    assert!(
        backing_off(&scene.run.last, "; open the index"),
        "it does not give up: {:?}",
        scene.run.last.stages["index"]
    );
    assert_eq!((scene.run.last.index.rejected, scene.run.last.totals.rejected), (Some(0), 0));
    scene.index.set(Fault::None);
    scene.run.tell("index", StageAction::Restart).await;
    scene.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_database_has_left_in_the_index_is_told_and_counted() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(209, CLICKS);
    // One of a page that comes, of a version that we never reach, and two of pages that do not.
    let (url, country) = figures::of_clicks(&clicks).keys().next().cloned().expect("a page");
    let at = Timestamp::from_millis(0);
    let left = |url: &str, country: &str| Document {
        url: url.to_owned(),
        country: country.to_owned(),
        clicks: 1,
        unique_users: 1,
        avg_time_spent: None,
        first_seen: at,
        last_seen: at,
        updated_at: at,
        version: 1 << 60,
    };
    let others = [left(&url, &country), left("/of/another", "FR"), left("/of/another", "DE")];
    index.prepare().await.expect("an index");
    index.upsert(&others).await.expect("documents");

    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    let last = run.finished().await;
    assert_eq!(last.index.foreign, Some(3), "{:?}", last.index);
    assert!(last.index.conflicts > Some(0), "{:?}", last.index);
    let pages = last.totals.pages;
    run.end().await;

    // At the next start those are told that can be no pages of ours.
    let mut run = Run::start(options(&broker), &data, index.clone());
    let last = run.until("the index", |snapshot| snapshot.index.documents.is_some()).await;
    assert_eq!((last.index.documents, last.index.foreign), (Some(pages + 2), Some(2)), "{:?}", last.index);
    run.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_can_never_work_fails_the_stage() {
    let mut scene = Scene::with(Fault::Refused, 206);
    let failed = scene
        .run
        .until("a failed index", |snapshot| matches!(snapshot.stages["index"].state, StageState::Failed { .. }));
    let StageState::Failed { cause } = failed.await.stages["index"].state.clone() else { unreachable!("just seen") };
    assert!(cause.contains("bad index name"), "{cause}");
    scene.the_rest_goes_on().await;
    scene.index.set(Fault::None);
    scene.run.start_stage("index").await;
    scene.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_was_lost_is_filled_again() {
    let scene = Scene::with(Fault::None, 207);
    let Scene { data, index, clicks, mut run, _load, _broker: broker } = scene;
    let last = run.finished().await;
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
    drop(index);
    for name in ["search.db", "search.db-wal", "search.db-shm"] {
        // The last two are there only while it is open.
        let _ = std::fs::remove_file(data.path().join(name));
    }

    let index = FaultyIndex::new(embedded(&data), Fault::None);
    let mut run = Run::start(options(&broker), &data, index.clone());
    let last = run.settled(CLICKS).await;
    run.end().await;
    assert_eq!(last.totals.stored, 0, "no click was needed for it");
    assert_all_there(&data, &*index, &last, &clicks).await;
}
