//! Keeps the reading of records to a rate.

use std::time::{Duration, Instant};

use crate::source::TokenBucket;

/// The pace of a reading.
pub(super) struct Pace {
    /// `None` is as fast as it goes.
    limiter: Option<TokenBucket>,
    began: Instant,
    /// The last record is not paid for.
    owes_token: bool,
}

impl Pace {
    /// `rate` records a second, which was checked before; `None` is as fast as it goes.
    pub(super) fn new(rate: Option<f64>) -> Self {
        let limiter = rate.and_then(|rate| TokenBucket::new(rate).ok());
        Self { limiter, began: Instant::now(), owes_token: false }
    }

    /// How long the next record has to wait; `None` if it may come now.
    #[inline]
    pub(super) fn wait(&mut self) -> Option<Duration> {
        if !self.owes_token {
            return None;
        }
        if let Some(Err(wait)) = self.limiter.as_mut().map(|limiter| limiter.take(self.began.elapsed())) {
            return Some(wait);
        }
        self.owes_token = false;
        None
    }

    /// A record was taken.
    #[inline]
    pub(super) fn took(&mut self) {
        self.owes_token = self.limiter.is_some();
    }
}
