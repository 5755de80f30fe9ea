//! The details of a click.

use super::content::{Details, Tone};
use super::followed;
use crate::console::tables::rejects::place;
use crate::protocol::Snapshot;
use crate::protocol::board::RecentClick;
use crate::protocol::follow::{ClickName, ClickQuestion};

/// What to ask the engine about the click; `None` if the engine does not tell its id.
pub(super) fn question(click: &RecentClick) -> Option<ClickQuestion> {
    let name = ClickName { timestamp: click.timestamp, click_id: click.click_id.clone()? };
    Some(ClickQuestion { click: Some(name), message: click.message.clone() })
}

/// Every field that is known of the click, its way through the stages, its neighbours, its document and its message.
pub(super) fn details(click: &RecentClick, snapshot: &Snapshot) -> Details {
    let question = question(click);
    let answer = followed::answer_to(question.as_ref(), snapshot);
    let found = answer.and_then(|answer| answer.as_ref().ok());
    let stored = found.and_then(|found| found.stored.as_ref());
    let mut details = Details::new("click");
    details.fact("url", click.url.clone(), Tone::Plain);
    details.fact("time", click.timestamp.to_string(), Tone::Plain);
    details.fact("user", click.user_id.clone(), Tone::Plain);
    details.fact("country", click.country.clone(), Tone::Plain);
    details.fact("city", click.city.clone(), Tone::Plain);
    if let Some(stored) = stored {
        let agent = format!("{}, {}, {}", stored.click.browser, stored.click.os, stored.click.device);
        details.fact("agent", agent, Tone::Plain);
    }
    details.fact("id", click.click_id.clone().unwrap_or_default(), Tone::Plain);
    if let Some(message) = &click.message {
        details.fact("from", place(&message.topic, message.partition, message.offset), Tone::Plain);
    }
    followed::way(&mut details, click, found);
    match answer {
        None if question.is_some() => details.text("looking for it in store, index and Kafka…", Tone::Dim),
        None => {}
        Some(Err(problem)) => details.text(problem, Tone::Warn),
        Some(Ok(found)) => {
            match &found.stored {
                None => details.text("the store does not have it (any more)", Tone::Warn),
                Some(stored) => followed::neighbours(&mut details, stored, snapshot),
            }
            if let Some(document) = &found.document {
                followed::document(&mut details, document);
            }
            if click.message.as_ref().is_some_and(|message| message.partition.is_some()) {
                followed::message(&mut details, found.message.as_ref());
            }
        }
    }
    details
}
