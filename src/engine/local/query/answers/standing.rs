//! Questions that the engine answers again and again, as long as a front wants to know.

use std::time::{Duration, Instant};

use crate::engine::front::FrontId;

/// How often the answer to a standing question is made anew.
pub(super) const REFRESH: Duration = Duration::from_secs(2);

/// How long a question stands unless it is asked again.
pub(super) const KEPT: Duration = Duration::from_secs(30);

/// Answering takes at most one part in so many of the time.
pub(super) const SHARE: u32 = 4;

/// The newest question of one kind.
#[derive(Debug)]
pub(super) struct Standing<Q> {
    newest: Option<(Q, Instant)>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To be answered from then on.
    Due(Instant),
    /// Somebody is at it.
    InWork,
    /// Nobody has asked for long.
    Lapsed,
}

impl<Q> Default for Standing<Q> {
    fn default() -> Self {
        Self { newest: None, state: State::Lapsed }
    }
}

impl<Q: Clone + PartialEq> Standing<Q> {
    /// Takes a question in; whether there is work to begin at once. The same question again only stands longer.
    pub(super) fn ask(&mut self, question: Q, now: Instant) -> bool {
        let same = self.newest.as_ref().is_some_and(|(newest, _)| *newest == question);
        self.newest = Some((question, now));
        let begins = !same || self.state == State::Lapsed;
        if begins {
            self.state = State::Due(now);
        }
        begins
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Due(at) => Some(at),
            State::InWork | State::Lapsed => None,
        }
    }

    /// The question, if it is time to answer it. Must be followed by [`Standing::answered`].
    pub(super) fn take(&mut self, now: Instant) -> Option<Q> {
        let (question, asked) = self.newest.as_ref()?;
        if self.due().is_none_or(|at| now < at) {
            return None;
        }
        if now.saturating_duration_since(*asked) > KEPT {
            self.state = State::Lapsed;
            return None;
        }
        self.state = State::InWork;
        Some(question.clone())
    }

    /// What was answered is no longer so.
    pub(super) fn again(&mut self) {
        if self.state != State::Lapsed {
            self.state = State::Due(Instant::now());
        }
    }

    /// Whether `question` is the newest.
    fn wants(&self, question: &Q) -> bool {
        self.newest.as_ref().is_some_and(|(newest, _)| newest == question)
    }

    /// The answer to `question` took `took`; whether it is still wanted.
    pub(super) fn answered(&mut self, question: &Q, now: Instant, took: Duration) -> bool {
        let wanted = self.wants(question);
        if wanted && self.state == State::InWork {
            self.state = State::Due(now + REFRESH.max(took.saturating_mul(SHARE)));
        }
        wanted
    }
}

/// The questions of one kind that fronts ask. Equal questions of several fronts are one.
#[derive(Debug)]
pub(super) struct Standings<Q>(Vec<Entry<Q>>);

#[derive(Debug)]
struct Entry<Q> {
    question: Q,
    standing: Standing<Q>,
    askers: Vec<FrontId>,
}

impl<Q> Default for Standings<Q> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<Q: Clone + PartialEq> Standings<Q> {
    /// Takes a question of a front; it takes the place of the front's last one. Whether there is work to begin at once.
    pub(super) fn ask(&mut self, front: FrontId, question: Q, now: Instant) -> bool {
        for entry in self.0.iter_mut().filter(|entry| entry.question != question) {
            entry.askers.retain(|asker| *asker != front);
        }
        self.0.retain(|entry| !entry.askers.is_empty());
        if !self.0.iter().any(|entry| entry.question == question) {
            self.0.push(Entry { question: question.clone(), standing: Standing::default(), askers: Vec::new() });
        }
        let Some(entry) = self.0.iter_mut().find(|entry| entry.question == question) else { return false };
        if !entry.askers.contains(&front) {
            entry.askers.push(front);
        }
        entry.standing.ask(question, now)
    }

    /// A front has gone.
    pub(super) fn leave(&mut self, front: FrontId) {
        for entry in &mut self.0 {
            entry.askers.retain(|asker| *asker != front);
        }
        self.0.retain(|entry| !entry.askers.is_empty());
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0.iter().filter_map(|entry| entry.standing.due()).min()
    }

    /// The question that has waited longest, if it is time to answer one. Must be followed by [`Standings::answered`].
    pub(super) fn take(&mut self, now: Instant) -> Option<Q> {
        loop {
            let due = |entry: &&mut Entry<Q>| entry.standing.due().is_some_and(|at| at <= now);
            let entry = self.0.iter_mut().filter(due).min_by_key(|entry| entry.standing.due())?;
            // One that nobody has asked for long is no longer due, so this comes to an end.
            if let Some(question) = entry.standing.take(now) {
                return Some(question);
            }
        }
    }

    /// What was answered is no longer so.
    pub(super) fn again(&mut self) {
        self.0.iter_mut().for_each(|entry| entry.standing.again());
    }

    /// Whether a front asks `question`.
    pub(super) fn wants(&self, question: &Q) -> bool {
        self.0.iter().any(|entry| entry.question == *question)
    }

    /// The fronts that ask `question`.
    pub(super) fn askers(&self, question: &Q) -> Vec<FrontId> {
        let entry = self.0.iter().find(|entry| entry.question == *question);
        entry.map(|entry| entry.askers.clone()).unwrap_or_default()
    }

    /// The answer to `question` took `took`; the fronts that want it.
    pub(super) fn answered(&mut self, question: &Q, now: Instant, took: Duration) -> Vec<FrontId> {
        let Some(entry) = self.0.iter_mut().find(|entry| entry.question == *question) else { return Vec::new() };
        entry.standing.answered(question, now, took);
        entry.askers.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANT: Duration = Duration::ZERO;

    #[test]
    fn an_answer_is_made_anew_until_nobody_has_asked_for_long() {
        let begin = Instant::now();
        let mut standing = Standing::default();
        assert_eq!(standing.take(begin), None);
        assert!(standing.ask("a", begin));
        assert_eq!(standing.take(begin), Some("a"));
        assert_eq!(standing.take(begin), None, "somebody is at it");
        assert!(standing.answered(&"a", begin, INSTANT));
        assert_eq!(standing.take(begin + REFRESH / 2), None);
        assert_eq!(standing.take(begin + REFRESH), Some("a"));
        assert!(standing.answered(&"a", begin + REFRESH, INSTANT));

        let late = begin + KEPT - REFRESH;
        assert!(!standing.ask("a", late), "asked again, it only stands longer");
        assert_eq!(standing.take(begin + KEPT + REFRESH), Some("a"));
        assert!(standing.answered(&"a", begin + KEPT + REFRESH, INSTANT));
        assert_eq!(standing.take(late + KEPT * 2), None);
        assert_eq!(standing.due(), None, "it has lapsed");
        assert!(standing.ask("a", late + KEPT * 2), "and is answered at once when it is asked again");
    }

    #[test]
    fn a_newer_question_takes_the_place_of_an_older_one_that_is_being_answered() {
        let begin = Instant::now();
        let mut standing = Standing::default();
        standing.ask("a", begin);
        assert_eq!(standing.take(begin), Some("a"));
        assert!(!standing.ask("a", begin), "asking again disturbs nobody");
        assert!(standing.ask("b", begin));
        assert!(!standing.answered(&"a", begin, INSTANT), "nobody wants it any more");
        assert_eq!(standing.take(begin), Some("b"));
    }

    #[test]
    fn what_takes_long_is_done_less_often() {
        let begin = Instant::now();
        let mut standing = Standing::default();
        standing.ask("a", begin);
        standing.take(begin);
        standing.answered(&"a", begin, REFRESH);
        assert_eq!(standing.due(), Some(begin + REFRESH * SHARE));
    }

    const ONE: FrontId = FrontId::OWN;
    const OTHER: FrontId = FrontId::joined(1);

    #[test]
    fn equal_questions_of_two_fronts_are_answered_once_and_told_to_both() {
        let begin = Instant::now();
        let mut standings = Standings::default();
        assert!(standings.ask(ONE, "a", begin));
        assert!(!standings.ask(OTHER, "a", begin), "it is under way already");
        assert_eq!(standings.take(begin), Some("a"));
        assert_eq!(standings.take(begin), None);
        assert_eq!(standings.answered(&"a", begin, INSTANT), [ONE, OTHER]);
    }

    #[test]
    fn each_front_has_its_own_newest_question() {
        let begin = Instant::now();
        let mut standings = Standings::default();
        standings.ask(ONE, "a", begin);
        standings.ask(OTHER, "b", begin);
        assert_eq!(standings.take(begin), Some("a"));
        assert!(standings.ask(ONE, "c", begin));
        assert!(!standings.wants(&"a"), "its front asks something else now");
        assert_eq!(standings.answered(&"a", begin, INSTANT), []);
        assert_eq!(standings.take(begin), Some("b"));
        assert_eq!(standings.answered(&"b", begin, INSTANT), [OTHER]);
        standings.leave(OTHER);
        assert!(!standings.wants(&"b"), "nobody is left who asks");
        assert_eq!(standings.take(begin + KEPT + REFRESH), None, "nobody has asked for long");
        assert_eq!(standings.due(), None);
    }
}
