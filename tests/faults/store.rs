//! Another process that holds the database's lock.

use std::time::{Duration, Instant};

use clicktop::storage::DATABASE_FILE;
use rusqlite::Connection;

use crate::dice::{Dice, rounds};
use crate::sent::Load;
use crate::support::HANG;
use crate::world::{World, await_stored, backs_off, is};

#[test]
fn a_long_write_transaction_of_another_process() {
    const FAULT: &str = "SQLITE_BUSY";
    let mut dice = Dice::new("busy database");
    let mut world = World::new(Load::small(dice.seed, 1_000.0));
    let mut run = world.run();
    for _ in 0..2 * rounds() {
        dice.pass(0..1_000);
        dice.tried(FAULT);
        let other = Connection::open(world.home.data().join(DATABASE_FILE)).expect("a database");
        other.busy_timeout(HANG).expect("patience");
        other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
        let begin = Instant::now();
        let seen = run.await_object("trouble", |status| {
            backs_off(status, "store", "the database is locked by another process; clicktop tries again")
        });
        assert!(is(&seen, "ingest", "running"), "{seen}");
        let hold = dice.time(2_500..6_000);
        std::thread::sleep(hold.saturating_sub(begin.elapsed()));
        other.execute_batch("ROLLBACK").expect("unlocked");
        await_stored(&mut run, &seen);
        dice.survived(FAULT);
    }
    world.settle(run);
}

#[test]
fn a_lock_held_while_the_program_starts_and_is_killed() {
    const FAULT: &str = "locked at the start";
    let mut dice = Dice::new("busy start");
    let mut world = World::new(Load::small(dice.seed, 500.0));
    let run = world.run();
    world.kill(run);
    for _ in 0..rounds() {
        dice.tried(FAULT);
        let other = Connection::open(world.home.data().join(DATABASE_FILE)).expect("a database");
        other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
        let mut run = world.start();
        std::thread::sleep(Duration::from_millis(dice.between(2_500..4_000)));
        // It may have given up, in plain words, or wait.
        let given_up = !run.is_alive();
        other.execute_batch("ROLLBACK").expect("unlocked");
        if given_up {
            let ran = run.end();
            assert!(ran.one_clear_line().contains("the database is locked by another process"), "{ran:?}");
        } else {
            world.kill(run);
        }
        dice.survived(FAULT);
    }
    let run = world.run();
    world.settle(run);
}
