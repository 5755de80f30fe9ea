//! What a forecast tells of a pipeline over time.

use std::time::Duration;

use super::*;
use crate::engine::local::stage::not_started;
use crate::protocol::source::{SourceEnd, SourceProgress};

/// The outlook after `last` seconds, of which `of` makes the snapshots.
fn after(last: u64, of: impl Fn(i64) -> Snapshot) -> Snapshot {
    let mut forecast = Forecast::default();
    let mut shown = Snapshot::default();
    for second in 0..=last {
        shown = Snapshot { uptime: Duration::from_secs(second), ..of(i64::try_from(second).unwrap()) };
        forecast.look(&mut shown);
    }
    shown
}

fn lagging(low: i64, stored: i64, high: i64) -> Snapshot {
    let lag = u64::try_from(high - stored).ok();
    let (low, stored, high) = (Some(low), Some(stored), Some(high));
    let partition = PartitionStatus { partition: 3, low, stored, high, lag, ..PartitionStatus::default() };
    let mut stages = not_started();
    stages["ingest"].rate = Some(100.0);
    Snapshot { stages, lag, partitions: [partition].into(), ..Snapshot::default() }
}

#[test]
fn a_backlog_that_shrinks_tells_when_it_is_cleared() {
    let outlook = after(30, |second| lagging(0, 500 * second, 100_000 + 100 * second)).outlook;
    assert_eq!((outlook.growth, outlook.trend), (Some(-400), Some(LagTrend::Shrinks)));
    assert_eq!(outlook.clears, Some(Duration::from_secs(220)));
}

#[test]
fn a_backlog_that_grows_is_never_cleared_and_its_partition_is_behind() {
    let shown = after(40, |second| lagging(0, 1_000, 5_000 + 70 * second));
    let outlook = shown.outlook;
    assert_eq!((outlook.growth, outlook.trend, outlook.clears), (Some(70), Some(LagTrend::Grows), None));
    assert_eq!(shown.partitions[0].growth, Some(70));
    assert_eq!(
        (shown.partitions[0].behind, outlook.behind),
        (Some(Duration::from_secs(40)), Some(Duration::from_secs(40)))
    );
}

#[test]
fn a_lag_that_is_only_the_next_batch_tells_nothing() {
    let outlook = after(30, |second| lagging(0, 100 * second, 100 * second + 150)).outlook;
    assert_eq!((outlook.trend, outlook.clears), (None, None));
    assert_eq!(
        after(30, |second| lagging(0, 100 * second, 100 * second + 5_000)).outlook.trend,
        Some(LagTrend::Steady)
    );
}

#[test]
fn nothing_is_told_before_it_is_known() {
    // A steady fall is known after three to four seconds, all else after ten.
    for (last, falls) in [(2, 500), (9, 0), (9, -500)] {
        let outlook = after(last, |second| lagging(0, 50_000 + falls * second, 100_000)).outlook;
        assert_eq!((outlook.growth, outlook.trend, outlook.clears), (None, None, None), "{falls} after {last} s");
    }
    assert_eq!(after(60, |_| Snapshot::default()).outlook, Outlook::default());
}

#[test]
fn messages_that_kafka_will_delete_unread_are_told_in_time() {
    // Kafka deletes 3,000 messages every five minutes, and nothing is stored.
    let shown = after(1_200, |second| lagging(1_000 + 3_000 * (second / 300), 85_000, 100_000 + 10 * second));
    let loss = Loss { partition: 3, after: Duration::from_secs(7_200) };
    assert_eq!((shown.outlook.loss, shown.partitions[0].loses_in), (Some(loss), Some(loss.after)));
}

#[test]
fn a_replay_tells_what_remains_until_its_end() {
    let replayed = |second: i64, end| {
        let progress = SourceProgress {
            bytes_read: 1_000 * u64::try_from(second).unwrap(),
            bytes_total: Some(100_000),
            end,
            ..SourceProgress::default()
        };
        let mut snapshot = Snapshot::default();
        snapshot.source.progress = Some(progress);
        snapshot
    };
    assert_eq!(after(40, |second| replayed(second, None)).outlook.remaining, Some(Duration::from_secs(60)));
    assert_eq!(after(40, |second| replayed(second, Some(SourceEnd::default()))).outlook.remaining, None);
}

#[test]
fn a_reset_forgets_what_was() {
    let mut forecast = Forecast::default();
    for second in 0..=30 {
        let mut snapshot = Snapshot { uptime: Duration::from_secs(second), ..lagging(0, 0, 9_000) };
        snapshot.resetting = (second == 29).then(|| "stages".to_owned());
        forecast.look(&mut snapshot);
        if second == 30 {
            assert_eq!(snapshot.outlook.growth, None);
        }
    }
}
