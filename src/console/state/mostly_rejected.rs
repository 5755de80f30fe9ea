//! Whether most of what comes is no click: then the events need a mapping, or another one.

use crate::protocol::Snapshot;
use crate::text::printable;

/// So many must be rejected at least: a few broken messages tell nothing.
const LEAST: u64 = 20;

/// What to say if this run has rejected most of what it took.
pub(crate) fn mostly_rejected(snapshot: &Snapshot) -> Option<String> {
    let (taken, rejected) = (snapshot.totals.ingested, snapshot.totals.rejected);
    if rejected < LEAST || rejected.saturating_mul(2) <= taken {
        return None;
    }
    let percent = rejected.min(taken).saturating_mul(100).checked_div(taken).unwrap_or(100);
    Some(match snapshot.source.topic.as_str() {
        "" => format!("{percent} % of the records are no clicks: `clicktop inspect FILE` finds the settings for them"),
        topic => format!(
            "{percent} % of the messages are no clicks: `clicktop inspect --topic {}` finds the settings for them",
            printable(topic)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(taken: u64, rejected: u64, topic: &str) -> Option<String> {
        let mut snapshot = Snapshot::default();
        (snapshot.totals.ingested, snapshot.totals.rejected) = (taken, rejected);
        snapshot.source.topic = topic.into();
        mostly_rejected(&snapshot)
    }

    #[test]
    fn only_what_is_mostly_no_click_is_said() {
        assert_eq!(said(0, 0, "t"), None);
        assert_eq!(said(19, 19, "t"), None, "too few to tell");
        assert_eq!(said(1_000, 500, "t"), None, "half of them are clicks");
        let topic = said(1_000, 981, "web-events").unwrap();
        assert_eq!(
            topic,
            "98 % of the messages are no clicks: `clicktop inspect --topic web-events` finds the settings for them"
        );
        assert!(said(50, 50, "").unwrap().contains("100 % of the records are no clicks: `clicktop inspect FILE`"));
    }
}
