//! The thread that counts breakdowns. It has a reading connection of its own, because a count of many clicks takes seconds.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

use super::questions::Shared;
use crate::click::Timestamp;
use crate::engine::local::query::board::Limits;
use crate::engine::local::query::breakdown::{BreakdownCount, BreakdownError, CountEnd, Covered};
use crate::protocol::answer::Answer;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion};
use crate::storage::{Reader, Storage};

/// A count may take half of the time that another answer may take.
const SHARES: u32 = 2;

/// How often a front hears how far a first count is.
const PROGRESS: Duration = Duration::from_millis(500);

/// The counting thread. The reader is declared, and so dropped, before the storage: whoever closes the database last must be able to
/// write, to tidy it up.
pub(super) struct Breakdowns {
    shared: Arc<Shared>,
    session_timeout_ms: i64,
    limits: Limits,
    reader: Option<Reader>,
    /// The newest count of each question that somebody asks.
    known: Vec<Known>,
    /// How often everything had been forgotten when `known` was counted.
    resets: u64,
    storage: Arc<Storage>,
}

struct Known {
    question: BreakdownQuestion,
    covered: Covered,
    breakdown: Breakdown,
}

/// A count that is no longer of use: nobody asks, everything was forgotten, or the engine ends.
struct GivenUp;

impl Breakdowns {
    pub(super) fn new(shared: Arc<Shared>, storage: Arc<Storage>, session_timeout_ms: i64, limits: Limits) -> Self {
        Self { shared, session_timeout_ms, limits, reader: None, known: Vec::new(), resets: 0, storage }
    }

    pub(super) fn run(mut self) {
        while let Some(question) = self.next() {
            let begin = Instant::now();
            let resets = self.shared.resets.load(SeqCst);
            if resets != self.resets {
                // The numbers in the database mean others now.
                (self.resets, self.reader) = (resets, None);
                self.known.clear();
            }
            let Ok(found) = self.count(&question) else { continue };
            let found = found.map_err(|error| error.to_string());
            let mut questions = self.shared.questions.lock();
            questions.breakdown.answered(&question, Instant::now(), begin.elapsed() * SHARES);
            drop(questions);
            self.tell(&question, found);
        }
    }

    /// Waits for a question; `None` at the end.
    fn next(&mut self) -> Option<BreakdownQuestion> {
        let shared = Arc::clone(&self.shared);
        let mut questions = shared.questions.lock();
        loop {
            if shared.ended.load(Relaxed) {
                return None;
            }
            if let Some(question) = questions.breakdown.take(Instant::now()) {
                self.known.retain(|known| questions.breakdown.wants(&known.question));
                return Some(question);
            }
            match questions.breakdown.due() {
                Some(due) => drop(shared.breakdown_asked.wait_until(&mut questions, due)),
                None => {
                    // Nobody asks: nothing is kept.
                    (self.known, self.reader) = (Vec::new(), None);
                    shared.breakdown_asked.wait(&mut questions);
                }
            }
        }
    }

    /// Counts the answer to `question`, unless it becomes useless meanwhile.
    fn count(&mut self, question: &BreakdownQuestion) -> Result<Result<Breakdown, BreakdownError>, GivenUp> {
        let mut reader = match self.reader.take().map_or_else(|| self.storage.reader(), Ok) {
            Ok(reader) => reader,
            Err(error) => return Ok(Err(error.into())),
        };
        let counted = self.count_with(question, &mut reader);
        // After an error the next count opens another.
        if let Ok(Ok(_)) = &counted {
            self.reader = Some(reader);
        }
        counted
    }

    fn count_with(
        &mut self,
        question: &BreakdownQuestion,
        reader: &mut Reader,
    ) -> Result<Result<Breakdown, BreakdownError>, GivenUp> {
        let begun = Covered::by(question, Timestamp::now(), reader).and_then(|covered| {
            let Some(covered) = covered else { return Ok(None) };
            let count = BreakdownCount::begin(question, covered, self.session_timeout_ms, self.limits, reader)?;
            Ok(Some((covered, count)))
        });
        let (covered, mut count) = match begun {
            Ok(Some(begun)) => begun,
            Ok(None) => return Ok(Ok(Breakdown::default())),
            Err(error) => return Ok(Err(error.into())),
        };
        let known = self.known.iter().find(|known| known.question == *question);
        if let Some(known) = known.filter(|known| known.covered == covered) {
            return Ok(Ok(known.breakdown.clone()));
        }
        let (is_first, mut told) = (known.is_none(), Instant::now());
        loop {
            match count.go_on(reader) {
                Ok(CountEnd::Done) => break,
                Ok(CountEnd::TimeUp) if self.is_useless(question) => return Err(GivenUp),
                Ok(CountEnd::TimeUp) => {
                    if is_first && told.elapsed() >= PROGRESS {
                        told = Instant::now();
                        let counted_percent = Some(count.percent());
                        self.tell(question, Ok(Breakdown { counted_percent, ..Breakdown::default() }));
                    }
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        let breakdown = match count.finish(reader) {
            Ok(breakdown) => breakdown,
            Err(error) => return Ok(Err(error.into())),
        };
        self.known.retain(|known| known.question != *question);
        self.known.push(Known { question: question.clone(), covered, breakdown: breakdown.clone() });
        Ok(Ok(breakdown))
    }

    fn is_useless(&self, question: &BreakdownQuestion) -> bool {
        self.shared.ended.load(Relaxed)
            || self.shared.resets.load(SeqCst) != self.resets
            || !self.shared.questions.lock().breakdown.wants(question)
    }

    /// Puts an answer where the fronts that ask see it, unless it is about what has been forgotten since.
    fn tell(&self, question: &BreakdownQuestion, found: Result<Breakdown, String>) {
        let answer = Arc::new(Answer { asked: question.clone(), found });
        // No front leaves meanwhile, because the questions are locked.
        let questions = self.shared.questions.lock();
        let mut answers = self.shared.answers.lock();
        if self.shared.resets.load(SeqCst) == self.resets {
            for front in questions.breakdown.askers(question) {
                answers.entry(front).or_default().breakdown = Some(Arc::clone(&answer));
                self.shared.news.notify_one();
            }
        }
    }
}
