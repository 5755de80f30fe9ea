//! What a stage's thread and the supervisor share: the supervisor sends the stop signal, the stage reports its state
//! and counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use parking_lot::{Condvar, Mutex};
use tokio::sync::{Notify, watch};

use crate::engine::status::words::long_time;
use crate::protocol::stage::StageState;
use crate::protocol::to_millis;

/// After a stage has worked for so long, an error that it had before is news again.
const SETTLED: Duration = Duration::from_secs(60);

/// What a stage is asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Work.
    #[default]
    Run,
    /// Finish what the stages before it have handed over, then end.
    Drain,
    /// Finish the step in hand, then end.
    Stop,
}

/// One stage's side of the supervisor. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct StageHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    name: &'static str,
    state: Mutex<StageState>,
    signal: watch::Sender<Signal>,
    /// Nothing more comes for the stage to gather: whatever it has may as well go on now.
    hurried: AtomicBool,
    /// Much more is about to come: what is gathered longer costs less.
    flooded: AtomicBool,
    /// Ends the rest between two rounds.
    hurry: Notify,
    /// Wakes blocking waits; the mutex holds nothing but the condition's turn.
    turn: Mutex<()>,
    changed: Condvar,
    processed: AtomicU64,
    errors: AtomicU64,
    last_error: Mutex<Option<(String, SystemTime)>>,
    trouble: Mutex<Trouble>,
}

/// What the log has told of a stage's trouble.
#[derive(Debug, Default)]
struct Trouble {
    /// When a failure was logged that is not over yet.
    since: Option<Instant>,
    /// Since when the stage works again, after such a failure.
    recovered: Option<Instant>,
    /// Somebody has started the stage since the newest error.
    begun: bool,
}

impl Trouble {
    /// Whether an error that the stage had before is news again.
    fn is_over(&self) -> bool {
        self.begun || self.recovered.is_some_and(|recovered| recovered.elapsed() >= SETTLED)
    }
}

impl StageHandle {
    /// The handle of a stage that has not started; `name` is its id.
    pub(crate) fn new(name: &'static str) -> Self {
        Self(Arc::new(Shared {
            name,
            state: Mutex::default(),
            signal: watch::Sender::default(),
            hurried: AtomicBool::new(false),
            flooded: AtomicBool::new(false),
            hurry: Notify::new(),
            turn: Mutex::default(),
            changed: Condvar::new(),
            processed: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            last_error: Mutex::default(),
            trouble: Mutex::default(),
        }))
    }

    /// The id of the stage.
    pub(crate) fn name(&self) -> &'static str {
        self.0.name
    }

    // The supervisor's side.

    pub(crate) fn send(&self, signal: Signal) {
        let _turn = self.0.turn.lock();
        self.0.signal.send_replace(signal);
        self.0.changed.notify_all();
    }

    /// Tells the stage that nothing more comes to it for now, so that waiting for more to gather gains nothing.
    pub(crate) fn hurry(&self) {
        self.0.hurried.store(true, Ordering::Relaxed);
        self.0.hurry.notify_one();
    }

    /// Tells the stage whether a backlog is being read. While it is, the stage rests as long as it may.
    pub(crate) fn set_flooded(&self, flooded: bool) {
        self.0.flooded.store(flooded, Ordering::Relaxed);
    }

    pub(crate) fn state(&self) -> StageState {
        self.0.state.lock().clone()
    }

    pub(crate) fn processed(&self) -> u64 {
        self.0.processed.load(Ordering::Relaxed)
    }

    pub(crate) fn errors(&self) -> u64 {
        self.0.errors.load(Ordering::Relaxed)
    }

    /// The newest error, and when it happened last.
    pub(crate) fn last_error(&self) -> Option<(String, SystemTime)> {
        self.0.last_error.lock().clone()
    }

    // The stage's side.

    pub(crate) fn signal(&self) -> Signal {
        *self.0.signal.borrow()
    }

    pub(crate) fn set_state(&self, state: StageState) {
        let mut current = self.0.state.lock();
        if current.name() != state.name() {
            tracing::debug!(target: "pipeline", "{}: {} → {}", self.0.name, current.name(), state.name());
        }
        let runs = state == StageState::Running;
        *current = state;
        drop(current);
        if runs {
            self.note_recovery();
        }
    }

    pub(crate) fn starting(&self, doing: impl Into<String>) {
        self.set_state(StageState::Starting { doing: doing.into() });
    }

    pub(crate) fn running(&self) {
        if !matches!(*self.0.state.lock(), StageState::Running) {
            self.set_state(StageState::Running);
        }
    }

    pub(crate) fn draining(&self, waiting_for: impl Into<String>) {
        self.set_state(StageState::Draining { waiting_for: waiting_for.into() });
    }

    /// What was done before counts no more, but for so many items.
    pub(crate) fn forget_processed(&self, but: u64) {
        self.0.processed.store(but, Ordering::Relaxed);
    }

    pub(crate) fn count_processed(&self, items: u64) {
        self.0.processed.fetch_add(items, Ordering::Relaxed);
    }

    /// Logs that the stage works again, if the log has told of its failure.
    fn note_recovery(&self) {
        let mut trouble = self.0.trouble.lock();
        if let Some(since) = trouble.since.take() {
            trouble.recovered = Some(Instant::now());
            let (name, time) = (self.0.name, long_time(since.elapsed()));
            tracing::info!(target: "pipeline", event = "recovery", stage = name, by = "itself", "{name} works again after {time}");
        }
    }

    /// Somebody starts the stage: an error that comes again is news.
    pub(crate) fn begin(&self) {
        *self.0.trouble.lock() = Trouble { begun: true, ..Trouble::default() };
    }

    /// Counts and logs an error. One that repeats is logged once, until the stage has worked for a while.
    pub(crate) fn error(&self, cause: &str) {
        self.0.errors.fetch_add(1, Ordering::Relaxed);
        let now = to_millis(SystemTime::now());
        let mut last = self.0.last_error.lock();
        let mut trouble = self.0.trouble.lock();
        match last.as_mut() {
            Some((known, at)) if known == cause && !trouble.is_over() => *at = now,
            _ => {
                let name = self.0.name;
                tracing::warn!(target: "pipeline", event = "failure", stage = name, "{name}: {cause}");
                *last = Some((cause.to_owned(), now));
                let since = trouble.since.unwrap_or_else(Instant::now);
                *trouble = Trouble { since: Some(since), ..Trouble::default() };
            }
        }
    }

    /// Shows that `cause` keeps the stage from working until the next try, `delay` from now. Counts it as an error.
    pub(crate) fn backing_off(&self, cause: &str, delay: Duration) {
        self.error(cause);
        self.still_backing_off(cause, delay);
    }

    /// The same trouble goes on: the next try is `delay` from now.
    pub(crate) fn still_backing_off(&self, cause: &str, delay: Duration) {
        self.set_state(StageState::BackingOff { cause: cause.to_owned(), until: to_millis(SystemTime::now() + delay) });
    }

    /// Blocks for `time`, or until the signal is no longer the one the caller has `seen`; the signal then.
    pub(crate) fn sleep(&self, seen: Signal, time: Duration) -> Signal {
        let deadline = Instant::now() + time;
        let mut turn = self.0.turn.lock();
        while self.signal() == seen && seen != Signal::Stop {
            if self.0.changed.wait_until(&mut turn, deadline).timed_out() {
                break;
            }
        }
        self.signal()
    }

    /// As [`StageHandle::sleep`], in an async task.
    pub(crate) async fn sleep_async(&self, seen: Signal, time: Duration) -> Signal {
        let mut signals = self.0.signal.subscribe();
        // An elapsed time-out is the ordinary end.
        let _ = tokio::time::timeout(time, signals.wait_for(|signal| *signal != seen || seen == Signal::Stop)).await;
        self.signal()
    }

    /// Whether the stage was told to hurry since it last was asked.
    pub(crate) fn take_hurry(&self) -> bool {
        self.0.hurried.swap(false, Ordering::Relaxed)
    }

    /// Whether much more is about to come.
    pub(crate) fn is_flooded(&self) -> bool {
        self.0.flooded.load(Ordering::Relaxed)
    }

    /// As [`StageHandle::sleep_async`]; being told to hurry ends it, too.
    pub(crate) async fn rest_async(&self, seen: Signal, time: Duration) -> Signal {
        tokio::select! {
            signal = self.sleep_async(seen, time) => signal,
            () = self.0.hurry.notified() => self.signal(),
        }
    }

    /// Resolves once the stage is asked to stop, not merely to drain.
    pub(crate) async fn stopped(&self) {
        let mut signals = self.0.signal.subscribe();
        // The sender lives in `self`, so this cannot fail.
        let _ = signals.wait_for(|signal| *signal == Signal::Stop).await;
    }
}

/// Growing pauses between tries, with jitter: 0.25 s up to 30 s.
#[derive(Debug)]
pub(crate) struct Backoff(ExponentialBackoff);

impl Backoff {
    const LONGEST: Duration = Duration::from_secs(30);

    pub(crate) fn new() -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Self::LONGEST)
            .with_jitter()
            .without_max_times();
        Self(pauses.build())
    }

    pub(crate) fn next(&mut self) -> Duration {
        self.0.next().unwrap_or(Self::LONGEST).min(Self::LONGEST)
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Far longer than a test may take: it only ends in time if the sleep does not last.
    const FOREVER: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_signal_that_came_before_the_sleep_ends_it() {
        let handle = StageHandle::new("index");
        let seen = handle.signal();
        handle.send(Signal::Drain);
        assert_eq!(handle.sleep(seen, FOREVER), Signal::Drain);
        assert_eq!(handle.sleep_async(seen, FOREVER).await, Signal::Drain);
        handle.send(Signal::Stop);
        assert_eq!(handle.sleep(Signal::Stop, FOREVER), Signal::Stop);
        assert_eq!(handle.sleep_async(Signal::Stop, FOREVER).await, Signal::Stop);
        handle.stopped().await;
    }

    #[tokio::test]
    async fn being_told_to_hurry_ends_a_rest_also_if_it_came_before_it() {
        let handle = StageHandle::new("index");
        assert!(!handle.take_hurry());
        handle.hurry();
        assert_eq!(handle.rest_async(Signal::Run, FOREVER).await, Signal::Run);
        assert!(handle.take_hurry() && !handle.take_hurry());
    }

    #[test]
    fn a_drain_can_sleep_between_tries() {
        let handle = StageHandle::new("store");
        handle.send(Signal::Drain);
        assert_eq!(handle.sleep(Signal::Drain, Duration::from_millis(1)), Signal::Drain);
    }

    /// The lines that `act` logs.
    fn logged(act: impl FnOnce()) -> Vec<String> {
        use std::io;

        #[derive(Clone, Default)]
        struct Written(Arc<Mutex<Vec<u8>>>);

        impl io::Write for Written {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().extend_from_slice(bytes);
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || writer.clone());
        tracing::subscriber::with_default(subscriber.finish(), act);
        let text = String::from_utf8_lossy(&written.0.lock()).into_owned();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_failure_and_its_end_are_logged_once_and_again_after_a_start() {
        let handle = StageHandle::new("store");
        let lines = logged(|| {
            handle.running();
            for _ in 0..3 {
                handle.backing_off("the disk is full", Duration::ZERO);
                handle.starting("opening the database");
            }
            handle.running();
            handle.running();
        });
        let [failure, recovery] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(failure.contains("store: the disk is full") && failure.contains("event=\"failure\""), "{failure}");
        assert!(
            recovery.contains("store works again after 0 s") && recovery.contains("event=\"recovery\""),
            "{recovery}"
        );
        let again = || {
            handle.backing_off("the disk is full", Duration::ZERO);
            handle.running();
        };
        assert_eq!(logged(again), [] as [&str; 0], "a stage that only works for a moment does not flood the log");
        assert_eq!(handle.errors(), 4);
        let lines = logged(|| {
            handle.begin();
            again();
        });
        assert_eq!(lines.len(), 2, "after a start, it is news: {lines:?}");
    }

    #[test]
    fn pauses_grow_to_the_longest_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new();
        let first = backoff.next();
        assert!(first <= Duration::from_millis(500), "{first:?}");
        let later = (0..20).map(|_| backoff.next()).last().unwrap();
        assert_eq!(later, Backoff::LONGEST);
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(500));
    }
}
