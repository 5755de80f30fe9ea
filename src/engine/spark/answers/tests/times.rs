//! How long the answers take at two million stored clicks:
//! `scripts/servers --only spark-local cargo test --features spark --lib answers::tests::times -- --ignored --nocapture`

use std::time::Instant;

use super::lab::Lab;
use crate::engine::spark::answers::page::Reach;
use crate::engine::spark::answers::rejects::Told;
use crate::protocol::question::{PageQuestion, RejectsQuestion};
use crate::protocol::view::{View, Window};

const CLICKS: i64 = 2_000_000;

/// Far more than any answer should take on an idle machine.
const LONGEST_SECONDS: f64 = 60.0;

#[tokio::test]
#[ignore = "stores two million clicks; see the top of the file"]
async fn answers_at_two_million_clicks_come_in_time() {
    let Some(lab) = Lab::empty().await else { return };
    lab.create().await;
    lab.generate(CLICKS).await;
    let hour = View { window: Window::LastHour, limit: 200, ..View::default() };
    let five_minutes = View { window: Window::LastFiveMinutes, ..hour.clone() };
    let (reach, told) = (Reach::default(), Told::default());
    let url = PageQuestion { url: "/7".to_owned(), clicks: 200 };
    // The second time, code and files are warm.
    for run in ["first", "second"] {
        let begin = Instant::now();
        let lap = |what: &str, begin: Instant| {
            let seconds = begin.elapsed().as_secs_f64();
            eprintln!("{run} time, {what}: {seconds:.1} s");
            assert!(seconds < LONGEST_SECONDS, "{what}");
            Instant::now()
        };
        for (what, view) in [("the last hour", &hour), ("the last five minutes", &five_minutes)] {
            let begin = Instant::now();
            let figures = lab.ask(async |asked| lab.cluster.figures(asked, view, None, false).await).await.unwrap();
            let (board, _) = figures.board(view).unwrap();
            assert!(board.matching > 200, "{}", board.matching);
            lap(what, begin);
            let begin = Instant::now();
            lab.ask(async |asked| lab.cluster.figures(asked, view, figures.span, false).await).await;
            lap("the same without new clicks", begin);
        }
        let large = Instant::now();
        lab.ask(async |asked| lab.cluster.figures(asked, &hour, None, true).await).await.unwrap();
        lap("the last hour, sorted by the cluster", large);
        let page = Instant::now();
        let found = lab.ask(async |asked| lab.cluster.page(asked, &url, &reach).await).await;
        // One in a thousand of the newest 200,000 clicks.
        assert!((50..=200).contains(&found.clicks.len()) && found.trend.is_some(), "{}", found.clicks.len());
        lap("a url", page);
        told.forget();
        let rejects = Instant::now();
        let question = RejectsQuestion { limit: 200 };
        let found = lab.ask(async |asked| lab.cluster.rejects(asked, &question, &told).await).await;
        assert_eq!((found.rows.len(), found.total), (200, CLICKS as u64 / 100));
        lap("the rejects", rejects);
        lap("all of these", begin);
    }
}
