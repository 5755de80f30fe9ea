//! The answers that a console gets to its questions.

mod breakdowns;
mod pages;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;

use super::*;
use crate::click::{Click, ClickBatch, Timestamp};
use crate::engine::front::FrontId;
use crate::engine::local::query::board::{BoardSlots, Limits};
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stage::Stage;
use crate::engine::local::stages::aggregate;
use crate::engine::stages::handle::StageHandle;
use crate::engine::tables::TableOrder;
use crate::protocol::answer::*;
use crate::protocol::board::{Board, PageRow};
use crate::protocol::question::*;
use crate::protocol::table::{Table, TablePart};
use crate::protocol::view::{SortBy, View, Window};
use crate::search::{BulkOutcome, Document, EngineStatus, Prepared, SearchError, SearchIndex, SearchQuery};
use crate::storage::figures::AggregateSettings;
use crate::storage::{IngestBatch, Reject, Storage, StorageOptions};

/// Far longer than any step takes; only a hang exceeds it.
const HANG: Duration = Duration::from_secs(60);

/// Never answers a search for `slow`, refuses one for `bad`, and finds one url otherwise.
#[derive(Debug)]
struct Engine;

#[async_trait]
impl SearchIndex for Engine {
    fn target(&self) -> String {
        "engine".to_owned()
    }

    async fn prepare(&self) -> Result<Prepared, SearchError> {
        Ok(Prepared { engine: "engine".to_owned(), created: false, documents: 0 })
    }

    async fn upsert(&self, _documents: &[Document]) -> Result<BulkOutcome, SearchError> {
        Ok(BulkOutcome::default())
    }

    async fn status(&self) -> Result<EngineStatus, SearchError> {
        Ok(EngineStatus::default())
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError> {
        match query.text.as_str() {
            "slow" => std::future::pending().await,
            "bad" => Err(SearchError::Unreachable { target: self.target(), cause: "no route".to_owned() }),
            "many" => Ok(vec![document("/many", query.limit); query.limit]),
            text => Ok(vec![document(&format!("/{text}"), query.limit)]),
        }
    }

    async fn get(&self, url: &str, country: &str) -> Result<Option<Document>, SearchError> {
        match url {
            "/unreachable" => Err(SearchError::Unreachable { target: self.target(), cause: "no route".to_owned() }),
            "/absent" => Ok(None),
            _ => Ok(Some(Document { country: country.to_owned(), ..document(url, 7) })),
        }
    }

    async fn clear(&self) -> Result<u64, SearchError> {
        Ok(0)
    }

    async fn refresh(&self) -> Result<(), SearchError> {
        Ok(())
    }
}

fn document(url: &str, clicks: usize) -> Document {
    Document {
        url: url.to_owned(),
        country: "FR".to_owned(),
        clicks: clicks as u64,
        unique_users: 1,
        avg_time_spent: None,
        first_seen: Timestamp::from_millis(0),
        last_seen: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
        version: 1,
    }
}

struct Bench {
    _directory: TempDir,
    storage: Arc<Storage>,
    boards: BoardSlots,
    aggregate: StageHandle,
    desk: AnswerDesk,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let storage = Arc::new(Storage::open(directory.path(), StorageOptions::default()).unwrap());
        let parts = SharedParts::new(Arc::clone(&storage), BTreeMap::new(), None);
        let aggregate = StageHandle::new(Stage::Aggregate.name());
        let options = AnswerOptions {
            index: Arc::new(Engine),
            aggregate: aggregate.clone(),
            session_timeout_ms: 1_800_000,
            limits: Limits::default(),
            messages: None,
        };
        let desk = AnswerDesk::start(&parts, options).unwrap();
        Self { _directory: directory, storage, boards: parts.boards, aggregate, desk }
    }

    fn store(&self, clicks: &[(&str, &str, i64)]) {
        let mut batch = ClickBatch::default();
        for (url, country, seconds) in clicks {
            batch.push(&Click {
                click_id: &format!("{url} {country} {seconds}"),
                user_id: "u",
                timestamp: Timestamp::from_millis(seconds * 1000),
                url,
                country,
                city: "somewhere",
                browser: "unknown",
                os: "unknown",
                device: "unknown",
            });
        }
        self.storage.store(&IngestBatch { clicks: batch, ..IngestBatch::default() }).unwrap();
        let settings = AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 1000 };
        aggregate::rebuild(&self.storage, settings, |_| {}).unwrap();
    }

    fn search(&self, text: &str) {
        self.desk
            .ask(FrontId::OWN, Question::Search(SearchQuestion { text: text.to_owned(), country: None, limit: 7 }));
    }

    fn show(&self, view: View) {
        self.boards.set_view(FrontId::OWN, view);
        self.desk.view_changed();
    }

    /// The answers, once they are as wanted.
    async fn until(&self, wanted: impl Fn(&Answers, &Board) -> bool) -> (Answers, Arc<Board>) {
        let wait = async {
            loop {
                let now = (self.desk.answers(FrontId::OWN), self.boards.shown(FrontId::OWN));
                if wanted(&now.0, &now.1) {
                    return now;
                }
                self.desk.news().await;
            }
        };
        tokio::time::timeout(HANG, wait).await.expect("an answer")
    }

    async fn searched(&self, text: &str) -> Result<Vec<PageRow>, String> {
        let is_it = |answers: &Answers| answers.search.as_ref().is_some_and(|answer| answer.asked.text == text);
        let (answers, _) = self.until(|answers, _| is_it(answers)).await;
        answers.search.unwrap().found.clone()
    }
}

#[tokio::test]
async fn a_search_that_hangs_keeps_nobody_waiting_and_a_newer_one_takes_its_place() {
    let bench = Bench::new();
    bench.search("slow");
    bench.search("slow");
    bench.desk.ask(FrontId::OWN, Question::Rejects(RejectsQuestion { limit: 5 }));
    let (answers, _) = bench.until(|answers, _| answers.rejects.is_some()).await;
    assert!(answers.search.is_none());
    bench.search("quick");
    let found = bench.searched("quick").await.unwrap();
    assert_eq!((&*found[0].url, found[0].clicks), ("/quick", 7));
    bench.search("bad");
    assert_eq!(bench.searched("bad").await, Err("engine is unreachable: no route".to_owned()));
}

#[tokio::test]
async fn an_answer_is_made_anew_while_its_question_stands() {
    let bench = Bench::new();
    let total = |answers: &Answers| answers.rejects.as_ref().map(|answer| answer.found.as_ref().unwrap().total);
    bench.desk.ask(FrontId::OWN, Question::Rejects(RejectsQuestion { limit: 1 }));
    bench.until(|answers, _| total(answers) == Some(0)).await;
    let reject = |offset| Reject::message("t", 0, offset, "no url".to_owned(), b"\xffpayload");
    bench.storage.keep_rejects(&[reject(1), reject(2)]).unwrap();
    let (answers, _) = bench.until(|answers, _| total(answers) == Some(2)).await;
    let found = answers.rejects.unwrap().found.clone().unwrap();
    assert_eq!(found.rows.len(), 1, "no more than asked for");
    assert_eq!((found.rows[0].offset, found.rows[0].payload.as_str()), (Some(2), "\u{fffd}payload"));
}

#[tokio::test]
async fn the_board_is_made_here_unless_the_aggregation_makes_it() {
    let mut bench = Bench::new();
    bench.store(&[("/a", "FR", 0), ("/b", "DE", 7_000)]);
    // It does not run: the figures are those of the database, and follow them.
    bench.until(|_, board| board.matching == 2).await;
    let window = View { window: Window::LastFiveMinutes, ..View::default() };
    bench.show(window.clone());
    bench.until(|_, board| board.view == window && board.matching == 1).await;

    bench.aggregate.running();
    let filter = View { filter: "A".to_owned(), ..View::default() };
    bench.show(filter.clone());
    bench.until(|_, board| board.view == filter && board.matching == 1).await;
    bench.show(View::default());
    assert!(bench.boards.publish(Board { matching: 42, ..Board::default() }, || true), "as the stage does");
    bench.show(window.clone());
    bench.until(|_, board| board.view == window).await;
    // And back to a board that was made before: what has covered it is gone.
    bench.show(View::default());
    assert!(bench.boards.publish(Board { matching: 43, ..Board::default() }, || true));
    bench.show(window.clone());
    bench.until(|_, board| board.view == window && board.matching == 1).await;
    bench.show(View::default());
    assert!(bench.boards.publish(Board { matching: 44, ..Board::default() }, || true));
    bench.store(&[("/c", "DE", 7_001)]);
    // Two answers one after the other: between them the thread has looked after the board.
    for limit in [1, 2] {
        bench.desk.ask(FrontId::OWN, Question::Rejects(RejectsQuestion { limit }));
        bench.until(|answers, _| answers.rejects.as_ref().is_some_and(|answer| answer.asked.limit == limit)).await;
    }
    assert_eq!(bench.boards.shown(FrontId::OWN).matching, 44, "a running aggregation's board is its own");

    bench.desk.end().await;
    assert_eq!(Arc::strong_count(&bench.storage), 1, "it has let go of the database");
}

/// Everything that comes of an order.
fn taken(parts: &crossbeam_channel::Receiver<TablePart>) -> Vec<TablePart> {
    let mut all = Vec::new();
    loop {
        let part = parts.recv_timeout(HANG).expect("a part");
        let last = matches!(part, TablePart::End { .. } | TablePart::Failed(_));
        all.push(part);
        if last {
            return all;
        }
    }
}

fn urls(parts: &[TablePart]) -> Vec<&str> {
    let rows = parts.iter().filter_map(|part| match part {
        TablePart::Pages(rows) => Some(rows),
        _ => None,
    });
    rows.flatten().map(|row| &*row.url).collect()
}

const WHOLE: TablePart = TablePart::End { complete: true };

#[tokio::test]
async fn a_table_has_every_row_of_the_view_in_its_order_however_many_a_board_shows() {
    let bench = Bench::new();
    let names: Vec<String> = (0..1_200).map(|at| format!("/{at:04}")).collect();
    let clicks: Vec<(&str, &str, i64)> = names.iter().zip(0..).map(|(url, at)| (url.as_str(), "FR", at)).collect();
    bench.store(&clicks);
    let order = |view: View| {
        let (order, parts) = TableOrder::new(Table::View(view));
        bench.desk.hand_over(order);
        tokio::task::spawn_blocking(move || taken(&parts))
    };
    let all = order(View::default()).await.unwrap();
    assert_eq!((all.first(), all.last()), (Some(&TablePart::Rows(1_200)), Some(&WHOLE)));
    assert_eq!(urls(&all), names.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(all.len() > 3, "it comes in parts");
    let some = order(View { filter: "~[05]$".to_owned(), ..View::default() }).await.unwrap();
    assert_eq!((urls(&some).len(), some.last()), (240, Some(&WHOLE)));
    let none = order(View { country: Some("nowhere".to_owned()), ..View::default() }).await.unwrap();
    assert_eq!(none, [TablePart::Rows(0), WHOLE]);
    let wrong = order(View { filter: "~(".to_owned(), ..View::default() }).await.unwrap();
    assert!(matches!(wrong.as_slice(), [TablePart::Failed(why)] if why.contains("filter")), "{wrong:?}");

    let hour = View { window: Window::LastHour, ..View::default() };
    let unseen = order(hour.clone()).await.unwrap();
    assert!(matches!(unseen.as_slice(), [TablePart::Failed(why)] if why.contains("look at it first")), "{unseen:?}");
    // Ordered before it is counted: it waits until it is.
    bench.show(hour.clone());
    let counted = order(hour).await.unwrap();
    assert_eq!((urls(&counted).len(), counted.last()), (1_200, Some(&WHOLE)));
}

#[tokio::test]
async fn tables_of_rejects_and_of_a_search_say_whether_they_are_whole() {
    let bench = Bench::new();
    let reject = |offset, reason: &str| Reject::message("t", 0, offset, reason.to_owned(), b"payload");
    let rejects: Vec<Reject> =
        (0..1_100).map(|at| reject(at, if at % 2 == 0 { "no url" } else { "no user" })).collect();
    bench.storage.keep_rejects(&rejects).unwrap();
    let order = |table| {
        let (order, parts) = TableOrder::new(table);
        bench.desk.hand_over(order);
        tokio::task::spawn_blocking(move || taken(&parts))
    };
    let offsets = |parts: &[TablePart]| -> Vec<i64> {
        let rows = parts.iter().filter_map(|part| match part {
            TablePart::Rejects(rows) => Some(rows),
            _ => None,
        });
        rows.flatten().filter_map(|row| row.offset).collect()
    };
    let all = order(Table::Rejects { filter: String::new() }).await.unwrap();
    assert_eq!((all.first(), all.last()), (Some(&TablePart::Rows(1_100)), Some(&WHOLE)));
    assert_eq!(offsets(&all), (0..1_100).rev().collect::<Vec<_>>());
    let some = order(Table::Rejects { filter: "no url".to_owned() }).await.unwrap();
    assert_eq!((offsets(&some).len(), some.last()), (550, Some(&WHOLE)));

    let search = |text: &str| Table::Search(SearchQuestion { text: text.to_owned(), country: None, limit: 7 });
    let found = order(search("quick")).await.unwrap();
    assert_eq!((urls(&found), found.last()), (vec!["/quick"], Some(&WHOLE)));
    assert_eq!(order(search("bad")).await.unwrap(), [TablePart::Failed("engine is unreachable: no route".to_owned())]);
    // As many as an engine gives at once may not be all.
    let many = order(search("many")).await.unwrap();
    assert_eq!((urls(&many).len(), many.last()), (10_000, Some(&TablePart::End { complete: false })));
}

#[tokio::test]
async fn a_table_that_nobody_takes_ends_with_the_pipeline_and_lets_go_of_the_database() {
    let mut bench = Bench::new();
    let names: Vec<String> = (0..4_000).map(|at| format!("/{at}")).collect();
    let clicks: Vec<(&str, &str, i64)> = names.iter().zip(0..).map(|(url, at)| (url.as_str(), "FR", at)).collect();
    bench.store(&clicks);
    let (order, parts) = TableOrder::new(Table::View(View::default()));
    bench.desk.hand_over(order);
    assert_eq!(parts.recv_timeout(HANG), Ok(TablePart::Rows(4_000)));
    bench.desk.end().await;
    assert_eq!(Arc::strong_count(&bench.storage), 1, "it has let go of the database");
    let rest: Vec<TablePart> = parts.iter().collect();
    assert!(!rest.iter().any(|part| matches!(part, TablePart::End { .. })), "what was cut off does not look whole");
}

#[tokio::test]
async fn a_reset_ends_a_table() {
    let bench = Bench::new();
    let names: Vec<String> = (0..4_000).map(|at| format!("/{at}")).collect();
    let clicks: Vec<(&str, &str, i64)> = names.iter().zip(0..).map(|(url, at)| (url.as_str(), "FR", at)).collect();
    bench.store(&clicks);
    let (order, parts) = TableOrder::new(Table::View(View::default()));
    bench.desk.hand_over(order);
    assert_eq!(parts.recv_timeout(HANG), Ok(TablePart::Rows(4_000)));
    bench.desk.reset();
    let rest = tokio::task::spawn_blocking(move || taken(&parts)).await.unwrap();
    assert_eq!(rest.last(), Some(&TablePart::Failed("a reset deleted the clicks meanwhile".to_owned())));
}

#[tokio::test]
async fn the_last_minute_is_told_of_every_row_shown_whatever_the_view_and_only_to_those_who_ask() {
    let bench = Bench::new();
    bench.store(&[("/a", "FR", 0), ("/a", "FR", 50), ("/b", "FR", 40), ("/b", "DE", 100), ("/a", "DE", 5_000_000_000)]);
    bench.until(|_, board| board.matching == 4).await;
    assert!(bench.desk.answers(FrontId::OWN).last_minute.is_none(), "nobody has asked");
    bench.desk.ask(FrontId::OWN, Question::LastMinute);
    let of = |answers: &Answers, url: &str, country: &str| {
        answers.last_minute.as_ref().and_then(|known| known.of_page(url, country))
    };
    let (answers, _) = bench.until(|answers, _| of(answers, "/b", "DE").is_some()).await;
    // The newest click that is not ahead of the clock is that of 100 s; one lies a minute before it, and is not in it.
    assert_eq!(
        [("/a", "FR"), ("/b", "FR"), ("/b", "DE"), ("/a", "DE")].map(|(url, country)| of(&answers, url, country)),
        [Some(1), Some(0), Some(1), Some(0)]
    );
    let known = answers.last_minute.unwrap();
    assert_eq!((known.of_country("FR"), known.of_country("DE"), known.of_all()), (1, 1, 2));

    // A filter, another order, another country: what comes into view is known at once, without a new question.
    let view = View { filter: "b".to_owned(), country: Some("DE".to_owned()), sort: SortBy::Users, ..View::default() };
    bench.show(view.clone());
    let is_it = |answers: &Answers, board: &Board| {
        board.view == view && of(answers, "/b", "DE") == Some(1) && of(answers, "/a", "FR").is_none()
    };
    bench.until(is_it).await;
    bench.store(&[("/b", "DE", 101), ("/b", "DE", 99)]);
    bench.until(|answers, _| of(answers, "/b", "DE") == Some(3)).await;
    // What is forgotten is forgotten here, too.
    bench.storage.erase_events().unwrap();
    bench.desk.reset();
    bench.store(&[("/b", "DE", 7)]);
    bench.until(|answers, _| of(answers, "/b", "DE") == Some(1)).await;
}
