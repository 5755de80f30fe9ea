use super::lab::{HOSTILE, Lab, TIMEOUT_MS};
use crate::click::Timestamp;
use crate::engine::local::query::breakdown::count_breakdown;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion, BreakdownRow, Dimension};
use crate::protocol::view::{SortBy, Window};

/// The breakdown from the cluster, and from the local engine.
async fn both(lab: &Lab, question: &BreakdownQuestion) -> (Breakdown, Breakdown) {
    let found = lab.ask(async |asked| lab.cluster.breakdown(asked, question).await).await;
    let wanted = count_breakdown(question, TIMEOUT_MS, Timestamp::now(), &mut lab.local(), |_| {}).unwrap();
    (found, wanted)
}

fn in_order_of_texts(breakdown: &Breakdown) -> Vec<BreakdownRow> {
    let mut rows = breakdown.rows.clone();
    rows.sort_by(|a, b| (&a.value, &a.country).cmp(&(&b.value, &b.country)));
    rows
}

#[tokio::test]
async fn breakdowns_are_those_of_the_local_engine() {
    let Some(lab) = Lab::with_clicks(21, 2_500).await else { return };
    let narrowed = [(None, None), (Some("it's"), None), (None, Some(HOSTILE[1])), (Some("FR"), Some(HOSTILE[11]))];
    let windows = [Window::AllTime, Window::LastHour, Window::LastFiveMinutes];
    let asked = Dimension::ALL.into_iter().zip(narrowed.into_iter().cycle()).zip(windows.into_iter().cycle());
    for ((by, (country, url)), window) in asked {
        // Few clicks are both of one country and on one url.
        let window = if country.is_some() && url.is_some() { Window::AllTime } else { window };
        let (country, url) = (country.map(str::to_owned), url.map(str::to_owned));
        let question = BreakdownQuestion { by, country, url, window, limit: 1_000, ..BreakdownQuestion::default() };
        let (found, wanted) = both(&lab, &question).await;
        assert!(wanted.total.clicks > 0, "{question:?} has clicks");
        assert_eq!((found.total, found.values), (wanted.total, wanted.values), "{question:?}");
        assert_eq!(in_order_of_texts(&found), in_order_of_texts(&wanted), "{question:?}");
    }
    let nothing = BreakdownQuestion { country: Some("' OR true --".to_owned()), ..BreakdownQuestion::default() };
    let (found, _) = both(&lab, &nothing).await;
    assert_eq!((found.rows.len(), found.total.clicks), (0, 0));
}

#[tokio::test]
async fn the_first_groups_of_a_breakdown_come_in_its_order() {
    let Some(lab) = Lab::with_clicks(22, 1_000).await else { return };
    let samples = [0, 20, 40, u64::MAX].map(|min_timed| (SortBy::Time, min_timed));
    for (sort, min_timed) in [(SortBy::Clicks, 0), (SortBy::Users, 0)].into_iter().chain(samples) {
        let question =
            BreakdownQuestion { by: Dimension::Url, sort, min_timed, limit: 3, ..BreakdownQuestion::default() };
        let (found, wanted) = both(&lab, &question).await;
        let figures = |breakdown: &Breakdown| breakdown.rows.iter().map(|row| row.figures).collect::<Vec<_>>();
        assert_eq!(figures(&found).len(), 3);
        assert_eq!((figures(&found), found.values), (figures(&wanted), wanted.values), "{sort:?} {min_timed}");
    }
}

#[tokio::test]
async fn tables_without_a_click_have_no_groups() {
    let Some(lab) = Lab::empty().await else { return };
    let question = BreakdownQuestion::default();
    let found = lab.ask(async |asked| lab.cluster.breakdown(asked, &question).await).await;
    assert_eq!(found, Breakdown::default(), "there are no tables");
    lab.create().await;
    let found = lab.ask(async |asked| lab.cluster.breakdown(asked, &question).await).await;
    assert_eq!((found.rows.len(), found.total.clicks, found.values), (0, 0, 0));
}
