//! What a forecast tells in the first seconds of a lag.

use std::time::Duration;

use proptest::prelude::*;

use crate::engine::forecast::Forecast;
use crate::engine::local::stage::not_started;
use crate::protocol::Snapshot;
use crate::protocol::outlook::{LagTrend, Outlook};

/// Time between two snapshots, in milliseconds.
const STEP: u64 = 250;

/// Hands a lag to a forecast, a snapshot every quarter of a second.
#[derive(Default)]
struct Told {
    forecast: Forecast,
    uptime: u64,
}

impl Told {
    fn look(&mut self, lag: Option<f64>, rate: f64) -> Outlook {
        let mut stages = not_started();
        stages["ingest"].rate = Some(rate);
        let lag = lag.map(|lag| lag.max(0.0) as u64);
        let mut shown = Snapshot { uptime: Duration::from_millis(self.uptime), stages, lag, ..Snapshot::default() };
        self.uptime += STEP;
        self.forecast.look(&mut shown);
        shown.outlook
    }

    /// A running pipeline without a lag, then one that does not know its lag.
    fn after_a_gap() -> Self {
        let mut told = Self::default();
        for _ in 0..80 {
            told.look(Some(0.0), 1_000.0);
        }
        for _ in 0..40 {
            told.look(None, 0.0);
        }
        told
    }

    /// What is told at each time, in seconds, of a lag that is `lag` then.
    fn over(mut self, seconds: u64, rate: f64, lag: impl Fn(f64) -> f64) -> Vec<(f64, f64, Outlook)> {
        let times = (0..=seconds * 1_000).step_by(STEP as usize).map(|millis| millis as f64 / 1_000.0);
        times.map(|at| (at, lag(at), self.look(Some(lag(at)), rate))).collect()
    }
}

/// A pipeline that works off `backlog` messages, `capacity` a second, while `rate` come in: as seen by one who asks for the ends of the
/// partitions once a second.
#[derive(Clone, Copy, Debug)]
struct CatchUp {
    backlog: f64,
    rate: f64,
    capacity: f64,
    asks_at: f64,
}

impl CatchUp {
    fn lag(self, at: f64) -> f64 {
        let asked = (at - self.asks_at).floor() + self.asks_at;
        (self.backlog + self.rate * asked - self.capacity * at).max(0.0)
    }

    fn clears(self) -> f64 {
        self.backlog / (self.capacity - self.rate)
    }

    /// Checks that the time to clear is told by the fourth second, is right within half of it, and stays until there is no backlog.
    fn check(self, told: Told) -> Result<(), TestCaseError> {
        for (at, lag, outlook) in told.over(self.clears() as u64, self.capacity, |at| self.lag(at)) {
            prop_assert_ne!(outlook.trend, Some(LagTrend::Grows), "at {} s of {:?}", at, self);
            // What is told may be two seconds old.
            let is_backlog = lag > 2.0 * (self.capacity + self.rate);
            if at >= 4.0 && is_backlog {
                let left = self.clears() - at;
                let clears = outlook.clears.map_or(-1.0, |clears| clears.as_secs_f64());
                let is_right = clears >= left * 0.5 && clears <= left * 1.5 + 3.0;
                prop_assert!(is_right, "{} of {} s at {} s of {:?}", clears, left, at, self);
            }
        }
        Ok(())
    }
}

#[test]
fn a_backlog_that_is_cleared_in_eight_seconds_tells_so_by_the_fourth() {
    let eight = CatchUp { backlog: 36_000.0, rate: 3_000.0, capacity: 7_500.0, asks_at: 0.3 };
    for told in [Told::default(), Told::after_a_gap()] {
        let told = told.over(8, eight.capacity, |at| eight.lag(at));
        let (at, _, outlook) = told.iter().find(|(_, _, outlook)| outlook.clears.is_some()).unwrap();
        let clears = outlook.clears.unwrap().as_secs_f64();
        assert!(*at <= 4.0 && (clears - (8.0 - at)).abs() <= (8.0 - at) / 2.0, "{clears} s at {at} s");
    }
}

#[test]
fn a_lag_that_kafka_brings_at_once_is_not_told_to_grow_and_its_fall_is_told() {
    // A producer hands over in two seconds what it has kept, then the pipeline works it off.
    let burst = |at: f64| if at < 2.0 { 22_000.0 * at } else { 44_000.0 - 2_000.0 * (at - 2.0) };
    for told in [Told::default(), Told::after_a_gap()] {
        for (at, lag, outlook) in told.over(17, 5_000.0, burst) {
            assert_ne!(outlook.trend, Some(LagTrend::Grows), "at {at} s");
            if at >= 6.0 && lag > 12_000.0 {
                assert_eq!(outlook.growth, Some(-2_000), "at {at} s");
                assert_eq!(outlook.trend, Some(LagTrend::Shrinks), "at {at} s");
            }
        }
    }
}

#[test]
fn a_catch_up_that_a_busy_machine_stops_is_told_no_longer() {
    // As a demo showed it: a second apart, from the moment when Kafka was back, and then other programs took the processors.
    let lags = [
        0, 11_800, 44_910, 43_079, 42_066, 40_367, 37_701, 35_743, 35_630, 36_632, 38_378, 41_850, 43_524, 45_886,
        49_757, 52_010,
    ];
    let lag = |at: f64| f64::from(lags[(at as usize).min(lags.len() - 1)]);
    let told = Told::after_a_gap().over(15, 4_000.0, lag);
    let trend_at = |second: f64| told.iter().find(|(at, _, _)| *at >= second).and_then(|(_, _, outlook)| outlook.trend);
    assert_eq!((trend_at(4.0), trend_at(7.0)), (None, Some(LagTrend::Shrinks)));
    assert_ne!(trend_at(14.0), Some(LagTrend::Shrinks));
}

#[test]
fn a_lag_that_grows_from_its_beginning_is_told_after_ten_seconds() {
    for (at, _, outlook) in Told::after_a_gap().over(20, 1_000.0, |at| 5_000.0 + 500.0 * at) {
        let trend = (at >= 12.0).then_some(LagTrend::Grows);
        assert!(outlook.trend == trend || (10.0..12.0).contains(&at), "{:?} at {at} s", outlook.trend);
    }
}

proptest! {
    /// Whatever the speed of the machine, if it is at least twice what comes in.
    #[test]
    fn a_catch_up_is_told_by_the_fourth_second_and_does_not_flicker(
        backlog in 5_000_f64..200_000.0, rate in 100_f64..5_000.0, times in 2_f64..20.0, asks_at in 0_f64..1.0, gap in any::<bool>()
    ) {
        let told = if gap { Told::after_a_gap() } else { Told::default() };
        CatchUp { backlog, rate, capacity: rate * times, asks_at }.check(told)?;
    }

    /// A lag that goes up and down by less than a second's work does not shrink, however it does.
    #[test]
    fn a_steady_lag_is_never_told_to_clear(
        lag in 5_000_f64..200_000.0, rate in 1_000_f64..2_000.0, noise in proptest::collection::vec(0_f64..1.0, 41)
    ) {
        let noisy = |at: f64| lag + rate * 0.99 * noise[(at * 4.0) as usize];
        for (at, _, outlook) in Told::after_a_gap().over(9, rate, noisy) {
            prop_assert_eq!((outlook.trend, outlook.clears), (None, None), "at {} s", at);
        }
    }

    /// Batches and ends that are a second old make saws, which are no steady fall.
    #[test]
    fn a_saw_of_batches_is_never_told_to_clear(
        lag in 5_000_f64..200_000.0, rate in 100_f64..2_000.0, every in 0.2_f64..2.5, high in 0.2_f64..1.5, begins in 0_f64..1.0
    ) {
        let falls = |at: f64| lag + rate * every * high * (1.0 - (at / every + begins).fract());
        for (at, _, outlook) in Told::after_a_gap().over(9, rate, falls) {
            prop_assert_eq!((outlook.trend, outlook.clears), (None, None), "at {} s", at);
        }
    }
}
