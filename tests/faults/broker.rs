//! A broker that goes away, answers with errors, or takes its time.

use std::time::Duration;

use clicktop::source::broker::{RDKafkaApiKey, RDKafkaRespErr};

use crate::dice::{Dice, rounds};
use crate::sent::Load;
use crate::world::{World, backs_off, is};

#[test]
fn a_broker_that_is_away_for_a_while() {
    let mut dice = Dice::new("broker away");
    let mut world = World::new(Load::small(dice.seed, 1_000.0));
    let mut run = world.run();
    let rounds = rounds();
    for round in 0..rounds + 1 {
        dice.pass(0..2_000);
        dice.tried("broker down");
        world.broker.control().broker_down().expect("down");
        let seen = run.await_object("trouble", |status| backs_off(status, "ingest", "Kafka "));
        for stage in ["store", "aggregate", "index"] {
            assert!(is(&seen, stage, "running"), "{seen}");
        }
        // In the long form the last of them lasts two minutes.
        match rounds > 1 && round == rounds {
            true => std::thread::sleep(Duration::from_secs(120)),
            false => drop(dice.pass(1_000..4_000)),
        }
        world.broker.control().broker_up().expect("up");
        let ingested = seen["totals"]["ingested"].as_u64();
        run.await_object("clicks again", |status| {
            is(status, "ingest", "running") && status["totals"]["ingested"].as_u64() > ingested
        });
        dice.survived("broker down");
    }
    world.settle(run);
}

#[test]
fn a_broker_that_answers_with_errors() {
    use RDKafkaApiKey::{Fetch, FindCoordinator, Heartbeat, JoinGroup, ListOffsets, Metadata, OffsetCommit, SyncGroup};
    use RDKafkaRespErr as Error;
    let errors = [
        (Fetch, Error::RD_KAFKA_RESP_ERR__TRANSPORT),
        (Fetch, Error::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION),
        (Fetch, Error::RD_KAFKA_RESP_ERR_UNKNOWN),
        (Fetch, Error::RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR),
        (OffsetCommit, Error::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED),
        (OffsetCommit, Error::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT),
        (OffsetCommit, Error::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION),
        (Heartbeat, Error::RD_KAFKA_RESP_ERR_NOT_COORDINATOR),
        (Heartbeat, Error::RD_KAFKA_RESP_ERR__TRANSPORT),
        (Metadata, Error::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE),
        (ListOffsets, Error::RD_KAFKA_RESP_ERR__TRANSPORT),
        (FindCoordinator, Error::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE),
        (JoinGroup, Error::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS),
        (SyncGroup, Error::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS),
    ];
    let mut dice = Dice::new("broker's errors");
    let mut world = World::new(Load::small(dice.seed, 1_000.0));
    let mut run = Some(world.run());
    // The short form takes what comes up, the long form each of them.
    let some = if rounds() > 1 { errors.len() } else { 4 };
    for _ in 0..rounds() {
        for (api, error) in dice.shuffled(errors.to_vec()).into_iter().take(some) {
            let name = format!("{api:?}: {error:?}");
            dice.tried(&name);
            let count = dice.between(1..4) as usize;
            world.broker.control().request_errors(api, &vec![error; count]).expect("asked");
            // What is only asked while joining takes a program that joins.
            if matches!(api, FindCoordinator | JoinGroup | SyncGroup | ListOffsets)
                && let Some(old) = run.take()
            {
                old.signal("TERM");
                assert!(old.end().status.success());
            }
            let mut now = run.take().unwrap_or_else(|| world.start());
            let reached = world.acknowledged();
            now.await_object(&name, |status| {
                status["totals"]["clicks"].as_u64() > Some(reached) && is(status, "ingest", "running")
            });
            world.broker.control().clear_request_errors(api).expect("cleared");
            run = Some(now);
            dice.survived(&name);
        }
    }
    world.settle(run.expect("a program"));
}

#[test]
fn a_broker_that_takes_its_time() {
    let mut dice = Dice::new("slow broker");
    let mut world = World::new(Load::small(dice.seed, 1_000.0));
    let mut run = world.run();
    for _ in 0..2 * rounds() {
        dice.tried("round-trip time up to 1.5 s");
        let delay = dice.time(300..1_500);
        world.broker.control().round_trip_time(delay).expect("slow");
        let reached = world.acknowledged();
        run.await_object("clicks all the same", |status| status["totals"]["clicks"].as_u64() > Some(reached));
        world.broker.control().round_trip_time(Duration::ZERO).expect("fast");
        dice.survived("round-trip time up to 1.5 s");
    }
    world.settle(run);
}
