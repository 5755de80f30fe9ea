//! What the engine knows of a click or a message beyond its row: when the stages passed it on, the clicks of its user, its document, and the
//! message in Kafka.

use std::time::Duration;

use super::content::{Details, Tone};
use crate::click::Timestamp;
use crate::console::format::{bytes, count, duration, seconds};
use crate::protocol::Snapshot;
use crate::protocol::board::RecentClick;
use crate::protocol::follow::*;

/// What was found for `question`, if it is answered.
pub(super) fn answer_to<'a>(
    question: Option<&ClickQuestion>,
    snapshot: &'a Snapshot,
) -> Option<&'a Result<FollowedClick, String>> {
    let answer = snapshot.answers.click.as_deref()?;
    (Some(&answer.asked) == question).then_some(&answer.found)
}

/// The way of the click through the stages: each time, and how long after the one before.
pub(super) fn way(details: &mut Details, click: &RecentClick, found: Option<&FollowedClick>) {
    let message = found.and_then(|found| found.message.as_ref()?.as_ref().ok());
    let stored = found.and_then(|found| found.stored.as_ref());
    let at = |time: Option<Timestamp>| time.map(Passing::At);
    let steps = [
        ("sent", at(message.and_then(|message| message.timestamp))),
        ("read", at(click.read)),
        ("stored", at(click.stored)),
        ("counted", stored.map(|stored| stored.counted)),
        ("written", stored.map(|stored| stored.written)),
        ("indexed", stored.map(|stored| stored.indexed)),
    ];
    details.blank();
    let mut before = None;
    for (label, passing) in steps {
        let (time, words) = match passing {
            None | Some(Passing::Unknown) => continue,
            Some(Passing::NotYet) => (None, "not yet".to_owned()),
            Some(Passing::At(at)) => (Some(at), at.to_string()),
            Some(Passing::By(at)) => (Some(at), format!("{at} at the latest")),
        };
        let after = before.zip(time).map_or_else(String::new, |(before, time)| format!("  {}", gap(before, time)));
        let note = match label {
            "stored" => {
                stored.map_or_else(String::new, |stored| format!("  click {}", count(stored.number.unsigned_abs())))
            }
            "written" => "  in the figures".to_owned(),
            _ => String::new(),
        };
        details.fact(label, format!("{words}{after}{note}"), Tone::Plain);
        before = time.or(before);
    }
}

/// The clicks of the user before and after the click.
pub(super) fn neighbours(details: &mut Details, stored: &FollowedStored, snapshot: &Snapshot) {
    let at = stored.click.timestamp;
    details.text(&format!("clicks of {}", stored.click.user_id), Tone::Dim);
    let line = |click: &UserClick| format!("{}  {}  {}", gap(at, click.timestamp), click.url, click.country);
    if let Some(since) = stored.searched.since {
        details.fact("", format!("not looked for before {since}"), Tone::Dim);
    }
    for click in stored.before.iter().rev() {
        details.fact("before", line(click), Tone::Plain);
    }
    details.fact("this one", format!("{}  {}", stored.click.url, stored.click.country), Tone::Warn);
    for click in &stored.after {
        details.fact("after", line(click), Tone::Plain);
    }
    if let Some(until) = stored.searched.until {
        details.fact("", format!("not looked for after {until}"), Tone::Dim);
    } else if stored.after.is_empty() {
        // The newest click is "now", as everywhere in the console.
        let now = snapshot.recent.iter().map(|click| click.timestamp).max();
        let may_come = stored.next_until.zip(now).is_some_and(|(until, now)| now <= until);
        if may_come {
            details.fact("after", "none yet: the next click will tell its time spent", Tone::Dim);
        } else {
            details.fact("", "no later click within the session timeout: its time spent is unknown", Tone::Dim);
        }
    }
}

/// The document with the click.
pub(super) fn document(details: &mut Details, document: &Result<Option<IndexedDocument>, String>) {
    details.text("its document in the index", Tone::Dim);
    match document {
        Err(problem) => details.fact("", problem.clone(), Tone::Warn),
        Ok(None) => details.fact("", "the index has none yet", Tone::Plain),
        Ok(Some(document)) => {
            details.fact("_id", document.id.clone(), Tone::Plain);
            let of = |n: u64, one: &str, many: &str| format!("{} {}", count(n), if n == 1 { one } else { many });
            let figures = format!(
                "{}, {}, {} avg time",
                of(document.clicks, "click", "clicks"),
                of(document.unique_users, "user", "users"),
                seconds(document.avg_time_spent)
            );
            details.fact("figures", figures, Tone::Plain);
            details.fact("computed", document.updated_at.to_string(), Tone::Plain);
            details.fact("version", document.version.to_string(), Tone::Dim);
        }
    }
}

/// The message in Kafka.
pub(super) fn message(details: &mut Details, message: Option<&Result<KafkaMessage, String>>) {
    details.text("its message in Kafka", Tone::Dim);
    let message = match message {
        None => return details.fact("", "asking Kafka…", Tone::Dim),
        Some(Err(problem)) => return details.fact("", problem.clone(), Tone::Warn),
        Some(Ok(message)) => message,
    };
    around_payload(details, message);
    details.fact("size", size(message), Tone::Dim);
    details.text(&message.payload, Tone::Plain);
}

/// What Kafka keeps beside the payload of a message.
pub(super) fn around_payload(details: &mut Details, message: &KafkaMessage) {
    details.fact("key", message.key.clone().unwrap_or_default(), Tone::Plain);
    for (name, value) in &message.headers {
        details.fact("header", format!("{name}: {value}"), Tone::Plain);
    }
}

/// How large the payload is, and how it is shown.
pub(super) fn size(message: &KafkaMessage) -> String {
    let shown = if message.is_text { message.payload.len() } else { message.payload.split(' ').count() } as u64;
    let kind = if message.is_text { "" } else { ", no text: in hexadecimal digits" };
    let part = if message.payload_bytes > shown {
        format!(", of which the first {} are shown", bytes(shown))
    } else {
        String::new()
    };
    format!("{}{kind}{part}", bytes(message.payload_bytes))
}

/// `+150 ms`, `-2.1 min`
fn gap(from: Timestamp, to: Timestamp) -> String {
    let millis = to.as_millis().saturating_sub(from.as_millis());
    if millis == 0 {
        return "+0 ms".to_owned();
    }
    let sign = if millis < 0 { "-" } else { "+" };
    format!("{sign}{}", duration(Duration::from_millis(millis.unsigned_abs())))
}
