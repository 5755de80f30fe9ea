//! User agents on a real Spark: what they tell of the clicks is what the local engine makes of the same lines, and moves keep it.

use crate::kafka::{Kafka, Topic};
use crate::spark_move::to_its_end;
use crate::spark_world::{Spark, drained, end, turn, wait};
use crate::support::program::Home;

/// The last two are a bot, and one that nobody knows.
const AGENTS: [&str; 6] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 \
     Safari/604.1",
    "-",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "it's nobody's `agent`",
];

/// Lines of an access log, a second between them.
fn lines(first: usize, count: usize) -> Vec<String> {
    let line = |at: usize| {
        let (hour, minute, second, agent) = (at / 3600, at / 60 % 60, at % 60, AGENTS[at * 7 / 3 % AGENTS.len()]);
        format!(
            "10.0.0.{} - - [31/Jan/2026:{hour:02}:{minute:02}:{second:02} +0000] \"GET /{} HTTP/1.1\" 200 12 \"-\" \"{agent}\"",
            at % 50,
            at % 9
        )
    };
    (first..first + count).map(line).collect()
}

/// What `top` says of browsers, systems and devices.
fn grouped(home: &Home) -> [String; 3] {
    ["browser", "os", "device"]
        .map(|by| home.succeed(&["top", "--group-by", by, "--limit", "all", "--format", "csv"]).stdout)
}

/// A home with a data directory of its own, which knows the tables.
fn beside(spark: &Spark, topic: &Topic) -> Home {
    topic.home().with("CLICKTOP_SPARK__URL", &spark.url).with("CLICKTOP_SPARK__ROOT", &spark.root)
}

#[test]
fn user_agents_tell_the_same_and_a_move_there_and_back_keeps_it() {
    let (Some(kafka), Some(spark), Some(other)) = (Kafka::plain(), Spark::find(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(2);
    let lines = lines(0, 3_000);
    let local = Home::new();
    local.replay(&local.file("access.log", lines.join("\n").as_bytes()), &["--preset", "combined"]);
    let wanted = grouped(&local);
    assert!(
        wanted[0].contains("Mobile Safari,") && wanted[1].contains("iOS,") && wanted[2].contains("bot,"),
        "{wanted:?}"
    );

    // Two consoles count; the second one comes when the first user agents are known.
    let (early, late) = lines.split_at(1_000);
    topic.send_payloads(early.iter().map(String::as_bytes));
    let preset = ["run", "--headless", "--preset", "combined"];
    let one = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = one.start(&preset);
    wait(&mut run, "the first lines are counted", drained(early.len()));
    let second = spark.home(&topic);
    let mut beside_it = second.start(&preset);
    wait(&mut beside_it, "the second console has the figures", drained(early.len()));
    topic.send_payloads(late.iter().map(String::as_bytes));
    wait(&mut run, "every line is counted", drained(lines.len()));
    end(beside_it);
    end(run);

    let back = beside(&spark, &topic);
    to_its_end(&back, &["move", "--to", "local"]);
    assert_eq!(grouped(&back), wanted, "from Spark");
    let there = back.with("CLICKTOP_SPARK__ROOT", &other.root);
    to_its_end(&there, &["move", "--to", "spark"]);
    let again = beside(&other, &topic);
    to_its_end(&again, &["move", "--to", "local"]);
    assert_eq!(grouped(&again), wanted, "there and back");
}
