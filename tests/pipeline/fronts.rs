//! Several consoles on one pipeline: each has its own view and questions.

use clicktop::engine::front::{FrontRefused, MOST_VIEWS};
use clicktop::protocol::question::{PageQuestion, RejectsQuestion};
use clicktop::protocol::{Command, Question, SortBy, View, Window};
use std::sync::Arc;

use crate::rig::{Data, Run, broker, embedded, options};
use crate::support::clicks::made;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_front_sees_its_own_view_and_answers_and_equal_views_are_made_once() {
    let (data, broker) = (Data::new(), broker());
    let clicks = made(611, 3_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, embedded(&data), &clicks, 6_000.0);
    run.finished().await;
    run.settled(clicks.len()).await;
    let fronts = run.fronts();

    let by_users = View { sort: SortBy::Users, limit: 5, ..View::default() };
    let hour = View { window: Window::LastHour, limit: 7, ..View::default() };
    let filtered = View { filter: "1".to_owned(), limit: 9, ..View::default() };
    let views = [by_users.clone(), hour, filtered, by_users.clone()];
    let mut joined = Vec::new();
    for view in &views {
        joined.push(fronts.join(view.clone()).await.expect("room"));
    }
    for (front, view) in joined.iter().zip(&views) {
        let mut snapshots = front.snapshots();
        let snapshot = snapshots
            .wait_for(|snapshot| snapshot.board.view == *view && snapshot.board.problem.is_none())
            .await
            .expect("a board");
        let rows = snapshot.board.pages.len();
        assert!(rows > 0 && rows as u64 == snapshot.board.matching.min(view.limit as u64), "{rows} of {view:?}");
    }
    let board = |at: usize| Arc::clone(&joined[at].snapshots().borrow().board);
    run.until("one board for equal views", |_| Arc::ptr_eq(&board(0), &board(3))).await;
    assert_eq!(run.last.board.view, View::default(), "the own front keeps its view");

    let url = clicks[0].url.clone();
    joined[0].ask(Question::Page(PageQuestion { url: url.clone(), clicks: 3 })).await.expect("room");
    joined[1].ask(Question::Page(PageQuestion { url: clicks[1].url.clone(), clicks: 3 })).await.expect("room");
    joined[1].ask(Question::Rejects(RejectsQuestion { limit: 2 })).await.expect("room");
    let mut snapshots = joined[0].snapshots();
    let answered = snapshots.wait_for(|snapshot| snapshot.answers.page.is_some()).await.expect("an answer");
    assert_eq!(answered.answers.page.as_ref().map(|page| page.asked.url.clone()), Some(url));
    assert!(answered.answers.rejects.is_none(), "another front has asked that");
    drop(answered);
    let mut snapshots = joined[1].snapshots();
    let both = |snapshot: &Arc<clicktop::protocol::Snapshot>| {
        snapshot.answers.page.as_ref().is_some_and(|page| page.asked.url == clicks[1].url)
            && snapshot.answers.rejects.is_some()
    };
    snapshots.wait_for(both).await.expect("both answers");
    run.end().await;
    assert_eq!(fronts.join(View::default()).await.err(), Some(FrontRefused::Ended));
    assert!(joined[0].snapshots().changed().await.is_err() || joined[0].snapshots().has_changed().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_views_are_refused_and_a_front_that_leaves_makes_room() {
    let (data, broker) = (Data::new(), broker());
    let clicks = made(612, 300);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, embedded(&data), &clicks, 6_000.0);
    let fronts = run.fronts();
    let view = |limit: usize| View { limit, ..View::default() };
    let mut joined = Vec::new();
    for limit in 1..=MOST_VIEWS {
        joined.push(fronts.join(view(limit)).await.expect("room"));
    }
    let refused = fronts.join(view(100)).await.err();
    assert_eq!(refused, Some(FrontRefused::Views));
    assert!(refused.is_some_and(|refused| refused.to_string().contains("16 different views")));
    let equal = fronts.join(view(1)).await.expect("a view that is made already costs nothing");
    assert_eq!(equal.show(view(100)).await, Err(FrontRefused::Views));
    // Whoever is alone with a view may change it.
    assert_eq!(joined[1].show(view(100)).await, Ok(()));
    // The console of the process itself is never refused.
    run.command(Command::View(view(200))).await;
    run.until("the view of the own front", |snapshot| snapshot.board.view == view(200)).await;
    drop(joined.pop());
    assert_eq!(equal.show(view(101)).await, Ok(()), "somebody has left");
    run.end().await;
}
