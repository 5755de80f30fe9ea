//! kill -9 of the whole program at any moment, be it before its first word.

use crate::dice::{Dice, rounds};
use crate::engine::Fault;
use crate::sent::Load;
use crate::support::figures;
use crate::world::World;

const KILLS_A_ROUND: u32 = 8;

#[test]
fn killed_at_any_moment() {
    let mut dice = Dice::new("kill -9");
    let mut world = World::new(Load::small(dice.seed, 2_000.0));
    let mut under_way = 0;
    for _ in 0..KILLS_A_ROUND * rounds() {
        // Now and then the engine is slow, so that requests are under way.
        world.engine.set(if dice.between(0..4) == 0 { Fault::Slow } else { Fault::None });
        dice.tried("kill -9");
        let run = world.start();
        dice.pass(0..2_500);
        world.kill(run);
        let stored = match world.home.data().join(clicktop::storage::DATABASE_FILE).exists() {
            true => figures::database(&world.home.data())
                .query_row("SELECT COUNT(*) FROM clicks", [], |row| row.get(0))
                .unwrap_or(0),
            false => 0,
        };
        under_way += u32::from((1..world.acknowledged()).contains(&stored));
        dice.survived("kill -9");
    }
    assert!(under_way > 0, "some kill came while clicks were being stored");
    world.engine.set(Fault::None);
    let run = world.run();
    let (_, summary) = world.settle(run);
    assert_eq!(summary["duplicates"], 0, "offsets and clicks are stored together: {summary}");
}
