//! SIGTERM and SIGKILL in every state a stage can be in, as the program itself shows it.

use std::path::Path;

use clicktop::storage::DATABASE_FILE;
use rusqlite::Connection;

use crate::dice::{Dice, rounds};
use crate::engine::Fault;
use crate::sent::Load;
use crate::support::program::Running;
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
            run.await_object("trouble", |status| backs_off(status, "ingest", "Kafka: "));
        }
        Scene::StoreBacksOff => {
            let other = locked(&world.home.data());
            run.await_object("trouble", |status| backs_off(status, "store", "locked by another process"));
            return (run, Some(other));
        }
        Scene::IndexBacksOff => {
            world.engine.set(Fault::Down);
            run.await_object("trouble", |status| backs_off(status, "index", "is unreachable"));
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
        Scene::IndexBacksOff,
        Scene::Draining,
    ];
    let mut dice = Dice::new("signals");
    let mut world = world(&dice);
    for _ in 0..rounds() {
        let all = scenes.into_iter().flat_map(|scene| [(scene, "TERM"), (scene, "KILL")]).collect();
        for (scene, signal) in dice.shuffled(all) {
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

#[test]
fn signals_while_a_stage_is_stopped_or_failed() {
    let mut dice = Dice::new("signals in the console");
    let mut world = world(&dice);
    for _ in 0..rounds() {
        // Each stage stopped by its key, all of them, and an index that failed.
        let scenes = (0..6_usize).flat_map(|place| [(place, "TERM"), (place, "KILL")]).collect();
        let scenes = dice.shuffled(scenes);
        // The short form takes a part.
        let some = if rounds() > 1 { scenes.len() } else { 3 };
        for (place, signal) in scenes.into_iter().take(some) {
            let (name, stage, wanted) = match place {
                0..4 => (format!("stage {} stopped", place + 1), place, "stopped"),
                4 => ("all stopped".to_owned(), 3, "stopped"),
                _ => ("index failed".to_owned(), 3, "failed"),
            };
            let fault = format!("SIG{signal} with {name}");
            dice.tried(&fault);
            let mut terminal = Terminal::start(&world.home, &["run", "--group", &world.group()], WIDE);
            terminal.wait("running stages", all_run);
            match place {
                0..4 => terminal.keys(&format!("{} ", place + 1)),
                4 => {
                    terminal.keys("X");
                    terminal.wait("a question", |screen| screen.contains("Stop all four stages?"));
                    terminal.keys("y");
                }
                _ => world.engine.set(Fault::Refuses),
            }
            terminal.wait(&fault, |screen| state(screen, stage).is_some_and(|state| state.starts_with(wanted)));
            terminal.signal(signal);
            if signal == "TERM" {
                assert_eq!(terminal.end(), 0, "{fault}");
                terminal.assert_given_back();
            }
            drop(terminal);
            world.engine.set(Fault::None);
            dice.survived(&fault);
        }
    }
    let run = world.run();
    world.settle(run);
}
