use std::time::{Duration, Instant};

use super::lab::{HOSTILE, Lab};
use crate::engine::front::FrontId;
use crate::engine::spark::answers::ClusterDesk;
use crate::engine::tables::TableOrder;
use crate::protocol::answer::{Answers, RejectRow};
use crate::protocol::board::{Board, PageRow};
use crate::protocol::pattern::Pattern;
use crate::protocol::question::{PageQuestion, RejectsQuestion};
use crate::protocol::table::{Table, TablePart};
use crate::protocol::view::{SortBy, View, Window};

/// A loaded machine answers slowly.
const HANG: Duration = Duration::from_secs(240);

async fn until<T>(desk: &ClusterDesk, what: &str, look: impl Fn(&Answers, Option<&Board>) -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look(&desk.answers(FrontId::OWN), desk.board(FrontId::OWN).as_deref()) {
            eprintln!("{what}: after {:.1} s", begin.elapsed().as_secs_f64());
            return found;
        }
        assert!(begin.elapsed() < HANG, "not in time: {what}: {:?}", desk.board(FrontId::OWN));
        let _ = tokio::time::timeout(Duration::from_millis(100), desk.news()).await;
    }
}

/// Every part of a table.
async fn table(desk: &ClusterDesk, table: Table) -> (Vec<PageRow>, Vec<RejectRow>, Option<u64>) {
    let (order, parts) = TableOrder::new(table.clone());
    match table {
        Table::View(view) => desk.hand_over_window(order, view),
        Table::Rejects { filter } => desk.hand_over_rejects(order, filter),
        Table::Search(_) => panic!("not of the cluster"),
    }
    let gather = move || {
        let (mut pages, mut rejects, mut count) = (Vec::new(), Vec::new(), None);
        loop {
            match parts.recv_timeout(HANG).expect("a part") {
                TablePart::Rows(rows) => count = Some(rows),
                TablePart::Pages(rows) => pages.extend(rows),
                TablePart::Rejects(rows) => rejects.extend(rows),
                TablePart::End { complete } => {
                    assert!(complete);
                    return (pages, rejects, count);
                }
                TablePart::Failed(why) => panic!("{why}"),
            }
        }
    };
    tokio::task::spawn_blocking(gather).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_shows_what_is_asked_and_its_tables_hold_what_it_shows() {
    let Some(lab) = Lab::with_clicks(21, 1_500).await else { return };
    let messages: Vec<(&str, &[u8])> = HOSTILE.iter().map(|text| (*text, text.as_bytes())).collect();
    lab.reject(&messages, &["{}"]).await;
    let desk = ClusterDesk::start(lab.cluster);
    assert!(desk.board(FrontId::OWN).is_none(), "all time is made elsewhere");

    let hour = View { window: Window::LastHour, limit: 500, ..View::default() };
    desk.set_view(FrontId::OWN, hour.clone());
    let waiting = desk.board(FrontId::OWN).unwrap();
    assert_eq!((waiting.pages.len(), waiting.problem.as_deref()), (0, Some("asking Spark …")));
    let is_made = |view: View| {
        move |_: &Answers, board: Option<&Board>| {
            board.filter(|board| board.view == view && !board.pages.is_empty()).cloned()
        }
    };
    let board = until(&desk, "the last hour", is_made(hour.clone())).await;
    let last_minute = desk.answers(FrontId::OWN).last_minute.expect("it comes with a window");
    assert!(last_minute.of_page(&board.pages[0].url, &board.pages[0].country).is_some());

    // Another order, country or filter of the same window needs no query.
    let begin = Instant::now();
    let view = View { sort: SortBy::Users, country: Some("FR".to_owned()), filter: "~^/".to_owned(), ..hour.clone() };
    desk.set_view(FrontId::OWN, view.clone());
    let board = until(&desk, "another view of it", is_made(view.clone())).await;
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    let (rows, _, count) = table(&desk, Table::View(View { limit: 0, ..view })).await;
    assert_eq!((rows, count), (board.pages.clone(), Some(board.matching)));

    // Nobody looks at another window.
    let (order, parts) = TableOrder::new(Table::View(View { window: Window::LastFiveMinutes, ..hour.clone() }));
    desk.hand_over_window(order, View { window: Window::LastFiveMinutes, ..hour });
    let refused = tokio::task::spawn_blocking(move || parts.recv_timeout(HANG)).await.unwrap().unwrap();
    assert_eq!(refused, TablePart::Failed("the window is not counted: look at it first".to_owned()));

    desk.ask_rejects(FrontId::OWN, RejectsQuestion { limit: 1_000 });
    let url = HOSTILE[1].to_owned();
    desk.ask_page(FrontId::OWN, PageQuestion { url: url.clone(), clicks: 5 });
    // A loaded machine may be too slow for the first try.
    let rejects =
        until(&desk, "the rejects", |answers, _| answers.rejects.clone().filter(|answer| answer.found.is_ok()));
    let rejects = rejects.await.found.clone().unwrap();
    let page = until(&desk, "the url", |answers, _| answers.page.clone().filter(|answer| answer.found.is_ok())).await;
    assert_eq!((page.asked.url.as_str(), page.found.as_ref().unwrap().clicks.len()), (url.as_str(), 5));
    assert_eq!((rejects.total, rejects.rows.len()), (HOSTILE.len() as u64 + 1, HOSTILE.len() + 1));
    for filter in ["", "'", "!'", "~^/.*a", "refused"] {
        let (_, rows, count) = table(&desk, Table::Rejects { filter: filter.to_owned() }).await;
        let pattern = Pattern::parse(filter).unwrap();
        let wanted: Vec<RejectRow> =
            rejects.rows.iter().filter(|row| pattern.keeps_any([&*row.reason, &*row.payload])).cloned().collect();
        assert_eq!(rows, wanted, "{filter}");
        assert_eq!(count, filter.is_empty().then_some(rejects.total));
    }

    desk.set_view(FrontId::OWN, View::default());
    assert!(desk.board(FrontId::OWN).is_none());
    desk.reset();
    assert!(desk.answers(FrontId::OWN).rejects.is_none() && desk.answers(FrontId::OWN).page.is_none());
}
