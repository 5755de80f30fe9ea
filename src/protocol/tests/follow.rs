//! A followed click with a value in every field.

use std::sync::Arc;

use super::AT;
use crate::protocol::answer::Answer;
use crate::protocol::follow::*;

pub(super) fn question() -> ClickQuestion {
    ClickQuestion {
        click: Some(ClickName { timestamp: AT, click_id: "c1".into() }),
        message: Some(MessageOrigin { topic: "clicks".into(), partition: Some(3), offset: Some(42) }),
    }
}

pub(super) fn answer() -> Arc<Answer<ClickQuestion, FollowedClick>> {
    let near = |click_id: &str| UserClick {
        timestamp: AT,
        click_id: click_id.into(),
        url: "/cart".into(),
        country: "FR".into(),
    };
    let message = KafkaMessage {
        key: Some("u1".into()),
        headers: vec![("trace".into(), "7".into())],
        timestamp: Some(AT),
        payload: "{}".into(),
        is_text: true,
        payload_bytes: 2,
    };
    let stored = FollowedStored {
        number: 12,
        click: StoredFields {
            click_id: "c1".into(),
            user_id: "u1".into(),
            timestamp: AT,
            url: "/cart".into(),
            country: "FR".into(),
            city: "Paris".into(),
            browser: "Firefox".into(),
            os: "Linux".into(),
            device: "desktop".into(),
        },
        counted: Passing::At(AT),
        written: Passing::By(AT),
        indexed: Passing::NotYet,
        before: vec![near("c0")],
        after: vec![near("c2")],
        searched: SearchedSpan { since: Some(AT), until: None },
        next_until: Some(AT),
    };
    let document = IndexedDocument {
        id: "88af27c9-ec41-5d1b-b6c3-f381dfbfce00".into(),
        version: 7,
        clicks: 3,
        unique_users: 2,
        avg_time_spent: Some(1.5),
        first_seen: AT,
        last_seen: AT,
        updated_at: AT,
    };
    let found = FollowedClick { message: Some(Ok(message)), stored: Some(stored), document: Some(Ok(Some(document))) };
    Arc::new(Answer { asked: question(), found: Ok(found) })
}
