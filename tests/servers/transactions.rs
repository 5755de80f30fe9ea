//! Transactions: committed clicks count, aborted ones do not, and the markers that stay behind are no lag.

use rdkafka::producer::{BaseProducer, Producer};

use crate::kafka::{Kafka, Topic, through};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures;

fn transactional(topic: &Topic) -> BaseProducer {
    let producer = topic.producer(&[("transactional.id", &topic.name)]);
    producer.init_transactions(HANG).expect("transactions");
    producer
}

fn begin(topic: &Topic, producer: &BaseProducer, clicks: &[OwnedClick]) {
    producer.begin_transaction().expect("begun");
    topic.enqueue(producer, clicks);
    producer.flush(HANG).expect("sent");
}

#[test]
fn committed_clicks_count_and_aborted_ones_do_not_and_no_lag_stays() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(2);
    let clicks = made(911, 4_000);
    let (kept, aborted) = clicks.split_at(3_000);
    let home = topic.home();
    let mut run = home.start(&["run", "--headless"]);
    let producer = transactional(&topic);
    for (round, part) in kept.chunks(500).enumerate() {
        begin(&topic, &producer, part);
        producer.commit_transaction(HANG).expect("committed");
        begin(&topic, &producer, &aborted[round * 100..][..100]);
        producer.abort_transaction(HANG).expect("aborted");
    }
    run.await_object("no lag behind what was aborted last", through(kept.len()));

    // What is under way in a transaction cannot be read by anyone, so nobody lags behind it.
    begin(&topic, &producer, &aborted[900..]);
    run.await_object("no lag behind what is open", through(kept.len()));
    producer.abort_transaction(HANG).expect("aborted");
    let last = run.await_object("no lag", |object| {
        through(kept.len())(object)
            && object["partitions"].as_array().is_some_and(|partitions| {
                partitions.iter().all(|partition| {
                    let number = i32::try_from(partition["partition"].as_i64().expect("a number")).expect("small");
                    partition["stored"].as_i64() == Some(topic.watermarks(number).1)
                })
            })
    });
    assert_eq!(last["totals"]["rejected"], 0, "{last}");
    run.signal("TERM");
    assert!(run.end().status.success());
    figures::assert_same("committed", &home.top(), &figures::of_clicks(kept));
    figures::assert_exact(&home.data());

    // With everything expired that was read, there is nothing that is gone: we have read it.
    for partition in 0..2 {
        topic.expire(partition, topic.watermarks(partition).1);
    }
    let mut run = home.start(&["run", "--headless"]);
    run.await_object("no lag after a restart", through(kept.len()));
    topic.send(&aborted[..50], "none");
    run.await_object("what came then", through(kept.len() + 50));
    run.signal("TERM");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(ran.summary()["stored"], 50, "{ran:?}");
}
