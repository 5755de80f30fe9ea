//! What a console asks of a pipeline under load, and what it gets.

use clicktop::protocol::board::Board;
use clicktop::protocol::question::{PageQuestion, RejectsQuestion, SearchQuestion};
use clicktop::protocol::{Command, Question, View, Window};

use crate::rig::{Data, Run, broker, embedded, options};
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures::{Figure, Figures, assert_same, of_clicks};

/// More than there are.
const ALL: usize = 1_000_000;

fn figures(board: &Board) -> Figures {
    let rows = board.pages.iter().map(|page| {
        let figure =
            Figure { clicks: page.clicks, unique_users: page.unique_users, avg_time_spent: page.avg_time_spent };
        ((page.url.to_string(), page.country.to_string()), figure)
    });
    rows.collect()
}

/// The clicks of the last `millis`, by the newest of all. Their figures are those of the window: whoever clicks next
/// does it within the window.
fn last(clicks: &[OwnedClick], millis: i64) -> Vec<OwnedClick> {
    let newest = clicks.iter().map(|click| click.timestamp.as_millis()).max().expect("clicks");
    clicks.iter().filter(|click| click.timestamp.as_millis() > newest - millis).cloned().collect()
}

async fn board(run: &mut Run, view: View) -> Board {
    run.command(Command::View(view.clone())).await;
    let snapshot = run.until("the board", |snapshot| snapshot.board.view == view).await;
    assert_eq!(snapshot.board.problem, None);
    Board::clone(&snapshot.board)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_and_filters_hold_what_they_should_whether_the_aggregation_runs_or_not() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(601, 12_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 6_000.0);
    // Somebody watches a window while it moves.
    let hour = View { window: Window::LastHour, limit: ALL, ..View::default() };
    run.command(Command::View(hour.clone())).await;
    run.finished().await;
    run.settled(clicks.len()).await;

    let all = of_clicks(&clicks);
    let url = clicks[0].url.to_ascii_uppercase();
    let part: String = url.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let holds = |page: &(String, String)| page.0.to_ascii_uppercase().contains(&part);
    let filtered: Figures = all.iter().filter(|(page, _)| holds(page)).map(|(page, f)| (page.clone(), *f)).collect();
    assert!(!filtered.is_empty() && filtered.len() < all.len(), "{part} tells urls apart");

    for running in [true, false] {
        if !running {
            run.stop("aggregate").await;
        }
        // Between two others, this view's board is a new one: no window below can be seen as it was a while ago.
        let found = board(&mut run, View { limit: ALL, ..View::default() }).await;
        assert_same("all", &figures(&found), &all);
        for (window, millis) in [(Window::LastHour, 3_600_000), (Window::LastFiveMinutes, 300_000)] {
            let in_window = last(&clicks, millis);
            assert!(in_window.len() < clicks.len(), "a window is less than all");
            let wanted = of_clicks(&in_window);
            let found = board(&mut run, View { window, limit: ALL, ..View::default() }).await;
            assert_same("window", &figures(&found), &wanted);
            assert_eq!(found.matching, wanted.len() as u64);
            let of_countries: u64 = found.countries.iter().map(|country| country.clicks).sum();
            assert_eq!(of_countries, in_window.len() as u64, "countries follow the window");
        }
        let found = board(&mut run, View { filter: part.clone(), limit: ALL, ..View::default() }).await;
        assert_same("filter", &figures(&found), &filtered);
    }
    let last = run.end().await;
    assert!(last.store.transaction_p50.is_some() && last.store.transaction_p50 <= last.store.transaction_p99);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_answered_while_the_pipeline_works() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(602, 8_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.until("stored clicks", |snapshot| snapshot.totals.stored > 500).await;
    let (url, country) = (clicks[0].url.clone(), clicks[0].country.clone());
    let search = SearchQuestion { text: url.clone(), country: Some(country.clone()), limit: 10 };
    run.command(Command::Ask(Question::Search(search.clone()))).await;
    run.command(Command::Ask(Question::Rejects(RejectsQuestion { limit: 10 }))).await;
    run.command(Command::Ask(Question::Page(PageQuestion { url: url.clone(), clicks: 5 }))).await;
    let all_three = |answers: &clicktop::protocol::answer::Answers| {
        answers.search.is_some() && answers.rejects.is_some() && answers.page.is_some()
    };
    run.until("the answers", |snapshot| all_three(&snapshot.answers)).await;
    run.finished().await;
    run.settled(clicks.len()).await;

    // The questions stand, so their answers follow.
    let mut wanted = of_clicks(&clicks);
    wanted.retain(|page, _| page.0 == url);
    let figure = wanted[&(url.clone(), country.clone())];
    let seen = run
        .until("answers that have followed", |snapshot| {
            let answers = &snapshot.answers;
            let found = answers.search.as_ref().and_then(|answer| answer.found.as_ref().ok()).into_iter().flatten();
            let page = answers.page.as_ref().and_then(|answer| answer.found.as_ref().ok());
            let clicks: u64 = wanted.values().map(|figure| figure.clicks).sum();
            found.filter(|row| *row.url == *url).any(|row| row.clicks == figure.clicks)
                && page.is_some_and(|page| page.countries.iter().map(|row| row.clicks).sum::<u64>() == clicks)
        })
        .await;
    let page = seen.answers.page.as_ref().expect("seen").found.clone().expect("seen");
    let board = Board { pages: page.countries, ..Board::default() };
    assert_same("page", &figures(&board), &wanted);
    assert_eq!(page.clicks.len(), 5.min(clicks.iter().filter(|click| click.url == url).count()));
    assert!(page.clicks.iter().all(|click| click.url == url));
    assert_eq!(seen.answers.rejects.as_ref().expect("asked").found.as_ref().expect("read").total, 0);
    run.end().await;
}
