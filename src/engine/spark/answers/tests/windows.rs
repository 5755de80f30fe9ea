use super::lab::{Lab, TIMEOUT_MS};
use crate::click::Timestamp;
use crate::engine::local::query::board::{CountryNames, Limits, MinuteCount, RecentProgress, StoredBoards};
use crate::engine::spark::answers::asking::NoAnswer;
use crate::engine::spark::answers::window::Pages;
use crate::protocol::answer::LastMinute;
use crate::protocol::board::{Board, PageRow};
use crate::protocol::view::{SortBy, View, Window};
use crate::storage::Reader;

/// By the local engine.
fn local_board(lab: &Lab, view: &View) -> Board {
    let mut boards = StoredBoards::new(TIMEOUT_MS, Limits::default());
    let mut reader = lab.local();
    loop {
        let made = boards.make(view, None, Timestamp::now(), &mut reader, &|| false).unwrap();
        if !made.goes_on {
            return made.board.unwrap();
        }
    }
}

fn local_minute(reader: &mut Reader, board: &Board) -> LastMinute {
    let mut count = MinuteCount::new(Limits::default());
    while count.go_on(Timestamp::now(), reader).unwrap() != RecentProgress::Ready {}
    let (counts, mut names) = (count.counts().unwrap(), CountryNames::default());
    let mut told = LastMinute::new(counts.countries().map(|(id, clicks)| (names.get(id, reader).unwrap(), clicks)));
    for row in &board.pages {
        let (url, country) =
            (reader.url_id(&row.url).unwrap().unwrap(), reader.country_id(&row.country).unwrap().unwrap());
        told.add(row.url.clone(), row.country.clone(), counts.of_page(url, country));
    }
    told
}

fn in_order_of_texts(pages: &[PageRow]) -> Vec<PageRow> {
    let mut pages = pages.to_vec();
    pages.sort_by(|a, b| (&a.url, &a.country).cmp(&(&b.url, &b.country)));
    pages
}

/// What a board sorts by.
fn sorted_by(board: &Board) -> Vec<String> {
    let figure = |page: &PageRow| match board.view.sort {
        SortBy::Clicks | SortBy::Rising => format!("{} {}", page.clicks, page.unique_users),
        SortBy::Users => format!("{} {}", page.unique_users, page.clicks),
        SortBy::Time => format!("{:?} {:?} {} {}", page.timed, page.avg_time_spent, page.clicks, page.unique_users),
    };
    board.pages.iter().map(figure).collect()
}

#[track_caller]
fn assert_same(found: &Board, wanted: &Board) {
    assert_eq!((&found.view, &found.problem, found.matching), (&wanted.view, &None, wanted.matching));
    assert_eq!(found.countries, wanted.countries);
    assert_eq!(sorted_by(found), sorted_by(wanted));
    if found.pages.len() as u64 == found.matching {
        assert_eq!(in_order_of_texts(&found.pages), in_order_of_texts(&wanted.pages));
    }
}

#[tokio::test]
async fn windows_are_those_of_the_local_engine() {
    for seed in [1, 2, 3] {
        let Some(lab) = Lab::with_clicks(seed, 2_500).await else { return };
        for window in [Window::LastHour, Window::LastFiveMinutes] {
            let plain = View { window, limit: 500, ..View::default() };
            let figures = lab.ask(async |asked| lab.cluster.figures(asked, &plain, None, false).await).await.unwrap();
            let span = figures.span.unwrap();
            assert!(span.end <= Timestamp::now().as_millis() && span.end > lab.now - 3_600_000, "{span:?}");
            assert!(matches!(&figures.pages, Pages::All(pages) if !pages.is_empty()));
            let unchanged = lab.ask(async |asked| lab.cluster.figures(asked, &plain, Some(span), false).await).await;
            assert!(unchanged.is_none());

            for view in views(window) {
                let wanted = local_board(&lab, &view);
                let (board, minute) = figures.board(&view).unwrap();
                assert_same(&board, &wanted);
                assert_eq!(minute, local_minute(&mut lab.local(), &board), "{view:?}");
            }
            // As a window with too many pages: the cluster sorts and filters.
            for view in views(window).into_iter().filter(|view| !view.filter.contains('~')).skip(1).step_by(6) {
                let shown = lab.ask(async |asked| lab.cluster.figures(asked, &view, None, true).await).await.unwrap();
                assert!(matches!(shown.pages, Pages::Shown(_)) && shown.covers(&view) && !shown.covers(&plain));
                let (board, minute) = shown.board(&view).unwrap();
                assert_same(&board, &local_board(&lab, &view));
                assert_eq!(minute, local_minute(&mut lab.local(), &board), "{view:?}");
            }
            let expression = View { filter: "~cart".to_owned(), ..plain };
            let refused = lab.cluster.figures(&lab.asked().await, &expression, None, true).await;
            assert!(matches!(refused, Err(NoAnswer::TooLarge { .. })), "{refused:?}");
        }
    }
}

fn views(window: Window) -> Vec<View> {
    let mut views = Vec::new();
    for (sort, min_timed) in
        SortBy::ALL.into_iter().map(|sort| (sort, 0)).chain([(SortBy::Time, 3), (SortBy::Time, u64::MAX)])
    {
        for (country, filter, limit) in [
            (None, "", 500),
            (None, "", 3),
            (Some("FR"), "", 500),
            (Some("it's"), "PAGE/", 500),
            (None, "'", 500),
            (None, "!'", 500),
            (Some("DE"), "\\", 2),
            (None, "\u{1b}", 500),
            (None, "lower \u{130}", 500),
            (None, "!~^/p", 500),
            (Some("nowhere"), "", 0),
        ] {
            let (country, filter) = (country.map(str::to_owned), filter.to_owned());
            views.push(View { country, sort, limit, window, filter, min_timed, compare: None });
        }
    }
    views
}

#[tokio::test]
async fn a_window_without_tables_or_without_clicks_is_empty() {
    let Some(lab) = Lab::empty().await else { return };
    let view = View { window: Window::LastHour, ..View::default() };
    for _ in 0..2 {
        let figures = lab.ask(async |asked| lab.cluster.figures(asked, &view, None, false).await).await.unwrap();
        let (board, _) = figures.board(&view).unwrap();
        assert_eq!((board.pages.len(), board.countries.len(), board.problem), (0, 0, None));
        lab.create().await;
    }
}
