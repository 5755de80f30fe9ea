//! Resets that end behind any of their steps, and rounds of other consoles meanwhile.

use super::lab::{Lab, Maker};
use crate::engine::spark::erase;
use crate::engine::spark::rounds::lost_race;
use crate::engine::spark::sql::Application;

/// 2026-01-31T22:00:00Z.
const EVENING: i64 = 1_769_896_800_000;

#[tokio::test]
async fn a_reset_that_ends_behind_any_step_is_finished_by_the_next_round() {
    let Some(lab) = Lab::new().await else { return };
    let mut maker = Maker::new(1308, vec![EVENING, EVENING + 3_600_000]);
    let rounds = lab.rounds();
    let mut epochs = vec![rounds.cursor(None).await.unwrap().epoch];
    for steps in [0, 1, 2, 5] {
        lab.store(&maker.clicks(30, 0)).await;
        lab.count().await;
        lab.store(&maker.clicks(5, 0)).await;
        erase::begin(&rounds).await.unwrap();
        let mark = rounds.cursor(None).await.unwrap();
        assert!(mark.erasing && mark.counted.is_none(), "{mark:?}");
        let statements = lab.tables.erase(rounds.newest("pages").await.unwrap());
        for (application, statement) in statements.iter().take(steps).cloned() {
            rounds.once(application, mark.overwriting_transaction(), statement).await.unwrap();
        }
        // The console is killed here. Clicks that come after the deletion must stay, before it they go.
        let new = maker.clicks(12, 0);
        lab.store(&new).await;
        lab.count().await;
        let clicks = lab.number(format!("SELECT count(slice) AS n FROM delta.`{}/clicks`", lab.root)).await;
        assert_eq!(clicks, if steps > 0 { 12 } else { 0 }, "a reset with {steps} steps done");
        // A console that was slow does the rest of what it had begun: it deletes nothing new.
        lab.store(&maker.clicks(3, 0)).await;
        lab.count().await;
        for (application, statement) in statements {
            rounds.once(application, mark.overwriting_transaction(), statement).await.unwrap();
        }
        let after = lab.number(format!("SELECT count(slice) AS n FROM delta.`{}/clicks`", lab.root)).await;
        assert_eq!(after, clicks + 3, "a late reset with {steps} steps done");
        lab.assert_batch(&format!("a reset with {steps} steps done")).await;
        epochs.push(rounds.cursor(None).await.unwrap().epoch);
    }
    assert!(epochs.is_sorted_by(|a, b| a < b), "{epochs:?}");
    lab.end().await;
}

#[tokio::test]
async fn a_round_that_a_reset_overtakes_leaves_no_old_figures() {
    let Some(lab) = Lab::new().await else { return };
    let mut maker = Maker::new(1309, vec![EVENING]);
    let rounds = lab.rounds();
    lab.store(&maker.clicks(30, 0)).await;
    lab.count().await;
    lab.store(&maker.clicks(30, 0)).await;
    let stale = rounds.standing().await.unwrap();
    let number = stale.cursor.next().transaction();
    let round = lab.tables.round(stale.cursor, stale.newest);
    lab.run(round.new_clicks()).await;
    let touched = rounds.touched(&round).await.unwrap().slices;

    let other = lab.another_session().await;
    assert_eq!(erase::erase(&lab.rounds_of(&other)).await.unwrap(), 60);
    lab.store(&maker.clicks(7, 0)).await;
    for (application, statement) in
        [(Application::Pairs, round.pairs(&touched, 100)), (Application::Pages, round.pages(&touched))]
    {
        let done = rounds.once(application, number, statement).await;
        assert!(done.as_ref().err().is_none_or(lost_race), "{done:?}");
    }
    let done = rounds.run(stale, |_| {}).await;
    assert!(done.as_ref().err().is_none_or(lost_race), "{done:?}");
    lab.count().await;
    assert!(lab.assert_batch("a round that a reset overtook").await > 0);
    let clicks =
        lab.number(format!("SELECT sum(clicks) AS n FROM ({})", lab.tables.changed_figures(-1, i64::MAX))).await;
    assert_eq!(clicks, 7);
    other.release().await.unwrap();
    lab.end().await;
}

#[tokio::test]
async fn two_resets_at_once_are_one_and_clicks_that_come_later_stay() {
    let Some(lab) = Lab::new().await else { return };
    let mut maker = Maker::new(1310, vec![EVENING]);
    lab.store(&maker.clicks(20, 0)).await;
    lab.count().await;
    let other = lab.another_session().await;
    let (own, others) = (lab.rounds(), lab.rounds_of(&other));
    let (one, two) = tokio::join!(erase::erase(&own), erase::erase(&others));
    one.unwrap();
    two.unwrap();
    assert!(!own.cursor(None).await.unwrap().erasing);
    lab.store(&maker.clicks(9, 0)).await;
    tokio::join!(lab.count(), lab.count_in(&other));
    assert!(lab.assert_batch("after two resets").await > 0);
    assert_eq!(lab.number(format!("SELECT count(slice) AS n FROM delta.`{}/clicks`", lab.root)).await, 9);
    other.release().await.unwrap();
    lab.end().await;
}
