//! SIGTERM and SIGKILL in every state a stage can be in, as the program itself shows it.

use std::path::Path;

use clicktop::storage::DATABASE_FILE;
use rusqlite::Connection;

use crate::dice::{Dice, rounds};
use crate::engine::Fault;
use crate::sent::Load;
use crate::support::program::{Running, stage};
use crate::support::screen::{all_run, state};
use crate::support::terminal::{Size, Terminal};
use crate::world::{World, backs_off, is};

const WIDE: Size = Size { columns: 120, rows: 40 };

#[derive(Clone, Copy, Debug)]
enum Scene {
    Starting,
    Running,
    IngestBacksOff,
    StoreBacksOff,
    AggregateBacksOff,
    IndexBacksOff,
    Draining,
}

fn world(dice: &Dice) -> World {
    let settings = [
        ("INGEST__BATCH_EVENTS", "200"),
        ("INDEX__INTERVAL", "200 ms"),
        ("INDEX__BULK_DOCUMENTS", "100"),
        // Long enough to be seen while nothing comes.
        ("INDEX__REQUEST_TIMEOUT", "3 s"),
        ("SHUTDOWN_TIMEOUT", "3 s"),
    ];
    World::with(Load::small(dice.seed, 500.0), 4, &settings)
}

fn locked(data: &Path) -> Connection {
    let other = Connection::open(data.join(DATABASE_FILE)).expect("a database");
    other.busy_timeout(crate::support::HANG).expect("patience");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    other
}

/// Why a stage backs off that cannot write.
const LOCKED: &str = "locked by another process";

/// Locks the database at a moment when aggregate has figures to write. If it has just written them, it does not notice: the locked
/// store gives it nothing new.
fn aggregate_locked_out(run: &mut Running, data: &Path) -> Connection {
    let mut errors = 0;
    loop {
        let other = locked(data);
        let store_tried_twice = |status: &serde_json::Value| {
            stage(status, "store")["errors"].as_u64() >= Some(errors + 2) && backs_off(status, "store", LOCKED)
        };
        let noticed = |status: &serde_json::Value| backs_off(status, "aggregate", LOCKED);
        let status = run.await_object("trouble", |status| noticed(status) || store_tried_twice(status));
        if noticed(&status) {
            return other;
        }
        drop(other);
        let status = run.await_object("a recovery", |status| is(status, "store", "running"));
        errors = stage(&status, "store")["errors"].as_u64().unwrap_or(0);
    }
}

/// Brings the program into the scene; what holds the database locked, if anything.
fn play(world: &World, scene: Scene) -> (Running, Option<Connection>) {
    if matches!(scene, Scene::Starting) {
        world.engine.set(Fault::Silent);
        let mut run = world.start();
        run.await_object("a start", |status| is(status, "index", "starting"));
        return (run, None);
    }
    let mut run = world.run();
    match scene {
        Scene::Starting | Scene::Running => {}
        Scene::IngestBacksOff => {
            world.broker.control().broker_down().expect("down");
            run.await_object("trouble", |status| backs_off(status, "ingest", "Kafka "));
        }
        Scene::StoreBacksOff => {
            let other = locked(&world.home.data());
            run.await_object("trouble", |status| backs_off(status, "store", LOCKED));
            return (run, Some(other));
        }
        Scene::AggregateBacksOff => {
            let other = aggregate_locked_out(&mut run, &world.home.data());
            return (run, Some(other));
        }
        Scene::IndexBacksOff => {
            world.engine.set(Fault::Down);
            run.await_object("trouble", |status| backs_off(status, "index", "refuses connections"));
        }
        Scene::Draining => {
            world.engine.set(Fault::Silent);
            run.signal("TERM");
            let draining =
                |status: &serde_json::Value| status["shutting_down"].as_str().is_some_and(|it| it.starts_with("index"));
            run.await_object("a drain", draining);
        }
    }
    (run, None)
}

#[test]
fn signals_in_each_state_without_a_console() {
    let scenes = [
        Scene::Starting,
        Scene::Running,
        Scene::IngestBacksOff,
        Scene::StoreBacksOff,
        Scene::AggregateBacksOff,
        Scene::IndexBacksOff,
        Scene::Draining,
    ];
    let mut dice = Dice::new("signals");
    let mut world = world(&dice);
    for _ in 0..rounds() {
        let all = scenes.into_iter().flat_map(|scene| [(scene, "TERM"), (scene, "KILL")]).collect();
        let all = dice.shuffled(all);
        // The short form takes a part.
        let some = if rounds() > 1 { all.len() } else { 11 };
        for (scene, signal) in all.into_iter().take(some) {
            let fault = format!("SIG{signal} while {scene:?}");
            dice.tried(&fault);
            let (run, lock) = play(&world, scene);
            dice.pass(0..300);
            world.weigh(&run);
            run.signal(signal);
            // A drain waits for what is away only as long as it may.
            let ran = run.end();
            match signal {
                "TERM" => assert!(ran.status.success() && ran.summary()["error"].is_null(), "{fault}: {ran:?}"),
                _ => assert_eq!(ran.status.code(), None, "{fault}: {ran:?}"),
            }
            drop(lock);
            world.engine.set(Fault::None);
            world.broker.control().broker_up().expect("up");
            dice.survived(&fault);
        }
    }
    let run = world.run();
    world.settle(run);
}

/// What a console may show when a signal comes.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// The stage in this place, by its key.
    Stopped(usize),
    AllStopped,
    /// The offsets stored are not in the topic.
    IngestFailed,
    /// A table is missing.
    StoreFailed,
    AggregateFailed,
    /// The engine takes no bulk request.
    IndexFailed,
}

impl Shown {
    const ALL: [Self; 9] = [
        Self::Stopped(0),
        Self::Stopped(1),
        Self::Stopped(2),
        Self::Stopped(3),
        Self::AllStopped,
        Self::IngestFailed,
        Self::StoreFailed,
        Self::AggregateFailed,
        Self::IndexFailed,
    ];

    /// The place of the stage that shows it, and its state.
    fn wanted(self) -> (usize, &'static str) {
        match self {
            Self::Stopped(place) => (place, "stopped"),
            Self::AllStopped => (3, "stopped"),
            Self::IngestFailed => (0, "failed"),
            Self::StoreFailed => (1, "failed"),
            Self::AggregateFailed => (2, "failed"),
            Self::IndexFailed => (3, "failed"),
        }
    }

    /// What breaks the database for it, and mends it.
    fn statements(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::IngestFailed => Some((
                "UPDATE offsets SET next_offset = next_offset + 1000000",
                "UPDATE offsets SET next_offset = next_offset - 1000000",
            )),
            // Triggers, since a table that was renamed and back is no longer byte for byte as clicktop made it.
            Self::StoreFailed => Some((
                "CREATE TRIGGER spoilt BEFORE INSERT ON offsets BEGIN SELECT RAISE(ABORT, 'spoilt'); END",
                "DROP TRIGGER spoilt",
            )),
            Self::AggregateFailed => Some((
                "CREATE TRIGGER spoilt BEFORE INSERT ON aggregate_state BEGIN SELECT RAISE(ABORT, 'spoilt'); END;
                 CREATE TRIGGER spoilt_too BEFORE UPDATE ON aggregate_state BEGIN SELECT RAISE(ABORT, 'spoilt'); END",
                "DROP TRIGGER spoilt; DROP TRIGGER spoilt_too",
            )),
            _ => None,
        }
    }
}

/// Changes the database as another program would.
fn change(data: &Path, statement: &str) {
    let other = Connection::open(data.join(DATABASE_FILE)).expect("a database");
    other.busy_timeout(crate::support::HANG).expect("patience");
    other.execute_batch(statement).expect("changed");
}

#[test]
fn signals_while_a_stage_is_stopped_or_failed() {
    let mut dice = Dice::new("signals in the console");
    let mut world = world(&dice);
    let mut run = world.run();
    run.await_object("offsets to be changed", |status| status["totals"]["stored"].as_u64() > Some(0));
    world.kill(run);
    for _ in 0..rounds() {
        let scenes = Shown::ALL.into_iter().flat_map(|shown| [(shown, "TERM"), (shown, "KILL")]).collect();
        let scenes = dice.shuffled(scenes);
        // The short form takes a part.
        let some = if rounds() > 1 { scenes.len() } else { 4 };
        for (shown, signal) in scenes.into_iter().take(some) {
            let (stage, wanted) = shown.wanted();
            let fault = format!("SIG{signal} with {shown:?}");
            dice.tried(&fault);
            let data = world.home.data();
            if let (Shown::IngestFailed, Some((spoil, _))) = (shown, shown.statements()) {
                // Offsets are looked at when a consumer begins, and the load is not to believe them.
                world.pause();
                change(&data, spoil);
            }
            let mut terminal = Terminal::start(&world.home, &["run", "--group", &world.group()], WIDE);
            match shown {
                Shown::IngestFailed => {}
                _ => terminal.wait("running stages", all_run),
            }
            match shown {
                Shown::Stopped(place) => terminal.keys(&format!("{} ", place + 1)),
                Shown::AllStopped => {
                    terminal.keys("X");
                    terminal.wait("a question", |screen| screen.contains("Stop all 4 stages?"));
                    terminal.keys("y");
                }
                Shown::IngestFailed => {}
                Shown::StoreFailed | Shown::AggregateFailed => {
                    let (spoil, _) = shown.statements().expect("a table");
                    change(&data, spoil);
                }
                Shown::IndexFailed => world.engine.set(Fault::Refuses),
            }
            terminal.wait(&fault, |screen| state(screen, stage).is_some_and(|state| state.starts_with(wanted)));
            terminal.signal(signal);
            if signal == "TERM" {
                assert_eq!(terminal.end(), 0, "{fault}");
                terminal.assert_given_back();
            }
            drop(terminal);
            if let Some((_, mend)) = shown.statements() {
                change(&data, mend);
            }
            if matches!(shown, Shown::IngestFailed) {
                world.resume();
            }
            world.engine.set(Fault::None);
            dice.survived(&fault);
        }
    }
    let run = world.run();
    world.settle(run);
}
