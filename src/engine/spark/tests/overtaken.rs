//! Two consoles on one root: whoever works from an old cursor changes nothing.

use super::lab::{Lab, Maker};
use crate::engine::spark::rounds::lost_race;
use crate::engine::spark::sql::Application;

/// 2026-01-31T22:00:00Z.
const EVENING: i64 = 1_769_896_800_000;

#[tokio::test]
async fn two_consoles_that_count_at_once_count_everything_once() {
    let Some(lab) = Lab::new().await else { return };
    let other = lab.another_session().await;
    let mut maker = Maker::new(1306, vec![EVENING, EVENING + 3_600_000]);
    for _ in 0..2 {
        lab.store(&maker.clicks(60, 0)).await;
        tokio::join!(lab.count(), lab.count_in(&other));
        lab.assert_batch("two consoles at once").await;
    }
    other.release().await.unwrap();
    lab.end().await;
}

#[tokio::test]
async fn a_round_that_was_overtaken_changes_nothing() {
    let Some(lab) = Lab::new().await else { return };
    let mut maker = Maker::new(1307, vec![EVENING]);
    lab.store(&maker.clicks(40, 0)).await;
    let rounds = lab.rounds();
    let stale = rounds.standing().await.unwrap();
    let number = stale.cursor.next().transaction();
    let round = lab.tables.round(stale.cursor, stale.newest);
    lab.run(round.new_clicks()).await;
    let touched = rounds.touched(&round).await.unwrap().slices;

    // Another console counts these clicks and more.
    lab.store(&maker.clicks(40, 0)).await;
    let other = lab.another_session().await;
    lab.count_in(&other).await;
    rounds.once(Application::Pairs, number, round.pairs(&touched, 100)).await.unwrap();
    // The pairs of the other round reach further, so the statement refuses, or Delta skips it.
    let pages = rounds.once(Application::Pages, number, round.pages(&touched)).await;
    assert!(pages.as_ref().err().is_none_or(lost_race), "{pages:?}");
    lab.assert_batch("stale pairs and pages").await;

    // The other round has added its figures: this one, which would begin where they began, refuses.
    lab.store(&maker.clicks(10, 0)).await;
    lab.count_in(&other).await;
    let now = rounds.standing().await.unwrap();
    let pages_to = rounds.newest("pages").await.unwrap();
    let ahead = now.cursor.next().transaction() + 100;
    let stale_figures = lab.tables.round(now.cursor, now.newest).figures(-1, 0, pages_to);
    let refused = rounds.once(Application::Figures, ahead, stale_figures).await.unwrap_err();
    assert!(lost_race(&refused), "{refused}");
    lab.assert_batch("stale figures").await;
    other.release().await.unwrap();
    lab.end().await;
}
