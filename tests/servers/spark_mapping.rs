//! Topics of foreign events on a real Spark: a mapping becomes SQL, and the figures are those of the same clicks.

use crate::kafka::Kafka;
use crate::spark_world::{Spark, assert_everywhere, drained, end, is, turn, wait};
use crate::support::clicks::OwnedClick;
use crate::support::program::Home;
use crate::support::written::{self, Written};
use crate::support::{figures, visits};

const VISITS: usize = 400;

/// A form with other visits than those of another seed.
fn form(name: &str, seed: u64) -> Written {
    written::all(&visits::made(seed, VISITS)).into_iter().find(|form| form.name == name).expect("a form of this name")
}

/// The config file for events in this form.
fn config(form: &Written, home: &Home) -> String {
    let file = home.file(&format!("{}.toml", form.name), format!("[events]\n{}", form.events).as_bytes());
    file.display().to_string()
}

#[test]
fn a_mapped_topic_comes_to_the_figures_of_its_clicks_also_after_its_form_has_changed() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(3);
    let home = spark.home(&topic);
    let mut clicks: Vec<OwnedClick> = Vec::new();

    // Events that a condition leaves out, and some that are broken, lie among them.
    let segment = form("segment", 1401);
    topic.send_payloads(segment.records.iter().map(String::as_bytes));
    let others =
        [r#"{"type":"track","event":"Order Completed"}"#, r#"{"type":"page","userId":"u"}"#, r#"{"type":"page""#];
    topic.send_payloads(others.iter().map(|other| other.as_bytes()));
    clicks.extend(segment.clicks.iter().cloned());
    let arguments = ["run", "--headless", "--config", &config(&segment, &home)];
    let mut run = home.start(&arguments);
    let object = wait(&mut run, "every page call is counted", drained(clicks.len()));
    let left_out = segment.records.len() - segment.clicks.len() + 1;
    assert_eq!(object["totals"]["left_out"], left_out, "{object}");
    assert_eq!(object["totals"]["rejected"], 2, "{object}");
    end(run);
    assert_everywhere(&home, &spark, &figures::of_clicks(&clicks));
    let (stored, rejects) = spark.stored();
    assert_eq!((stored, rejects), (clicks.len(), 2), "what is left out is not stored");

    // The query goes on without a console. From now on the topic holds lines of a log, and the settings say so.
    let combined = form("combined", 1402);
    clicks.extend(combined.clicks.iter().cloned());
    let home = home.with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = home.start(&["run", "--headless", "--config", &config(&combined, &home)]);
    wait(&mut run, "the query reads events as the settings say now", is("stream", "running"));
    topic.send_payloads(combined.records.iter().map(String::as_bytes));
    wait(&mut run, "every line is counted", drained(clicks.len()));
    end(run);
    assert_everywhere(&home, &spark, &figures::of_clicks(&clicks));
}

#[test]
fn what_spark_cannot_read_is_one_line_at_the_start() {
    for (preset, said) in
        [("w3c", "events.form: engine = \"spark\" does not read w3c"), ("rees46", "set events.columns")]
    {
        let home = Home::new().with("CLICKTOP_ENGINE", "spark").with("CLICKTOP_SPARK__ROOT", "/nowhere");
        let refused = home.run(&["run", "--headless", "--preset", preset]);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let line = refused.one_clear_line();
        assert!(line.contains(said), "{line}");
    }
}
