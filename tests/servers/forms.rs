//! Topics of foreign events: the same visits come to the same figures in every form, whatever the restarts.
//!
//! `CLICKTOP_TEST_FORM_VISITS` sets how many visits there are; the suite takes 2,000.

use crate::kafka::{Kafka, through};
use crate::support::clicks::random;
use crate::support::figures;
use crate::support::program::{Home, moment};
use crate::support::{visits, written};

use std::time::Duration;

/// Forms whose clicktop is killed once: a broker waits for a killed member before it lets the next one in.
const KILLED: [&str; 2] = ["combined", "matomo"];

/// The configuration of a topic in this form; `None` if messages cannot have it.
fn config(form: &written::Written, home: &Home) -> Option<String> {
    let events = match form.header.as_deref() {
        None => form.events.clone(),
        // The nine fields have no names of columns.
        Some(_) if form.events.is_empty() => return None,
        Some(header) => format!("columns = {:?}\n{}", form.columns(header), form.events),
    };
    let file = home.file("forms.toml", format!("[events]\n{events}").as_bytes());
    Some(file.display().to_string())
}

#[test]
fn a_topic_in_any_form_comes_to_the_same_figures() {
    let Some(kafka) = Kafka::plain() else { return };
    let mut random = random(931);
    for form in written::all(&visits::made(930, visits::count(2_000))) {
        let topic = kafka.topic(3);
        let home = topic.home().with("CLICKTOP_KAFKA__PROPERTIES__SESSION_TIMEOUT_MS", "6000");
        let Some(config) = config(&form, &home) else { continue };
        topic.send_payloads(form.records.iter().map(String::as_bytes));
        let arguments = ["run", "--headless", "--config", &config];
        if KILLED.contains(&form.name) {
            let mut run = home.start(&arguments);
            run.await_object("clicks", |object| object["totals"]["clicks"].as_u64() > Some(0));
            std::thread::sleep(moment(&mut random, Duration::from_millis(50)));
            run.kill_9();
        }
        let mut run = home.start(&arguments);
        run.await_object("everything indexed", through(form.clicks.len()));
        run.signal("TERM");
        let ran = run.end();
        assert!(ran.status.success(), "{}: {ran:?}", form.name);
        assert_eq!(ran.summary()["rejected"], 0, "{}: {ran:?}", form.name);
        figures::assert_same(form.name, &home.top(), &figures::of_clicks(&form.clicks));
    }
}
