//! The clock of generated events. It advances with the number of events, and can follow the wall clock.

/// How a day's traffic goes up and down: its mean is 1, its peak at 19:00 and its low at 07:00 UTC, because most people
/// online live east of there.
const DAY_SWING: f64 = 0.5;
const PEAK_HOUR: f64 = 19.0;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Event time in milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub(crate) struct EventClock {
    start: i64,
    /// Since `start`, with the fractions that many events a millisecond need.
    elapsed: f64,
    /// Event time between two events, by the rate alone.
    step: f64,
    /// Rate in this minute over mean rate.
    swing: f64,
    day_curve: bool,
    /// The minute that `swing` is for.
    minute: i64,
}

impl EventClock {
    /// Starts at `start`; `rate` events a second on average, above 0.
    pub(crate) fn new(start: i64, rate: f64, day_curve: bool) -> Self {
        let mut clock = Self { start, elapsed: 0.0, step: 1000.0 / rate, swing: 1.0, day_curve, minute: i64::MIN };
        clock.follow_day();
        clock
    }

    /// The time of the event that comes next.
    pub(crate) fn now(&self) -> i64 {
        // Past the range of i64 the cast stays at its end.
        self.start.saturating_add(self.elapsed as i64)
    }

    /// Goes on by one event, but not past `ceiling`. The time of that event.
    pub(crate) fn tick(&mut self, ceiling: Option<i64>) -> i64 {
        let now = self.now();
        let next = self.elapsed + self.step / self.swing;
        self.elapsed = match ceiling {
            Some(ceiling) => next.min(ceiling.saturating_sub(self.start) as f64).max(self.elapsed),
            None => next,
        };
        self.follow_day();
        now
    }

    /// Jumps forward to `time`; never back.
    pub(crate) fn skip_to(&mut self, time: i64) {
        self.elapsed = self.elapsed.max(time.saturating_sub(self.start) as f64);
        self.follow_day();
    }

    /// Events a second at this moment over the mean.
    pub(crate) fn swing(&self) -> f64 {
        self.swing
    }

    fn follow_day(&mut self) {
        if !self.day_curve {
            return;
        }
        let now = self.now();
        let minute = now.div_euclid(MINUTE_MS);
        if minute != self.minute {
            self.minute = minute;
            self.swing = activity(now, 0, PEAK_HOUR);
        }
    }
}

/// How active people are at `time` in a place `utc_offset` hours east of UTC, over their mean: most in the evening.
pub(crate) fn local_activity(time: i64, utc_offset: i8) -> f64 {
    activity(time, utc_offset, 20.0)
}

/// The highest value that [`local_activity`] has.
pub(crate) const MOST_ACTIVE: f64 = 1.0 + DAY_SWING;

fn activity(time: i64, utc_offset: i8, peak_hour: f64) -> f64 {
    let local = time.saturating_add(i64::from(utc_offset) * 3_600_000);
    let hour = local.rem_euclid(DAY_MS) as f64 / 3_600_000.0;
    1.0 + DAY_SWING * (std::f64::consts::TAU * (hour - peak_hour) / 24.0).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_follows_the_count_without_drift() {
        let mut clock = EventClock::new(1_000, 3000.0, false);
        for _ in 0..3_000_000 {
            clock.tick(None);
        }
        assert!((clock.now() - 1_000 - 1_000_000).abs() <= 1, "{}", clock.now());
    }

    #[test]
    fn a_ceiling_holds_it_and_it_never_goes_back() {
        let mut clock = EventClock::new(0, 10.0, false);
        for _ in 0..100 {
            assert!(clock.tick(Some(500)) <= 500);
        }
        clock.skip_to(2_000);
        assert_eq!(clock.tick(Some(100)), 2_000);
        assert_eq!(clock.now(), 2_000);
        clock.skip_to(5);
        assert_eq!(clock.now(), 2_000);
    }

    #[test]
    fn a_day_has_its_mean_rate_and_its_swing() {
        let mut clock = EventClock::new(0, 10.0, true);
        let mut hours = [0u32; 24];
        while clock.now() < DAY_MS {
            let hour = usize::try_from(clock.tick(None) / 3_600_000).expect("an hour");
            if let Some(count) = hours.get_mut(hour) {
                *count += 1;
            }
        }
        let all: u32 = hours.iter().sum();
        assert!((850_000..=880_000).contains(&all), "{all}");
        assert!(hours[19] > 2 * hours[7], "{hours:?}");
    }
}
