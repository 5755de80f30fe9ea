//! The load, and what it must come to: computed from the generator's seed alone, not from anything the program stored.

use std::collections::HashMap;

use clicktop::click::Timestamp;
use clicktop::source::StoredOffsets;
use clicktop::source::producer::{Feed, Next, Record};
use clicktop::source::traffic::{Generator, GeneratorOptions, WireFormat};
use clicktop::source::{DemoError, EmbeddedBroker, SourceTask, Target};

use crate::support::HANG;
use crate::support::figures::{Figure, Figures, SESSION_TIMEOUT_MS};

pub const TOPIC: &str = "clicks";

/// The same each time, unlike the generator's own choice.
const START: i64 = 1_760_000_000_000;

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub seed: u64,
    /// Clicks a second.
    pub rate: f64,
    pub users: u64,
    pub urls: u32,
    pub format: WireFormat,
}

impl Load {
    pub fn small(seed: u64, rate: f64) -> Self {
        Self { seed, rate, users: 500, urls: 60, format: WireFormat::Mixed }
    }

    fn generator(&self, events: Option<u64>) -> Generator {
        let options = GeneratorOptions {
            events,
            rate: Some(self.rate),
            seed: self.seed,
            users: self.users,
            urls: self.urls,
            day_curve: false,
            format: self.format,
            start: Some(Timestamp::from_millis(START)),
        };
        Generator::new(options).expect("a generator")
    }

    /// Starts to send, for as long as it is not stopped.
    pub fn send(&self, broker: &EmbeddedBroker, partitions: i32, stored: StoredOffsets) -> Sending {
        let target = Target {
            brokers: broker.bootstrap_servers().to_owned(),
            topic: TOPIC.to_owned(),
            partitions,
            stored: Some(stored),
            // The broker in this process now and then leaves the first request after an outage without an answer.
            properties: [("reconnect.backoff.max.ms", "500"), ("socket.timeout.ms", "3000")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
        };
        let feed = Made(self.generator(None));
        Sending { load: *self, task: SourceTask::start(target, feed, Some(self.rate)).expect("a producer") }
    }

    /// The figures of the first `count` clicks, by the definition, in code of its own.
    pub fn figures(&self, count: u64) -> Figures {
        let mut generator = self.generator(Some(count));
        let mut pages: HashMap<(String, String), u32> = HashMap::new();
        let mut clicks: Vec<(u32, i64, u128, u32)> = Vec::new();
        while let Some(click) = generator.next_click() {
            let next = pages.len() as u32;
            let page = *pages.entry((click.url.to_owned(), click.country.to_owned())).or_insert(next);
            let user = click.user_id.trim_start_matches('u').parse().expect("a number");
            // The text of a UUID sorts as its bits do.
            let id = uuid::Uuid::parse_str(click.click_id).expect("a UUID").as_u128();
            clicks.push((user, click.timestamp.as_millis(), id, page));
        }
        assert_eq!(clicks.len() as u64, count);
        clicks.sort_unstable();
        let mut figures = vec![(0_u64, 0_u64, 0_i64, 0_u64); pages.len()];
        for (at, &(user, time, _, page)) in clicks.iter().enumerate() {
            let (count, _, spent, known) = &mut figures[page as usize];
            *count += 1;
            let gap = clicks.get(at + 1).filter(|next| next.0 == user).map(|next| next.1 - time);
            if let Some(gap) = gap.filter(|gap| *gap <= SESSION_TIMEOUT_MS) {
                *spent += gap;
                *known += 1;
            }
        }
        let mut visits: Vec<(u32, u32)> = clicks.into_iter().map(|(user, _, _, page)| (page, user)).collect();
        visits.sort_unstable();
        visits.dedup();
        for (page, _) in visits {
            figures[page as usize].1 += 1;
        }
        let page = |(page, at): ((String, String), u32)| {
            let (clicks, unique_users, spent, known) = figures[at as usize];
            let avg_time_spent = (known > 0).then(|| spent as f64 / 1000.0 / known as f64);
            (page, Figure { clicks, unique_users, avg_time_spent })
        };
        pages.into_iter().map(page).collect()
    }
}

/// Clicks on their way.
pub struct Sending {
    pub load: Load,
    task: SourceTask,
}

impl Sending {
    /// Clicks the broker has acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.task.progress().borrow().sent
    }

    /// Sends no more; how many it was, once the broker has acknowledged them all.
    pub fn stop(self) -> Sent {
        self.task.stop();
        let begin = std::time::Instant::now();
        loop {
            let progress = self.task.progress().borrow().clone();
            if let Some(end) = progress.end {
                assert_eq!(progress.error, None, "the producer has sent everything");
                return Sent { load: self.load, clicks: progress.sent, ends: end.offsets.values().sum() };
            }
            assert!(begin.elapsed() < HANG, "the producer does not end: {progress:?}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

/// Everything that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub load: Load,
    /// Distinct clicks.
    pub clicks: u64,
    /// Offsets they take in the topic. More than the clicks where a broken connection made the broker append a batch
    /// twice.
    pub ends: i64,
}

/// The generator as it comes, without a look at the wall clock: the same clicks whenever they are sent.
struct Made(Generator);

impl Feed for Made {
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        record.payload.clear();
        if !self.0.write_message(&mut record.payload) {
            return Ok(Next::End);
        }
        record.set_key(self.0.user_id().as_bytes());
        Ok(Next::Ready)
    }
}
