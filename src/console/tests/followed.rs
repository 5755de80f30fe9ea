//! A click followed through the pipeline, from its row in the recent clicks or in the rejects.

use std::sync::Arc;

use super::{Console, fixture};
use crate::click::Timestamp;
use crate::console::state::panel::Panel;
use crate::protocol::answer::Answer;
use crate::protocol::follow::*;
use crate::protocol::snapshot::Snapshot;
use crate::protocol::{Command, Question};

/// The question of the console about the second of the recent clicks.
fn question(snapshot: &Snapshot) -> ClickQuestion {
    let click = &snapshot.recent[1];
    ClickQuestion {
        click: Some(ClickName { timestamp: click.timestamp, click_id: click.click_id.clone().expect("an id") }),
        message: click.message.clone(),
    }
}

fn found(snapshot: &Snapshot) -> FollowedClick {
    let click = &snapshot.recent[1];
    let later = |millis| Timestamp::from_millis(click.timestamp.as_millis() + millis);
    let near = |millis: i64, url: &str| UserClick {
        timestamp: later(millis),
        click_id: format!("near {millis}"),
        url: url.into(),
        country: click.country.clone(),
    };
    FollowedClick {
        message: Some(Ok(KafkaMessage {
            key: Some(click.user_id.clone()),
            headers: vec![("trace".into(), "7\u{1b}[31m".into())],
            timestamp: Some(later(3)),
            payload: "click-1,user-00037,2026-01-31T09:29:59.870Z,/products/espresso,DE,Köln,Firefox,Linux,desktop"
                .into(),
            is_text: true,
            payload_bytes: 91,
        })),
        stored: Some(FollowedStored {
            number: 10_640_511,
            click: StoredFields {
                click_id: "click-1".into(),
                user_id: click.user_id.clone(),
                timestamp: click.timestamp,
                url: click.url.clone(),
                country: click.country.clone(),
                city: click.city.clone(),
                browser: "Firefox".into(),
                os: "Linux".into(),
                device: "desktop".into(),
            },
            counted: Passing::At(later(60)),
            written: Passing::At(later(400)),
            indexed: Passing::NotYet,
            before: vec![near(-90_000, "/cart"), near(-100_000, "/")],
            after: vec![near(12_000, "/checkout")],
            searched: SearchedSpan { since: Some(later(-700_000)), until: None },
            next_until: Some(later(1_800_000)),
        }),
        document: Some(Ok(Some(IndexedDocument {
            id: "88af27c9-ec41-5d1b-b6c3-f381dfbfce00".into(),
            version: 1_769_851_800_125,
            clicks: 1_204,
            unique_users: 871,
            avg_time_spent: Some(31.5),
            first_seen: later(-9_000_000),
            last_seen: later(0),
            updated_at: later(350),
        }))),
    }
}

/// A console with the details of the second recent click open.
fn opened(width: u16, height: u16, snapshot: &Snapshot) -> Console {
    let mut console = Console::new(width, height);
    console.show(snapshot.clone());
    console.app.overview.focus = Panel::Activity;
    console.press("Down");
    console.sent();
    console.press("Enter");
    console
}

fn answered(snapshot: &Snapshot, found: Result<FollowedClick, String>) -> Snapshot {
    let mut snapshot = snapshot.clone();
    snapshot.answers.click = Some(Arc::new(Answer { asked: question(&snapshot), found }));
    snapshot
}

#[test]
fn enter_on_a_recent_click_asks_for_it_and_shows_where_it_came_from_and_where_it_went() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let snapshot = fixture::running();
        let mut console = opened(width, height, &snapshot);
        assert_eq!(console.sent(), [Command::Ask(Question::Click(question(&snapshot)))]);
        assert!(console.screen().contains("clicks [3] @ 999"), "{}", console.screen());
        console.show(answered(&snapshot, Ok(found(&snapshot))));
        insta::assert_snapshot!(format!("followed_{width}x{height}"), console.screen());
        let seen = |console: &mut Console| {
            let mut seen = console.screen();
            for _ in 0..6 {
                console.press("PgDn");
                seen.push_str(&console.screen());
            }
            seen
        };
        let seen = seen(&mut console);
        for part in [
            "10,640,511",
            "not yet",
            "/cart",
            "this one",
            "/checkout",
            "not looked for before",
            "88af27c9-ec41-5d1b-b6c3-f381dfbfce00",
            "1,204 clicks, 871 users",
            "user-00037",
            "trace: 7",
        ] {
            assert!(seen.contains(part), "{part} at {width}×{height}:\n{seen}");
        }
        assert!(!seen.contains('\u{1b}'));
    }
}

#[test]
fn what_is_not_there_is_said_in_its_place() {
    let snapshot = fixture::running();
    let mut console = opened(120, 40, &snapshot);
    assert!(console.screen().contains("looking for it in store, index and Kafka…"));
    let gone = FollowedClick {
        message: Some(Err("Kafka has deleted it: partition 3 begins at offset 1000".into())),
        ..FollowedClick::default()
    };
    console.show(answered(&snapshot, Ok(gone)));
    let screen = console.screen();
    assert!(screen.contains("the store does not have it") && screen.contains("begins at offset 1000"), "{screen}");
    console.show(answered(&snapshot, Err("the database is locked".into())));
    assert!(console.screen().contains("the database is locked"));
    let unreachable =
        FollowedClick { document: Some(Err("https://search:9200 is unreachable".into())), ..found(&snapshot) };
    console.show(answered(&snapshot, Ok(unreachable)));
    assert!(console.screen().contains("https://search:9200 is unreachable"));
}

#[test]
fn the_question_is_asked_again_while_the_details_are_open() {
    let snapshot = fixture::running();
    let mut console = opened(120, 40, &snapshot);
    console.sent();
    let asks = |console: &mut Console| console.sent().contains(&Command::Ask(Question::Click(question(&snapshot))));
    console.pass(1);
    assert!(asks(&mut console));
    console.press("Esc").pass(1);
    assert!(!asks(&mut console), "nobody looks any more");
}

#[test]
fn a_reject_asks_for_its_message() {
    let mut console = Console::new(120, 40);
    console.show(fixture::knowing()).press("F4 Down");
    console.sent();
    console.press("Enter");
    let message = MessageOrigin { topic: "clicks".into(), partition: Some(1), offset: Some(3_097_544) };
    let asked = ClickQuestion { click: None, message: Some(message) };
    assert_eq!(console.sent(), [Command::Ask(Question::Click(asked.clone()))]);
    assert!(console.screen().contains("in Kafka  asking…"));
    let mut snapshot = fixture::knowing();
    let message = KafkaMessage { payload: "00 ff".into(), payload_bytes: 2, ..KafkaMessage::default() };
    let found = FollowedClick { message: Some(Ok(message)), ..FollowedClick::default() };
    snapshot.answers.click = Some(Arc::new(Answer { asked, found: Ok(found) }));
    console.show(snapshot);
    assert!(console.screen().contains("2 B, no text: in hexadecimal digits"), "{}", console.screen());
}

#[test]
fn a_click_whose_next_one_may_still_come_has_none_yet_and_is_unknown_only_once_it_is_too_late() {
    let snapshot = fixture::running();
    let mut console = opened(120, 40, &snapshot);
    let click = snapshot.recent[1].timestamp.as_millis();
    for (session_timeout, says) in [
        (1_800_000, "none yet: the next click will tell its time spent"),
        (10, "no later click within the session timeout: its time spent is unknown"),
    ] {
        let mut found = found(&snapshot);
        let stored = found.stored.as_mut().expect("stored");
        stored.after.clear();
        stored.next_until = Some(Timestamp::from_millis(click + session_timeout));
        console.show(answered(&snapshot, Ok(found)));
        assert!(console.screen().contains(says), "{}", console.screen());
    }
}
