//! Panels on the whole screen: what they fill it with, and what stays visible.

use std::sync::Arc;
use std::time::Duration;

use super::{Console, fixture};
use crate::protocol::snapshot::{LogLevel, LogLine, Snapshot};

/// Two minutes in which bulk requests and commits get slower; the search engine refuses some in the middle.
fn working(console: &mut Console, now: &Snapshot) {
    let seconds = now.uptime.as_secs();
    for ago in (0..=120).rev() {
        let mut earlier = now.clone();
        earlier.uptime = Duration::from_secs(seconds - ago);
        let slower = Duration::from_micros(100 * (120 - ago));
        earlier.index.bulk_p50 = Some(Duration::from_micros(3_100) + slower);
        earlier.index.bulk_p99 = Some(Duration::from_micros(12_400) + slower * 3);
        earlier.index.bulks = Some(10_000 - ago * 4);
        earlier.index.retries = Some(if ago > 60 { 0 } else { 3 });
        earlier.store.transaction_p50 = Some(Duration::from_millis(11) + slower);
        earlier.store.transaction_p99 = Some(Duration::from_millis(48) + slower);
        earlier.store.transactions = Some(3_120 - ago * 5);
        earlier.totals.stored -= ago * 20_000;
        let [.., index] = &mut *earlier.stages else { unreachable!("four stages") };
        index.processed -= ago * 2_000;
        console.show(earlier);
    }
}

/// A console with that history, and one error of the index in its log.
fn console(width: u16, height: u16) -> Console {
    let mut console = Console::new(width, height);
    let mut now = fixture::knowing();
    let mut log = now.log.to_vec();
    let line = LogLine {
        at: log[0].at,
        level: LogLevel::Error,
        target: "index".into(),
        message: "bulk request: 503 Service Unavailable \u{1b}[2J".into(),
    };
    log.push(line);
    now.log = Arc::from(log);
    working(&mut console, &now);
    console
}

#[test]
fn the_expanded_index_shows_its_work_over_time_and_its_errors() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = console(width, height);
        console.press("Tab Tab Tab z");
        let screen = console.screen();
        assert!(screen.contains("bulk times") && screen.contains("p99") && screen.contains("p50 15 ms"), "{screen}");
        assert!(screen.contains("health") && screen.contains("retries"), "{screen}");
        if height > 16 {
            assert!(screen.contains("newest errors") && screen.contains("503 Service Unavailable \\u{1b}"), "{screen}");
            assert!(screen.contains("SQLite FTS5 3.51.3)"), "{width}×{height}: {screen}");
        }
        assert_eq!(screen.contains("documents a second"), height > 24, "{screen}");
        insta::assert_snapshot!(format!("expanded_index_{width}x{height}"), screen);
    }
}

#[test]
fn the_expanded_stages_and_the_store_show_commits_over_time() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = console(width, height);
        console.press("1 z");
        let screen = console.screen();
        assert!(screen.contains("throughput"), "{screen}");
        assert_eq!(screen.contains("commit times"), width > 60, "{screen}");
        insta::assert_snapshot!(format!("expanded_stages_{width}x{height}"), screen);
        if height > 24 {
            let screen = console.press("F3").screen();
            assert!(screen.contains("commit times") && screen.contains("in one batch"), "{screen}");
            // 20,000 clicks in 5 commits a second, 2,000 documents in 4 bulk requests.
            assert!(screen.contains("clicks 4k") && screen.contains("documents 500"), "{screen}");
            insta::assert_snapshot!(format!("store_with_charts_{width}x{height}"), screen);
        }
    }
}

#[test]
fn work_over_time_needs_no_colour_and_no_unicode() {
    let mut console = Console::with(120, 40, super::super::theme::Theme::plain(false, true), false);
    working(&mut console, &fixture::knowing());
    let screen = console.press("Tab Tab Tab z").screen();
    assert!(screen.is_ascii() && screen.contains("9p99") && screen.contains("5p50"), "{screen}");
}

#[test]
fn an_expanded_panel_leaves_what_is_wrong_with_a_stage_visible() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        for keys in ["z", "Tab z", "Tab Tab z", "Tab Tab Tab z", "1 z"] {
            let mut console = Console::new(width, height);
            console.show(fixture::failed());
            let screen = console.press(keys).screen();
            assert!(screen.contains("database disk image"), "{keys} at {width}×{height}: {screen}");
        }
    }
    let mut calm = Console::new(80, 24);
    let screen = calm.show(fixture::running()).press("Tab z").screen();
    assert!(!screen.contains("messages this run"), "the row is the panel's while all is well: {screen}");
}
