//! A rebuild beside clicks that no round has counted yet.

use uuid::Uuid;

use super::lab::{Lab, Maker, Row, TIMEOUT_MS};
use crate::engine::spark::connect::ConnectOptions;
use crate::engine::spark::rebuild::{RebuildOptions, Work};
use crate::engine::spark::sql::{Application, Slices};

/// 2026-01-31T22:00:00Z.
const EVENING: i64 = 1_769_896_800_000;

#[tokio::test]
async fn a_rebuild_leaves_new_clicks_and_their_users_to_the_next_round() {
    let Some(lab) = Lab::new().await else { return };
    let options = RebuildOptions {
        url: "sc://localhost".parse().unwrap(),
        connect: ConnectOptions::default(),
        root: lab.root.clone(),
        slices: Slices::of_minutes(60),
        session_timeout_ms: TIMEOUT_MS,
        kept_clicks: false,
    };
    let mut maker = Maker::new(1316, vec![EVENING, EVENING + 3_600_000]);
    lab.store(&maker.clicks(60, 0)).await;
    lab.count().await;
    for pairs_are_added in [false, true] {
        // Everybody is a new user, so a pair that is lost or added twice shows.
        let new = |row: Row| Row { user: format!("new {}", row.id), ..row };
        lab.store(&maker.clicks(30, 0).into_iter().map(new).collect::<Vec<_>>()).await;
        let rounds = lab.rounds();
        if pairs_are_added {
            let standing = rounds.standing().await.unwrap();
            let round = lab.tables.round(standing.cursor, standing.newest);
            lab.run(round.new_clicks()).await;
            let touched = rounds.touched(&round).await.unwrap().slices;
            let number = standing.cursor.next().transaction();
            rounds.once(Application::Pairs, number, round.pairs(&touched, 30)).await.unwrap();
        }
        let work = Work { session: &lab.session, tables: &lab.tables, options: &options, owner: Uuid::new_v4() };
        let rebuilt = work.count(&mut |_: &str| {}).await.unwrap().expect("no other round");
        assert_eq!((rebuilt.wrong, rebuilt.missing, rebuilt.surplus), (0, 0, 0), "what was counted was right");
        lab.count().await;
        lab.assert_batch(&format!("after a rebuild; pairs added before: {pairs_are_added}")).await;
    }
    lab.end().await;
}
