//! The processor time of a thread.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// What the thread that made it has worked since. Time in which the thread waits for a processor does not count: on a loaded
/// machine, a thread that rests for three times the time that passed would get far less than a quarter of the little that is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkTime {
    begin: Duration,
}

impl WorkTime {
    /// Begins now.
    pub(super) fn begin() -> Self {
        Self { begin: worked() }
    }

    /// What the thread has worked since.
    pub(super) fn elapsed(self) -> Duration {
        worked().saturating_sub(self.begin)
    }
}

fn worked() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(tv_sec).unwrap_or(0), u32::try_from(tv_nsec).unwrap_or(0));
    Duration::new(seconds, nanos)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn waiting_is_no_work() {
        let work = WorkTime::begin();
        std::thread::sleep(Duration::from_millis(50));
        assert!(work.elapsed() < Duration::from_millis(25), "{:?}", work.elapsed());
        let begin = Instant::now();
        while work.elapsed() < Duration::from_millis(30) {
            assert!(begin.elapsed() < Duration::from_secs(60), "it works all the time");
        }
    }
}
