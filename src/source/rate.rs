//! A token bucket: a steady rate with small bursts.

use std::time::Duration;

use super::error::DemoError;

/// A producer that was kept from running (a busy machine, a full window) may catch up this much, not more.
const CATCH_UP: f64 = 0.25;

/// Tokens come at a steady rate by a clock that the caller reads.
#[derive(Clone, Debug)]
pub(crate) struct TokenBucket {
    rate: f64,
    tokens: f64,
    /// When `tokens` was right.
    at: Duration,
}

impl TokenBucket {
    /// `rate` tokens a second, the first one at once.
    ///
    /// # Errors
    /// [`DemoError::Rate`] if it is not a number that a producer can keep to.
    pub(crate) fn new(rate: f64) -> Result<Self, DemoError> {
        check_rate(rate)?;
        Ok(Self { rate, tokens: 1.0, at: Duration::ZERO })
    }

    /// Changes the rate; an impossible one is ignored.
    pub(crate) fn set_rate(&mut self, rate: f64) {
        if check_rate(rate).is_ok() {
            self.rate = rate;
        }
    }

    /// Takes a token at `now` (since any fixed moment), or says how long until there is one.
    pub(crate) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.tokens = (self.tokens + elapsed * self.rate).min((self.rate * CATCH_UP).max(1.0));
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        // Rounded up, so that a caller who waits exactly that long finds the token.
        let missing = Duration::try_from_secs_f64((1.0 - self.tokens) / self.rate).unwrap_or(Duration::MAX);
        Err(missing.saturating_add(Duration::from_nanos(1)))
    }
}

/// # Errors
/// [`DemoError::Rate`] for a rate that is not a number from 0.001 to 1,000,000,000.
pub(crate) fn check_rate(rate: f64) -> Result<(), DemoError> {
    if (0.001..=1e9).contains(&rate) { Ok(()) } else { Err(DemoError::Rate(rate.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tokens a caller gets that always waits as long as it is told.
    fn taken_in(bucket: &mut TokenBucket, from: Duration, to: Duration) -> u64 {
        let mut now = from;
        let mut taken = 0;
        while now < to {
            match bucket.take(now) {
                Ok(()) => taken += 1,
                Err(wait) => now += wait,
            }
        }
        taken
    }

    #[test]
    fn a_patient_caller_gets_exactly_the_rate() {
        for rate in [0.5, 1.0, 7.0, 2000.0, 123_456.0] {
            let mut bucket = TokenBucket::new(rate).expect("a rate");
            let taken = taken_in(&mut bucket, Duration::ZERO, Duration::from_secs(10));
            let wanted = rate * 10.0;
            assert!((taken as f64 - wanted).abs() <= 1.0 + wanted * 0.001, "{taken} of {wanted}");
        }
    }

    #[test]
    fn a_long_stall_is_caught_up_by_a_quarter_second_only() {
        let mut bucket = TokenBucket::new(1000.0).expect("a rate");
        let hour = Duration::from_secs(3600);
        let burst = std::iter::from_fn(|| bucket.take(hour).ok()).count();
        assert_eq!(burst, 250);
    }

    #[test]
    fn a_clock_that_stands_still_gives_nothing_more() {
        let mut bucket = TokenBucket::new(10.0).expect("a rate");
        assert_eq!(bucket.take(Duration::ZERO), Ok(()));
        let wait = bucket.take(Duration::ZERO).expect_err("empty");
        assert!(wait >= Duration::from_millis(100) && wait < Duration::from_millis(101), "{wait:?}");
        assert!(bucket.take(Duration::from_millis(50)).is_err());
        assert_eq!(bucket.take(Duration::from_millis(101)), Ok(()));
    }

    #[test]
    fn impossible_rates_are_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
            assert!(matches!(TokenBucket::new(rate), Err(DemoError::Rate(_))), "{rate}");
        }
    }
}
