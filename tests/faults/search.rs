//! A search engine that fails in every way, over real HTTP.

use crate::dice::{Dice, rounds};
use crate::engine::Fault;
use crate::sent::Load;
use crate::support::program::stage;
use crate::world::{World, backs_off, is};

/// Every fault that heals by itself, and the words that say what is wrong meanwhile.
const FAULTS: [(Fault, &str, &str); 9] = [
    (Fault::Down, "engine down", "refuses connections"),
    (Fault::Storm, "429 for everything", "is overloaded (429): es_rejected_execution_exception"),
    (Fault::Mixed, "429, 503, 400 and 409 within a 200", "put a document off ("),
    (Fault::Unauthorized, "401 and good again", "refused the credentials (401): security_exception"),
    (Fault::Unavailable, "503 for everything", "answered 503: cluster_block_exception"),
    (Fault::CutAnswer, "answer cut in its middle", "is unreachable: "),
    (Fault::NoAnswer, "connection closed in place of an answer", "is unreachable: "),
    (Fault::Silent, "no answer in time", "did not answer within 1s"),
    (Fault::Slow, "slow answers", ""),
];

#[test]
fn an_engine_that_fails_in_every_way() {
    let mut dice = Dice::new("engine");
    let mut world = World::new(Load::small(dice.seed, 1_000.0));
    let mut run = world.run();
    for _ in 0..rounds() {
        for (fault, name, words) in dice.shuffled(FAULTS.to_vec()) {
            dice.tried(name);
            let bulks = world.engine.bulks();
            world.engine.set(fault);
            let seen = run.await_object(name, |status| match words {
                "" => status["index"]["bulk_p99_ms"].as_f64() >= Some(600.0),
                words => backs_off(status, "index", words),
            });
            for stage in ["ingest", "store", "aggregate"] {
                assert!(is(&seen, stage, "running"), "{name} is nothing to {stage}: {seen}");
            }
            assert!(!stage(&seen, "index")["last_error"].is_null() || words.is_empty(), "{seen}");
            dice.pass(0..1_500);
            world.engine.set(Fault::None);
            run.await_object("an index that runs again", |status| {
                is(status, "index", "running")
                    && world.engine.bulks() > bulks
                    && status["index"]["pending"].as_u64() < Some(500)
            });
            dice.survived(name);
        }
    }
    world.settle(run);
}

#[test]
fn an_engine_that_refuses_every_request_ends_a_run_without_a_console() {
    let mut dice = Dice::new("engine refuses");
    let mut world = World::new(Load::small(dice.seed, 1_000.0));
    dice.tried("400 for everything");
    world.engine.set(Fault::Refuses);
    let run = world.start();
    let ran = run.end();
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let words = "refused the request (400): illegal_argument_exception";
    assert!(ran.stderr.lines().last().is_some_and(|line| line.contains(words)), "{ran:?}");
    assert!(ran.summary()["error"].as_str().is_some_and(|error| error.starts_with("index: ")), "{ran:?}");
    world.engine.set(Fault::None);
    let run = world.run();
    dice.survived("400 for everything");
    world.settle(run);
}
