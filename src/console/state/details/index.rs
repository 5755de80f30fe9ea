//! The details of the search index.

use super::content::{Details, Tone};
use crate::console::format::{bytes, counted, duration};
use crate::protocol::StageState;
use crate::protocol::snapshot::{Health, IndexStatus, Snapshot};

/// The stage that writes to the index, and the name under which it logs.
const STAGE: &str = "index";

/// Log lines about the index that are shown.
const LOG_LINES: usize = 20;

/// Where the index is, how it is, what is wrong with it in full, and every figure.
pub(super) fn details(snapshot: &Snapshot) -> Details {
    let index = &snapshot.index;
    let mut details = Details::new("search index");
    details.fact("target", index.target.clone(), Tone::Plain);
    details.fact("engine", index.engine.clone().unwrap_or_default(), Tone::Plain);
    let (health, tone) = match index.health {
        Health::Unknown => ("not known", Tone::Dim),
        Health::Green => ("green", Tone::Plain),
        Health::Yellow => ("yellow: replicas are missing", Tone::Warn),
        Health::Red => ("red: data is missing", Tone::Bad),
    };
    details.fact("health", health, tone);
    match snapshot.stages.named(STAGE).map(|stage| &stage.state) {
        Some(StageState::BackingOff { cause, .. }) => details.fact("cause", cause.clone(), Tone::Warn),
        Some(StageState::Failed { cause }) => details.fact("cause", cause.clone(), Tone::Bad),
        _ => {}
    }
    figures(&mut details, index);
    details.log_of(STAGE, &snapshot.log, LOG_LINES);
    details
}

fn figures(details: &mut Details, index: &IndexStatus) {
    let counts = [
        ("documents", index.documents, "that the search engine has", "that the search engine has"),
        (
            "waiting",
            index.pending,
            "row whose newest figures are not in the index yet",
            "rows whose newest figures are not in the index yet",
        ),
        (
            "bulks",
            index.bulks,
            "request that the search engine has answered",
            "requests that the search engine has answered",
        ),
        ("sent again", index.retries, "request or document", "requests and documents"),
        ("throttled", index.throttled, "of these after an answer of 429", "of these after an answer of 429"),
        (
            "rejected",
            index.rejected,
            "document that the search engine refused for good",
            "documents that the search engine refused for good",
        ),
        (
            "conflicts",
            index.conflicts,
            "document of which the index had the same or a newer version",
            "documents of which the index had the same or a newer version",
        ),
        ("of others", index.foreign, "document of another database", "documents of another database"),
    ];
    for (label, figure, one, many) in counts {
        if let Some(figure) = figure {
            details.fact(label, counted(figure, one, many), Tone::Plain);
        }
    }
    if let (Some(p50), Some(p99)) = (index.bulk_p50, index.bulk_p99) {
        let text = format!("at most {} for half of the requests, {} for 99%", duration(p50), duration(p99));
        details.fact("bulk time", text, Tone::Plain);
    }
    details.fact("size", index.bytes.map_or_else(String::new, bytes), Tone::Plain);
}
