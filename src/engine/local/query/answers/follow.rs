//! Follows a click: its message in Kafka, the click in the store with those of its user around it, when the stages passed it on, and its
//! document in the index.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use super::questions::Shared;
use crate::click::Timestamp;
use crate::engine::local::stages::ingest::MessageReader;
use crate::engine::local::status::metrics::Metrics;
use crate::protocol::answer::Answer;
use crate::protocol::follow::*;
use crate::search::{Document, SearchIndex};
use crate::storage::follow::{Around, ClickOfUser, FoundClick};
use crate::storage::{ClickKey, Storage, StorageError};

/// Clicks of the user that are shown before the click, and after it.
const SHOWN: usize = 5;

/// Clicks of any user that are read on each side to find them: a quarter of a second.
const SEARCHED: usize = 500_000;

/// What it takes to follow a click.
pub(super) struct Follower {
    pub(super) shared: Arc<Shared>,
    pub(super) storage: Arc<Storage>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) index: Arc<dyn SearchIndex>,
    /// Reads from Kafka; `None` if the clicks come from files.
    pub(super) messages: Option<MessageReader>,
    /// A gap beyond this is no time spent. Milliseconds.
    pub(super) session_timeout_ms: i64,
}

/// A message that was read, and where it came from.
type Read = (MessageOrigin, Option<Result<KafkaMessage, String>>);

impl Follower {
    /// Answers questions until it is aborted.
    pub(super) async fn run(self) {
        let mut read: Option<Read> = None;
        loop {
            let begin = Instant::now();
            let (question, due) = {
                let mut questions = self.shared.questions.lock();
                (questions.click.take(begin), questions.click.due())
            };
            let Some(question) = question else {
                // An elapsed time-out means that the question is due.
                let pause = due.map_or(Duration::MAX, |due| due.saturating_duration_since(begin));
                let _ = tokio::time::timeout(pause, self.shared.click_asked.notified()).await;
                continue;
            };
            let resets = self.shared.resets.load(SeqCst);
            let mut followed = self.stored(&question).await;
            if let Ok(followed) = &mut followed {
                // What is in the store is told before Kafka has answered.
                let known = read.take().filter(|(origin, _)| question.message.as_ref() == Some(origin));
                if let Some((_, message)) = &known {
                    followed.message.clone_from(message);
                } else {
                    self.tell(&question, Ok(followed.clone()), resets, None);
                    followed.message = self.message(question.message.clone()).await;
                }
                read = question.message.clone().map(|origin| (origin, followed.message.clone()));
            }
            self.tell(&question, followed, resets, Some(begin.elapsed()));
        }
    }

    /// Puts an answer where the fronts see it that ask. The last answer of a round says how long all of it took.
    fn tell(
        &self,
        question: &ClickQuestion,
        found: Result<FollowedClick, String>,
        resets: u64,
        took: Option<Duration>,
    ) {
        let mut questions = self.shared.questions.lock();
        let askers = match took {
            Some(took) => questions.click.answered(question, Instant::now(), took),
            None => questions.click.askers(question),
        };
        if self.shared.resets.load(SeqCst) != resets {
            return;
        }
        let answer = Arc::new(Answer { asked: question.clone(), found });
        let mut answers = self.shared.answers.lock();
        for front in askers {
            answers.entry(front).or_default().click = Some(Arc::clone(&answer));
            self.shared.news.notify_one();
        }
    }

    /// What store and index have of the click.
    async fn stored(&self, question: &ClickQuestion) -> Result<FollowedClick, String> {
        let Some(name) = question.click.clone() else { return Ok(FollowedClick::default()) };
        let (storage, within_ms) = (Arc::clone(&self.storage), self.session_timeout_ms);
        let reading = tokio::task::spawn_blocking(move || read_stored(&storage, &name, within_ms)).await;
        let found = reading.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let Some(mut stored) = found else { return Ok(FollowedClick::default()) };
        self.passings(&mut stored);
        let document = match self.index.get(&stored.click.url, &stored.click.country).await {
            Ok(document) => Ok(document.map(indexed)),
            Err(error) => Err(error.to_string()),
        };
        Ok(FollowedClick { message: None, stored: Some(stored), document: Some(document) })
    }

    /// When the stages passed the click on.
    fn passings(&self, stored: &mut FollowedStored) {
        let number = u64::try_from(stored.number).unwrap_or(0);
        (stored.counted, _) = self.metrics.counted_steps.when(number);
        let (written, version) = self.metrics.written_steps.when(number);
        stored.written = written;
        stored.indexed = match (written, version) {
            // Nobody knows in which version its figures were written.
            (Passing::By(_), _) => Passing::Unknown,
            (_, Some(version)) => self.metrics.index.sent_steps.when(version).0,
            (other, None) => other,
        };
        // Each time may be told a moment late; no stage has a click before the one that hands it over.
        stored.written = not_after(stored.written, stored.indexed);
        stored.counted = not_after(stored.counted, stored.written);
    }

    /// The message as Kafka has it.
    async fn message(&self, origin: Option<MessageOrigin>) -> Option<Result<KafkaMessage, String>> {
        let (messages, origin) = (self.messages.clone()?, origin.filter(|origin| origin.partition.is_some())?);
        let read = tokio::task::spawn_blocking(move || messages.read(&origin)).await;
        Some(read.unwrap_or_else(|error| Err(error.to_string())))
    }
}

/// `passing`, but not after `next`.
fn not_after(passing: Passing, next: Passing) -> Passing {
    match (passing, next) {
        (Passing::At(at), Passing::At(next)) => Passing::At(at.min(next)),
        _ => passing,
    }
}

/// The click `name` with those of its user around it.
fn read_stored(storage: &Storage, name: &ClickName, within_ms: i64) -> Result<Option<FollowedStored>, StorageError> {
    let mut reader = storage.reader()?;
    let key = ClickKey::new(&name.click_id);
    reader.consistent(|reader| {
        let Some(found) = reader.find_click(name.timestamp, &key)? else { return Ok(None) };
        let around = Around {
            timestamp: name.timestamp,
            key: &key,
            user: found.user,
            within_ms,
            limit: SHOWN,
            searched: SEARCHED,
        };
        let (before, after) = reader.clicks_around(around)?;
        Ok(Some(FollowedStored {
            number: found.number,
            searched: SearchedSpan { since: before.ended_at, until: after.ended_at },
            next_until: Some(Timestamp::from_millis(name.timestamp.as_millis().saturating_add(within_ms))),
            before: before.clicks.into_iter().map(user_click).collect(),
            after: after.clicks.into_iter().map(user_click).collect(),
            counted: Passing::Unknown,
            written: Passing::Unknown,
            indexed: Passing::Unknown,
            click: fields(found, name),
        }))
    })
}

fn fields(found: FoundClick, name: &ClickName) -> StoredFields {
    StoredFields {
        click_id: name.click_id.clone(),
        user_id: found.user_id,
        timestamp: name.timestamp,
        url: found.url,
        country: found.country,
        city: found.city,
        browser: found.browser,
        os: found.os,
        device: found.device,
    }
}

fn user_click(click: ClickOfUser) -> UserClick {
    let ClickOfUser { timestamp, key, url, country } = click;
    UserClick { timestamp, click_id: key.to_string(), url, country }
}

fn indexed(document: Document) -> IndexedDocument {
    IndexedDocument {
        id: document.id(),
        version: document.version,
        clicks: document.clicks,
        unique_users: document.unique_users,
        avg_time_spent: document.avg_time_spent,
        first_seen: document.first_seen,
        last_seen: document.last_seen,
        updated_at: document.updated_at,
    }
}
