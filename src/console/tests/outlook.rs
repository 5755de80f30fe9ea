//! Where the backlog goes, on the screen.

use std::time::Duration;

use super::{Console, fixture};
use crate::protocol::outlook::{LagTrend, Loss, Outlook};
use crate::protocol::snapshot::{PartitionStatus, Snapshot};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 40), (80, 24), (60, 16)];

fn with(outlook: Outlook) -> Snapshot {
    Snapshot { outlook, ..fixture::running() }
}

#[test]
fn the_stage_that_reads_tells_when_its_backlog_is_cleared() {
    let clears = Some(Duration::from_secs(192));
    let outlook = Outlook { growth: Some(-400), trend: Some(LagTrend::Shrinks), clears, ..Outlook::default() };
    for (width, height) in SIZES {
        let screen = Console::new(width, height).show_with_history(&with(outlook)).screen();
        let told = screen.contains("clears in 3m12s") || screen.contains("3m12s left");
        assert!(told || width == 60, "{width}x{height}\n{screen}");
    }
}

#[test]
fn a_backlog_that_grows_says_how_fast_and_an_unknown_one_says_nothing() {
    let outlook = Outlook { growth: Some(1_234), trend: Some(LagTrend::Grows), ..Outlook::default() };
    for (width, height) in [(200, 60), (120, 40), (80, 24)] {
        let screen = Console::new(width, height).show_with_history(&with(outlook)).screen();
        assert!(screen.contains("grows 1.23k/s"), "{width}x{height}\n{screen}");
        let unknown = Console::new(width, height).show_with_history(&with(Outlook::default())).screen();
        assert!(!unknown.contains("grows") && !unknown.contains("clears"), "{width}x{height}\n{unknown}");
    }
}

#[test]
fn a_loss_within_a_day_is_in_the_header_and_a_later_one_is_not() {
    let losing = |hours: u64| {
        let loss = Some(Loss { partition: 3, after: Duration::from_secs(hours * 3_600) });
        Console::new(120, 40).show_with_history(&with(Outlook { loss, ..Outlook::default() })).screen()
    };
    assert!(losing(2).contains("PARTITION 3 LOSES DATA IN 2H"), "{}", losing(2));
    assert!(!losing(50).contains("LOSES DATA"));
}

#[test]
fn a_replay_tells_what_remains() {
    let outlook = Outlook { remaining: Some(Duration::from_secs(75)), ..Outlook::default() };
    let screen = Console::new(200, 60).show_with_history(&with(outlook)).screen();
    assert!(screen.contains("1m15s left"), "{screen}");
}

#[test]
fn each_partition_tells_how_far_it_is_behind_and_when_it_loses_messages() {
    let mut snapshot = fixture::running();
    let status = PartitionStatus {
        partition: 3,
        lag: Some(9_000),
        behind: Some(Duration::from_millis(42_400)),
        growth: Some(120),
        loses_in: Some(Duration::from_secs(7_500)),
        ..PartitionStatus::default()
    };
    let unknown = PartitionStatus { partition: 4, lag: Some(7), ..PartitionStatus::default() };
    snapshot.partitions = [status, unknown].into();
    let mut console = Console::new(120, 40);
    let screen = console.show_with_history(&snapshot).press("F2").screen();
    for told in ["behind", "~42 s", "+120/s", "loses in", "2h05m", "—"] {
        assert!(screen.contains(told), "{told}\n{screen}");
    }
}
