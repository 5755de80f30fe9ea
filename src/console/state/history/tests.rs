//! What the chart is told of what the counters told.

use std::time::SystemTime;

use proptest::prelude::*;

use super::ring::Slot;
use super::*;
use crate::engine::local::stage::not_started;

fn at(seconds: f64, processed: u64, state: StageState) -> Snapshot {
    let mut snapshot = Snapshot {
        at: Some(SystemTime::UNIX_EPOCH),
        uptime: Duration::from_secs_f64(seconds),
        stages: not_started(),
        ..Snapshot::default()
    };
    snapshot.stages["store"].state = state;
    snapshot.stages["store"].processed = processed;
    snapshot
}

fn series(history: &History, window: u64, points: usize) -> Vec<Option<f64>> {
    let points = history.series(Duration::from_secs(window), points);
    points.into_iter().map(|point| point.rates[1].map(f64::round)).collect()
}

fn rates(history: &History) -> Vec<Option<f64>> {
    series(history, 120, 120)
}

#[test]
fn the_first_snapshot_makes_no_spike() {
    let mut history = History::default();
    history.push(&at(10.0, 5_000_000, StageState::Running));
    assert_eq!(rates(&history), []);
    history.push(&at(11.0, 5_000_100, StageState::Running));
    assert_eq!(rates(&history), [Some(100.0)]);
}

#[test]
fn a_rate_is_over_the_time_that_passed_not_over_the_number_of_snapshots() {
    let mut history = History::default();
    for (seconds, processed) in [(0.0, 0), (0.25, 100), (2.0, 100), (4.0, 300)] {
        history.push(&at(seconds, processed, StageState::Running));
    }
    assert_eq!(rates(&history), [Some(100.0), Some(0.0), Some(100.0), Some(100.0)]);
}

#[test]
fn a_stopped_stage_leaves_a_gap_and_an_idle_one_a_zero() {
    let mut history = History::default();
    for (seconds, processed, state) in [
        (0.0, 0, StageState::Running),
        (1.0, 10, StageState::Running),
        (2.0, 10, StageState::Running),
        (3.0, 15, StageState::Stopped),
        (4.0, 15, StageState::Stopped),
        (5.0, 15, StageState::Running),
        (6.0, 35, StageState::Running),
    ] {
        history.push(&at(seconds, processed, state));
    }
    assert_eq!(rates(&history), [Some(10.0), Some(0.0), None, None, None, Some(20.0)]);
}

#[test]
fn a_gap_is_there_at_every_resolution_and_a_slot_partly_in_it_averages_over_the_time_the_stage_ran() {
    let mut history = History::default();
    let stopped = |second: u32| (3_605..3_730).contains(&second);
    let mut processed = 0;
    for second in 0..=7_200_u32 {
        let state = if stopped(second) { StageState::Stopped } else { StageState::Running };
        processed += if stopped(second) { 0 } else { 40 };
        history.push(&at(second.into(), processed, state));
    }
    // Ten seconds a point: of 125 s and the second on either side, twelve whole slots.
    let tens = series(&history, 6 * 3600, 2160);
    assert_eq!(tens.iter().filter(|rate| rate.is_none()).count(), 12);
    assert!(tens.iter().flatten().all(|rate| *rate == 40.0), "{tens:?}");
    let minutes = series(&history, 24 * 3600, 1440);
    assert_eq!(minutes.iter().filter(|rate| rate.is_none()).count(), 1);
    assert!(minutes.iter().flatten().all(|rate| *rate == 40.0), "{minutes:?}");
}

#[test]
fn a_silence_of_any_length_and_a_new_pipeline_are_survived() {
    let mut history = History::default();
    for second in 0..2_000_u32 {
        history.push(&at(second.into(), u64::from(second) * 7, StageState::Running));
    }
    assert!(rates(&history).iter().all(|rate| *rate == Some(7.0)));
    history.push(&at(1e9, 14_000, StageState::Running));
    assert!(rates(&history).iter().all(|rate| *rate == Some(0.0)));
    history.push(&at(1.0, 3, StageState::Running));
    history.push(&at(2.0, 7, StageState::Running));
    assert_eq!(rates(&history), [Some(4.0)]);
    assert_eq!(history.seen(), Duration::from_secs(1));
}

#[test]
fn a_counter_that_falls_gives_no_rate() {
    let mut history = History::default();
    history.push(&at(0.0, 100, StageState::Running));
    history.push(&at(1.0, 3, StageState::Running));
    assert_eq!(rates(&history), [None]);
}

#[test]
fn fewer_points_average_more_seconds_and_move_all_at_once() {
    let mut history = History::default();
    let pushed = |history: &mut History, second: u32| {
        history.push(&at(second.into(), u64::from(second / 2) * 10, StageState::Running));
        history.series(Duration::from_secs(120), 30)
    };
    for second in 0..160 {
        pushed(&mut history, second);
    }
    let before = pushed(&mut history, 160);
    assert_eq!(before.len(), 31, "one more, at the left edge");
    assert!(before.iter().all(|point| point.rates[1] == Some(5.0)), "{before:?}");
    assert_eq!(before.last().map(|point| point.ago), Some(0.0));
    assert_eq!(before.first().map(|point| point.ago), Some(120.0));
    for second in 161..=164 {
        let after = pushed(&mut history, second);
        assert_eq!(after.len(), 31);
        let places = |points: &[Point]| points.iter().map(|point| point.ago).collect::<Vec<_>>();
        assert_eq!(places(&after), places(&before), "no point ever stands between two places");
    }
}

#[test]
fn what_the_chart_can_span_is_kept_and_no_more() {
    let mut history = History::default();
    history.push(&at(0.0, 0, StageState::Running));
    assert_eq!(history.rings.iter().map(Ring::bytes).collect::<Vec<_>>(), [57_664, 138_304, 92_224]);
    let longest = history.rings.iter().map(Ring::span).max();
    assert_eq!(longest, Some(24 * 3600));
    for (finer, coarser) in RINGS.iter().zip(RINGS.iter().skip(1)) {
        assert!(coarser.0 % finer.0 == 0 && coarser.1 > finer.1);
    }
}

proptest! {
    /// Snapshots at any times, with stops: every ring tells the same number of items, and the same time at work.
    #[test]
    fn every_resolution_tells_the_same_sum(
        steps in prop::collection::vec((0.01_f64..9.0, 0_u64..50_000, prop::bool::weighted(0.85)), 1..120),
        start in 0.0_f64..5_000.0,
    ) {
        let mut history = History::default();
        let (mut now, mut processed, mut expected, mut ran) = (start, 0, 0, true);
        history.push(&at(now, processed, StageState::Running));
        for (wait, items, runs) in steps {
            now += wait;
            processed += items;
            if ran && runs {
                expected += items;
            }
            history.push(&at(now, processed, if runs { StageState::Running } else { StageState::Failed { cause: String::new() } }));
            ran = runs;
        }
        // At most 120 steps of nine seconds: a little more than the finest ring reaches back.
        let kept = history.rings.iter().filter(|ring| now - start < ring.span() as f64);
        let sums: Vec<Slot> = kept.map(|ring| ring.sum(0, u64::MAX)[1]).collect();
        for sum in &sums {
            prop_assert!((sum.items - expected as f64).abs() <= 1e-6 * (1.0 + expected as f64), "{sums:?}, not {expected}");
            prop_assert!((sum.ran - sums[0].ran).abs() < 1e-6, "{sums:?}");
            prop_assert!(sum.ran <= now - start + 1e-6);
        }
    }

    /// However the window and the points are chosen, points are few, in order, and inside the window; rates are never negative.
    #[test]
    fn a_series_is_bounded_whatever_is_asked(
        uptime in 1_u32..200_000,
        window in 1_u64..100_000,
        points in 0_usize..700,
    ) {
        let mut history = History::default();
        for second in [0, uptime / 3, uptime / 2, uptime] {
            history.push(&at(second.into(), second.into(), StageState::Running));
        }
        let series = history.series(Duration::from_secs(window), points);
        prop_assert!(series.len() <= points.max(1) + 2, "{} points", series.len());
        prop_assert!(series.windows(2).all(|pair| pair[0].ago > pair[1].ago));
        prop_assert!(series.iter().all(|point| point.ago <= window as f64));
        prop_assert!(series.iter().all(|point| point.rates[1].is_none_or(|rate| rate >= 0.0)));
    }
}
