//! What a console is told of one click: its message, its neighbours, when the stages passed it on, its document.

use std::sync::Arc;

use clicktop::protocol::board::RecentClick;
use clicktop::protocol::follow::{ClickName, ClickQuestion, FollowedClick, MessageOrigin, Passing};
use clicktop::protocol::question::RejectsQuestion;
use clicktop::protocol::{Command, Question, Snapshot};

use crate::rig::{Data, Run, TOPIC, broker, embedded, options, put};
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures::{SESSION_TIMEOUT_MS, of_clicks};

fn of_recent(click: &RecentClick) -> ClickQuestion {
    let click_id = click.click_id.clone().expect("an id");
    ClickQuestion { click: Some(ClickName { timestamp: click.timestamp, click_id }), message: click.message.clone() }
}

/// The answer once `wanted` holds of it.
async fn followed(run: &mut Run, question: &ClickQuestion, wanted: impl Fn(&FollowedClick) -> bool) -> FollowedClick {
    run.command(Command::Ask(Question::Click(question.clone()))).await;
    let answer = |snapshot: &Snapshot| -> Option<FollowedClick> {
        let answer = snapshot.answers.click.as_deref().filter(|answer| answer.asked == *question)?;
        answer.found.as_ref().ok().filter(|found| wanted(found)).cloned()
    };
    let snapshot = run.until("the click", |snapshot| answer(snapshot).is_some()).await;
    answer(&snapshot).expect("just seen")
}

/// The ids of the clicks of the same user within the session timeout, before and after `click`, the nearest first.
fn around(clicks: &[OwnedClick], click: &OwnedClick) -> (Vec<String>, Vec<String>) {
    let order = |click: &OwnedClick| (click.timestamp, click.click_id.clone());
    let near = |other: &&OwnedClick| {
        other.user_id == click.user_id
            && other.timestamp.as_millis().abs_diff(click.timestamp.as_millis()) <= SESSION_TIMEOUT_MS.unsigned_abs()
    };
    let mut of_user: Vec<&OwnedClick> = clicks.iter().filter(near).collect();
    of_user.sort_by_key(|click| order(click));
    let ids = |clicks: Vec<&&OwnedClick>| clicks.iter().map(|click| click.click_id.clone()).take(5).collect();
    let before = of_user.iter().filter(|other| order(other) < order(click)).rev().collect();
    let after = of_user.iter().filter(|other| order(other) > order(click)).collect();
    (ids(before), ids(after))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_recent_click_leads_to_its_message_its_neighbours_its_stages_and_its_document() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(1_701, 3_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 3_000.0);
    run.finished().await;
    let settled = run.settled(clicks.len()).await;
    let figures = of_clicks(&clicks);
    assert!(settled.recent.len() >= 10);
    for recent in settled.recent.iter().take(10) {
        let question = of_recent(recent);
        let origin = question.message.clone().expect("an origin");
        assert_eq!(origin.topic, TOPIC);
        let answer = followed(&mut run, &question, |answer| answer.message.is_some()).await;
        let click = clicks.iter().find(|click| Some(&click.click_id) == recent.click_id.as_ref()).expect("sent");

        let message = answer.message.expect("asked for").expect("Kafka still has it");
        assert_eq!(message.payload.as_bytes(), click.csv(), "at {origin:?}");
        assert_eq!((message.is_text, message.key.as_deref()), (true, Some(&*click.user_id)));
        assert_eq!(message.payload_bytes, click.csv().len() as u64);

        let stored = answer.stored.expect("stored");
        assert_eq!((&stored.click.url, &stored.click.user_id), (&click.url, &click.user_id));
        assert_eq!((&*stored.click.browser, &*stored.click.device), ("Firefox", "desktop"));
        let ids = |clicks: &[clicktop::protocol::follow::UserClick]| {
            clicks.iter().map(|click| click.click_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!((ids(&stored.before), ids(&stored.after)), around(&clicks, click));
        let at = |passing: Passing| match passing {
            Passing::At(at) | Passing::By(at) => at,
            other => panic!("{other:?}"),
        };
        let (counted, written) = (at(stored.counted), at(stored.written));
        assert!(recent.read <= recent.stored && recent.stored.expect("told") <= written);
        assert!(counted <= written);
        assert!(matches!(stored.indexed, Passing::At(indexed) if written <= indexed), "{:?}", stored.indexed);

        let document = answer.document.expect("asked for").expect("the index answers").expect("a document");
        let figure = figures[&(click.url.clone(), click.country.clone())];
        assert_eq!((document.clicks, document.unique_users), (figure.clicks, figure.unique_users));
        assert!(document.first_seen <= click.timestamp && click.timestamp <= document.last_seen);
    }
    run.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stages_of_the_first_clicks_of_a_run_are_told_exactly_and_those_of_an_earlier_run_are_not() {
    let (data, broker) = (Data::new(), broker());
    let clicks = made(1_702, 5);
    put(&broker, &clicks.iter().map(OwnedClick::csv).collect::<Vec<_>>());
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    let settled = run.settled(clicks.len()).await;
    let question = of_recent(&settled.recent[0]);
    let stored = followed(&mut run, &question, |answer| answer.stored.is_some()).await.stored.expect("stored");
    for passing in [stored.counted, stored.written, stored.indexed] {
        assert!(matches!(passing, Passing::At(_)), "{stored:?}");
    }
    run.end().await;
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    let stored = followed(&mut run, &question, |answer| answer.stored.is_some()).await.stored.expect("still stored");
    assert!(matches!((stored.written, stored.indexed), (Passing::By(_), Passing::Unknown)), "{stored:?}");
    run.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reject_leads_to_its_message_and_one_that_kafka_does_not_have_is_said() {
    let (data, broker) = (Data::new(), broker());
    put(&broker, &[b"no click at all".to_vec(), vec![0, 1, 2, 0xff]]);
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    run.command(Command::Ask(Question::Rejects(RejectsQuestion { limit: 10 }))).await;
    let rows = |snapshot: &Snapshot| snapshot.answers.rejects.as_ref().and_then(|answer| answer.found.clone().ok());
    let snapshot =
        run.until("two rejects", |snapshot| rows(snapshot).is_some_and(|rejects| rejects.rows.len() == 2)).await;
    let rejects = rows(&snapshot).expect("just seen").rows;
    let of = |offset| MessageOrigin { topic: TOPIC.to_owned(), partition: Some(0), offset: Some(offset) };
    for (row, wanted) in rejects.iter().rev().zip(["no click at all", "00 01 02 ff"]) {
        let origin = MessageOrigin { topic: row.topic.clone(), partition: row.partition, offset: row.offset };
        let question = ClickQuestion { click: None, message: Some(origin) };
        let answer = followed(&mut run, &question, |answer| answer.message.is_some()).await;
        assert_eq!((answer.stored, answer.document), (None, None));
        assert_eq!(answer.message.expect("asked for").expect("there").payload, wanted);
    }
    let absent = ClickQuestion { click: None, message: Some(of(7)) };
    let answer = followed(&mut run, &absent, |answer| answer.message.is_some()).await;
    assert_eq!(answer.message, Some(Err("Kafka does not have it: partition 0 ends at offset 2".to_owned())));
    let elsewhere = MessageOrigin { topic: "secrets".to_owned(), ..of(0) };
    let question = ClickQuestion { click: None, message: Some(elsewhere) };
    let answer = followed(&mut run, &question, |answer| answer.message.is_some()).await;
    assert_eq!(answer.message, Some(Err("it is from another topic, secrets".to_owned())));
    run.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_shown_where_users_are_hidden() {
    let (data, broker) = (Data::new(), broker());
    put(&broker, &[b"no click at all".to_vec()]);
    let mut options = options(&broker);
    let secret = clicktop::secret::Secret::new("a key that is long enough for everybody");
    let pseudonyms = clicktop::enrich::Pseudonyms::new(&secret, std::path::Path::new("key"));
    options.kafka.pseudonyms = Some(pseudonyms.expect("long enough"));
    let mut run = Run::start(options, &data, Arc::clone(&embedded(&data)) as _);
    let message = Some(MessageOrigin { topic: TOPIC.to_owned(), partition: Some(0), offset: Some(0) });
    let question = ClickQuestion { click: None, message };
    let answer = followed(&mut run, &question, |answer| answer.message.is_some()).await;
    assert!(answer.message.expect("asked for").unwrap_err().contains("privacy.users"));
    run.end().await;
}
