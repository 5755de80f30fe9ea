//! The breakdowns that a console gets.

use super::*;
use crate::protocol::Dimension;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion};

fn by(by: Dimension, country: Option<&str>) -> BreakdownQuestion {
    BreakdownQuestion { by, country: country.map(str::to_owned), limit: 10, ..BreakdownQuestion::default() }
}

/// The counted answer of a front to `question`, once it is as wanted.
async fn counted(
    bench: &Bench,
    front: FrontId,
    question: &BreakdownQuestion,
    wanted: impl Fn(&Breakdown) -> bool,
) -> Breakdown {
    let wait = async {
        loop {
            let answer = bench.desk.answers(front).breakdown.filter(|answer| answer.asked == *question);
            if let Some(Ok(found)) = answer.map(|answer| answer.found.clone())
                && found.counted_percent.is_none()
                && wanted(&found)
            {
                return found;
            }
            bench.desk.news().await;
        }
    };
    tokio::time::timeout(HANG, wait).await.expect("a breakdown")
}

fn values(breakdown: &Breakdown) -> Vec<(&str, u64, u64)> {
    let row = |row: &crate::protocol::breakdown::BreakdownRow| (row.figures.clicks, row.figures.unique_users);
    let named = breakdown.rows.iter().map(|of| (&*of.value, row(of)));
    named.map(|(value, (clicks, users))| (value, clicks, users)).collect()
}

#[tokio::test]
async fn a_breakdown_is_counted_kept_up_to_date_and_replaced_by_the_next() {
    let bench = Bench::new();
    bench.store(&[("/a", "FR", 0), ("/b", "FR", 10), ("/a", "DE", 40)]);
    let countries = by(Dimension::Country, None);
    bench.desk.ask(FrontId::OWN, Question::Breakdown(countries.clone()));
    let found = counted(&bench, FrontId::OWN, &countries, |_| true).await;
    assert_eq!(values(&found), [("FR", 2, 1), ("DE", 1, 1)]);
    assert_eq!((found.total.clicks, found.total.unique_users, found.values), (3, 1, 2));
    assert_eq!(found.total.avg_time_spent, Some(20.0));

    bench.store(&[("/c", "DE", 50), ("/d", "DE", 60)]);
    let found = counted(&bench, FrontId::OWN, &countries, |found| found.total.clicks == 5).await;
    assert_eq!(values(&found), [("DE", 3, 1), ("FR", 2, 1)]);

    let urls = by(Dimension::Url, Some("FR"));
    bench.desk.ask(FrontId::OWN, Question::Breakdown(urls.clone()));
    let found = counted(&bench, FrontId::OWN, &urls, |_| true).await;
    assert_eq!(found.total.clicks, 2);
    // The user's next click after /b lies in another country, 30 s later: it ends the time spent all the same.
    let times: Vec<_> = found.rows.iter().map(|row| (&*row.value, row.figures.avg_time_spent)).collect();
    assert_eq!(times, [("/a", Some(10.0)), ("/b", Some(30.0))]);
}

#[tokio::test]
async fn two_consoles_get_their_own_breakdowns_and_what_is_forgotten_is_counted_anew() {
    let bench = Bench::new();
    bench.store(&[("/a", "FR", 0)]);
    let (one, other) = (FrontId::OWN, FrontId::joined(1));
    let (countries, urls) = (by(Dimension::Country, None), by(Dimension::Url, None));
    bench.desk.ask(one, Question::Breakdown(countries.clone()));
    bench.desk.ask(other, Question::Breakdown(urls.clone()));
    assert_eq!(values(&counted(&bench, one, &countries, |_| true).await), [("FR", 1, 1)]);
    assert_eq!(values(&counted(&bench, other, &urls, |_| true).await), [("/a", 1, 1)]);
    bench.desk.reset();
    counted(&bench, one, &countries, |found| found.total.clicks == 1).await;
    bench.desk.leave(other);
    assert!(bench.desk.answers(other).breakdown.is_none());
}

#[tokio::test]
async fn the_end_waits_for_the_breakdown_thread_to_let_go_of_the_database() {
    let mut bench = Bench::new();
    bench.store(&[("/a", "FR", 0)]);
    bench.desk.ask(FrontId::OWN, Question::Breakdown(by(Dimension::Os, None)));
    counted(&bench, FrontId::OWN, &by(Dimension::Os, None), |_| true).await;
    tokio::time::timeout(HANG, bench.desk.end()).await.expect("an end");
    // The desk and the bench hold the database, the threads no longer do.
    let holders = Arc::strong_count(&bench.storage);
    assert!(holders <= 2, "{holders} hold the database");
}
