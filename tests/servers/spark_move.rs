//! `clicktop move` between a data directory and the tables of a real Spark, cut off again and again, with a real Kafka before and after.

use std::time::{Duration, Instant};

use clicktop::click::Timestamp;
use rand::RngExt as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::kafka::{Kafka, Topic, through};
use crate::spark_world::{PATIENCE, Spark, end, turn, wait};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made, random};
use crate::support::figures;
use crate::support::program::{Home, stage};

/// Before, while the clicks are local; then on Spark; then local again.
const PARTS: [usize; 3] = [50_000, 6_000, 1_000];

/// A home that knows the tables. Small messages make small batches, so that a move has many.
fn home(spark: &Spark, topic: &Topic, small: bool) -> Home {
    let url = if small { format!("{}/;grpc_max_message_size=4000000", spark.url) } else { spark.url.clone() };
    let home = topic.home().with("CLICKTOP_SPARK__URL", &url).with("CLICKTOP_SPARK__ROOT", &spark.root);
    home.with("CLICKTOP_SHUTDOWN_TIMEOUT", "90 s")
}

/// Clicks whose fields are at the edge of what is stored.
fn odd() -> Vec<OwnedClick> {
    let times = [-60_000_000_000_000, -1, 0, 1, 3_599_999, 3_600_000, 9_000_000_000_000, 250_000_000_000_000];
    let urls =
        ["/%ff%fe?not=utf-8", "/\u{1}\u{7f}", "/a\tb", "/'quotes\"\\", "/${x}", "/😀", "/:name", "/-- no comment"];
    let click = |(at, (time, url)): (usize, (i64, &str))| OwnedClick {
        click_id: format!("odd '{at}'\\ :x"),
        user_id: format!("odd-{}", at / 2),
        timestamp: Timestamp::from_millis(time),
        url: url.to_owned(),
        country: "unknown".to_owned(),
    };
    times.into_iter().zip(urls).enumerate().map(click).collect()
}

/// Messages that are no clicks; one is not UTF-8.
fn send_bad(topic: &Topic, count: usize) {
    let producer: BaseProducer = topic.producer(&[]);
    for at in 0..count {
        let payload: &[u8] = match at % 4 {
            0 => b"\xff\xfe\x00 no text",
            1 => b"no,click",
            2 => b"{\"click_id\": 1",
            _ => b"a,b,yesterday,/,US,x,y,z,w",
        };
        let key = format!("bad {at}");
        producer
            .send(BaseRecord::to(&topic.name).key(&key).payload(payload))
            .map_err(|(error, _)| error)
            .expect("sent");
    }
    producer.flush(HANG).expect("sent");
}

/// Kills a move of `clicks` clicks with `kill -9` after random times, then lets it end.
#[track_caller]
fn cut_off(home: &Home, arguments: &[&str], times: usize, longest: Duration, seed: u64, clicks: usize) {
    let mut random = random(seed);
    let mut cut = 0;
    for _ in 0..times {
        let mut run = home.start(arguments);
        let pause = random.random_range(Duration::from_millis(300)..longest);
        std::thread::sleep(pause);
        let worked = run.is_alive();
        run.kill_9();
        eprintln!("killed after {pause:?}, at work: {worked}");
        cut += usize::from(worked);
    }
    assert!(cut > 0, "the move was never cut off");
    let moved = to_its_end(home, arguments);
    // On a fast machine the last kill may have come after the end.
    let ended = format!("equal    {clicks} clicks");
    assert!(
        moved.replace(',', "").contains(&ended) || (cut < times && moved.contains("everything is there already")),
        "{moved}"
    );
}

/// Runs a command to its end, which may take long on a loaded machine; what it prints.
#[track_caller]
pub fn to_its_end(home: &Home, arguments: &[&str]) -> String {
    let begin = Instant::now();
    let mut run = home.start(arguments);
    while run.is_alive() && begin.elapsed() < HANG * PATIENCE {
        std::thread::sleep(Duration::from_millis(200));
    }
    let ran = run.end();
    assert!(ran.status.success(), "clicktop {arguments:?}: {ran:?}");
    eprintln!("{}", ran.stdout);
    ran.stdout
}

fn rejects(home: &Home) -> i64 {
    figures::number(&home.data(), "SELECT COUNT(*) FROM rejects WHERE stage = 'ingest'")
}

fn next_offsets(home: &Home) -> Vec<(i32, i64)> {
    let database = figures::database(&home.data());
    let mut select =
        database.prepare("SELECT partition, next_offset FROM offsets ORDER BY partition").expect("a query");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("offsets")
}

#[test]
fn clicks_move_to_spark_and_back_and_none_is_lost_or_counted_twice() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(3);
    let mut clicks = made(1701, PARTS.iter().sum());
    let last = clicks.split_off(PARTS[0] + PARTS[1]);
    let second = clicks.split_off(PARTS[0]);
    let mut first = clicks;
    first.extend(odd());

    // Counted locally, with copies and rejects.
    topic.send(&first, "none");
    topic.send(&first[..2_000], "none");
    send_bad(&topic, 300);
    let local = home(&spark, &topic, true);
    let mut run = local.start(&["run", "--headless"]);
    wait(&mut run, "everything is counted here", |object| through(first.len())(object) && object["lag"] == 0);
    let refused = local.run(&["move", "--to", "spark"]);
    assert!(refused.one_clear_line().contains("in use by another clicktop"), "{refused:?}");
    end(run);
    assert_eq!(rejects(&local), 300);
    let offsets = next_offsets(&local);

    // A rehearsal writes nothing.
    for _ in 0..2 {
        let plan = to_its_end(&local, &["move", "--to", "spark", "--dry-run"]);
        assert!(plan.replace(',', "").contains(&format!("{} clicks 300 rejects", first.len())), "{plan}");
        assert!(plan.contains("nothing is there yet") && plan.contains("nothing was written"), "{plan}");
        assert!(plan.contains(&format!("partition 0 at {}", offsets[0].1)), "{plan}");
    }

    // The move is cut off at random points.
    cut_off(&local, &["move", "--to", "spark"], 5, Duration::from_secs(12), 1702, first.len());
    figures::assert_same("Spark after the move", &spark.batch(), &figures::of_clicks(&first));
    figures::assert_same("here after the move", &local.top(), &figures::of_clicks(&first));
    let again = to_its_end(&local, &["move", "--to", "spark"]);
    assert!(again.contains("everything is there already"), "{again}");
    let refused = local.run(&["run", "--headless"]);
    assert!(refused.one_clear_line().contains("were moved to Spark"), "{refused:?}");
    let other = home(&spark, &topic, false);
    let file = other.file("other.csv", &first[0].csv());
    other.replay(&file, &["--data-dir", &other.data().display().to_string()]);
    let refused = other.run(&["move", "--to", "spark"]);
    assert!(refused.one_clear_line().contains("of another data directory"), "{refused:?}");

    // New messages, copies of old ones among them, and a new partition: Spark goes on where the local engine was.
    topic.grow(4);
    topic.send(&second, "none");
    topic.send(&first[1_000..2_000], "none");
    send_bad(&topic, 40);
    let both = [&first[..], &second].concat();
    let counting = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = counting.start(&["run", "--headless"]);
    let object = wait(&mut run, "everything is counted on Spark", |object| {
        object["totals"]["clicks"].as_u64() == Some(both.len() as u64)
            && object["lag"] == 0
            && stage(object, "aggregate")["backlog"] == 0
    });
    let new = (second.len() + 1_000 + 40) as u64;
    assert_eq!(object["totals"]["ingested"].as_u64(), Some(new), "only what is new: {object}");
    let running = home(&spark, &topic, false);
    let refused = running.run(&["move", "--to", "local"]);
    assert!(refused.one_clear_line().contains("the streaming query runs"), "{refused:?}");
    end(run);
    let wanted = figures::of_clicks(&both);
    figures::assert_same("the console on Spark", &counting.top(), &wanted);
    figures::assert_same("the batch query", &spark.batch(), &wanted);
    // Of a group of its own, which has read nothing yet.
    let fresh = topic.home().with("CLICKTOP_KAFKA__GROUP", &format!("{}-fresh", topic.name));
    let mut run = fresh.start(&["run", "--headless"]);
    wait(&mut run, "a fresh replay of the topic", through(both.len()));
    end(run);
    figures::assert_same("a fresh replay", &fresh.top(), &wanted);

    // Back into a new directory, cut off three times, and on from there.
    let back = home(&spark, &topic, false);
    let plan = to_its_end(&back, &["move", "--to", "local", "--dry-run"]);
    assert!(plan.contains("nothing was written") && !back.data().exists(), "{plan}");
    cut_off(&back, &["move", "--to", "local"], 3, Duration::from_secs(4), 1703, both.len());
    figures::assert_same("kept figures", &figures::kept(&back.data()), &wanted);
    figures::assert_exact(&back.data());
    assert_eq!(rejects(&back), 340);
    let ends: Vec<(i32, i64)> = (0..4).map(|partition| (partition, topic.watermarks(partition).1)).collect();
    assert_eq!(next_offsets(&back), ends);
    topic.send(&last, "none");
    let all = [&both[..], &last].concat();
    let mut run = back.start(&["run", "--headless"]);
    let object = wait(&mut run, "everything is counted here again", through(all.len()));
    assert_eq!(object["totals"]["ingested"].as_u64(), Some(last.len() as u64), "only what is new: {object}");
    end(run);
    figures::assert_same("here at the end", &back.top(), &figures::of_clicks(&all));
    let refused = back.run(&["move", "--to", "local"]);
    assert!(refused.one_clear_line().contains("name a new directory"), "{refused:?}");
}
