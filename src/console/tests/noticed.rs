//! What is odd about the events, above the stages.

use std::time::UNIX_EPOCH;

use super::{Console, fixture};
use crate::click::Timestamp;
use crate::protocol::snapshot::{Notice, Snapshot};

/// `snapshot` with something odd that was noticed just now.
fn odd(mut snapshot: Snapshot, text: &str) -> Snapshot {
    let now = snapshot.at.expect("a time").duration_since(UNIX_EPOCH).expect("after 1970");
    let at = Timestamp::from_millis(i64::try_from(now.as_millis()).expect("a time"));
    snapshot.notices = snapshot.notices.iter().cloned().chain([Notice { at, text: text.into() }]).collect();
    snapshot
}

#[test]
fn the_newest_stands_above_the_stages_for_two_minutes_and_steers_nothing() {
    let mut console = Console::new(120, 40);
    let first = odd(fixture::running(), "messages look like gzip");
    console.show(first.clone());
    assert!(console.part(|layout| layout.banner).contains("messages look like gzip"));
    console.show(odd(first, "one \u{1b}[2J user"));
    let banner = console.part(|layout| layout.banner);
    assert!(banner.contains("one \\u{1b}[2J user") && !banner.contains("gzip"), "{banner}");
    console.pass(119);
    assert!(console.screen().contains("one \\u{1b}[2J user"));
    console.pass(2).draw();
    assert!(console.app.display.layout.clone().expect("large enough").banner.is_none());
}

#[test]
fn the_end_of_a_source_goes_before_it() {
    let mut console = Console::new(120, 40);
    console.show(odd(fixture::finished(), "messages look like gzip"));
    let banner = console.part(|layout| layout.banner);
    assert!(banner.contains("finished") && !banner.contains("gzip"), "{banner}");
}

#[test]
fn a_long_one_is_cut_at_the_edge_of_a_narrow_screen() {
    let mut console = Console::new(60, 16);
    console.show(odd(fixture::running(), &"long ".repeat(40)));
    assert!(console.part(|layout| layout.banner).contains("long long"));
}

#[test]
fn that_most_messages_are_no_clicks_is_said_with_the_way_out() {
    let mut console = Console::new(120, 40);
    let mut snapshot = fixture::running();
    snapshot.totals.rejected = snapshot.totals.ingested - 1;
    console.show(snapshot.clone());
    insta::assert_snapshot!("mostly_rejected_120x40", console.part(|layout| layout.banner));
    // What is odd tells more, as long as it is new.
    console.show(odd(snapshot, "messages look like gzip"));
    assert!(console.part(|layout| layout.banner).contains("gzip"));
}
