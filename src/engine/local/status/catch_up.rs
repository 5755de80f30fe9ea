//! The end of a backlog. The stages after ingest wait for more clicks, so that they write less often. Once ingest has read all
//! that its source holds, waiting gains nothing: figures and index may follow at once.
//!
//! A stream without a backlog is at its end again and again, after each message or few. That does not count, so a trickle
//! of messages makes the index commit no more often than its interval says.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::engine::local::stage::Stage;

/// A backlog has at least this many messages: the figures of fewer are written soon anyway.
pub(crate) const BACKLOG_MESSAGES: u64 = 20_000;

/// Reading a backlog takes at least this long.
const BACKLOG_TIME: Duration = Duration::from_secs(1);

/// The shortest time between two ends of a backlog that count: a busy stream may be at its end by chance.
const PAUSE: Duration = Duration::from_secs(30);

/// How long the stages may take to follow. After that, they are stopped, or wait for something else.
const PATIENCE: Duration = Duration::from_secs(20);

/// Follows a backlog from ingest to the index.
#[derive(Debug, Default)]
pub(crate) struct CatchUp(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    backlog: Option<Backlog>,
    /// What still has to follow, and when ingest was at the end.
    rest: Option<(Rest, Instant)>,
    /// When the last backlog ended.
    ended: Option<Instant>,
}

/// What ingest has handed over since it was last at the end of its source.
#[derive(Debug)]
struct Backlog {
    since: Instant,
    messages: u64,
}

#[derive(Clone, Copy, Debug)]
enum Rest {
    /// So many messages have to be stored.
    Store { messages: u64 },
    /// The figures have to count every click up to this one.
    Aggregate { click: i64 },
}

/// How far the stages are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    /// Messages stored in this run.
    pub stored: u64,
    /// The newest stored click.
    pub last_click: i64,
    /// The newest click in the written figures.
    pub aggregated: i64,
}

impl CatchUp {
    /// Ingest has handed over so many messages.
    pub(crate) fn handed_over(&self, messages: u64, now: Instant) {
        let mut inner = self.0.lock();
        inner.backlog.get_or_insert(Backlog { since: now, messages: 0 }).messages += messages;
    }

    /// Whether ingest reads a backlog, or has read one to its end just now.
    pub(crate) fn is_backlog(&self, now: Instant) -> bool {
        self.0.lock().backlog.as_ref().is_some_and(|backlog| backlog.is_large(now))
    }

    /// Ingest is at the end of its source, and has handed over so many messages in this run.
    pub(crate) fn at_the_end(&self, messages: u64, now: Instant) {
        let mut inner = self.0.lock();
        let is_large = inner.backlog.take().is_some_and(|backlog| backlog.is_large(now));
        let is_rare = inner.ended.is_none_or(|ended| now - ended >= PAUSE);
        if is_large && is_rare {
            inner.rest = Some((Rest::Store { messages }, now));
            inner.ended = Some(now);
        }
    }

    /// The stage that still has work with a backlog that was read to its end. The index is named once: it has all of it then.
    pub(crate) fn left(&self, reached: Reached, now: Instant) -> Option<Stage> {
        let mut inner = self.0.lock();
        let (rest, since) = inner.rest?;
        if now - since > PATIENCE {
            inner.rest = None;
            return None;
        }
        let click = match rest {
            Rest::Store { messages } if reached.stored < messages => return Some(Stage::Store),
            Rest::Store { .. } => reached.last_click,
            Rest::Aggregate { click } => click,
        };
        if reached.aggregated < click {
            inner.rest = Some((Rest::Aggregate { click }, since));
            return Some(Stage::Aggregate);
        }
        inner.rest = None;
        Some(Stage::Index)
    }

    /// Every click was erased.
    pub(crate) fn reset(&self) {
        *self.0.lock() = Inner::default();
    }
}

impl Backlog {
    fn is_large(&self, now: Instant) -> bool {
        self.messages >= BACKLOG_MESSAGES && now - self.since >= BACKLOG_TIME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: u64 = 3 * BACKLOG_MESSAGES;

    fn reached(stored: u64, last_click: i64, aggregated: i64) -> Reached {
        Reached { stored, last_click, aggregated }
    }

    /// A backlog that was read in two seconds from `begin`.
    fn read(catch_up: &CatchUp, begin: Instant) -> Instant {
        catch_up.handed_over(BACKLOG_MESSAGES, begin);
        let end = begin + 2 * BACKLOG_TIME;
        catch_up.handed_over(READ - BACKLOG_MESSAGES, end);
        assert!(catch_up.is_backlog(end));
        catch_up.at_the_end(READ, end);
        assert!(!catch_up.is_backlog(end));
        end
    }

    #[test]
    fn each_stage_is_named_until_it_has_followed_and_the_index_once() {
        let catch_up = CatchUp::default();
        let now = read(&catch_up, Instant::now());
        assert_eq!(catch_up.left(reached(READ - 1, 900, 500), now), Some(Stage::Store));
        assert_eq!(catch_up.left(reached(READ, 1_000, 500), now), Some(Stage::Aggregate));
        // Clicks that come later do not keep the index waiting.
        assert_eq!(catch_up.left(reached(READ + 7, 1_007, 999), now), Some(Stage::Aggregate));
        assert_eq!(catch_up.left(reached(READ + 9, 1_009, 1_000), now), Some(Stage::Index));
        assert_eq!(catch_up.left(reached(READ + 9, 1_009, 1_000), now), None);
    }

    #[test]
    fn a_stream_that_is_at_its_end_after_every_message_hurries_nobody() {
        let catch_up = CatchUp::default();
        let mut now = Instant::now();
        for messages in 1..=2 * BACKLOG_MESSAGES {
            catch_up.handed_over(1, now);
            now += Duration::from_millis(50);
            catch_up.at_the_end(messages, now);
            assert_eq!(catch_up.left(reached(messages, 10, 5), now), None);
        }
    }

    #[test]
    fn a_busy_stream_that_is_at_its_end_by_chance_hurries_rarely() {
        let catch_up = CatchUp::default();
        let mut now = Instant::now();
        let mut hurried = 0;
        for _ in 0..60 {
            now = read(&catch_up, now);
            hurried += u32::from(catch_up.left(reached(READ, 1_000, 1_000), now) == Some(Stage::Index));
        }
        assert_eq!(hurried, 4, "in two minutes");
    }

    #[test]
    fn a_stage_that_does_not_follow_is_left_alone_after_a_while() {
        let catch_up = CatchUp::default();
        let now = read(&catch_up, Instant::now());
        assert_eq!(catch_up.left(reached(READ, 1_000, 500), now + PATIENCE), Some(Stage::Aggregate));
        assert_eq!(catch_up.left(reached(READ, 1_000, 500), now + PATIENCE + BACKLOG_TIME), None);
        assert_eq!(catch_up.left(reached(READ, 1_000, 1_000), now), None);
    }

    #[test]
    fn a_reset_forgets_the_backlog() {
        let catch_up = CatchUp::default();
        let now = read(&catch_up, Instant::now());
        catch_up.reset();
        assert_eq!(catch_up.left(reached(0, 0, 0), now), None);
        assert!(!catch_up.is_backlog(now));
    }
}
