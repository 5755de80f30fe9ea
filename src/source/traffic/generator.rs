//! Generates traffic like that of a shop: sessions of visitors from sixty countries over Zipf-distributed pages.
//!
//! The same seed, start and options generate the same clicks.

use std::time::{Duration, Instant};

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};

use super::agents::AGENTS;
use super::clock::EventClock;
use super::encode::{AgentText, Fields, PlaceText, Text, TimeWriter};
use super::sessions::{Visit, Visitors};
use super::urls;
use crate::click::{Click, Timestamp};
use crate::source::error::DemoError;
use crate::source::producer::{Feed, Next, Record, SourceTask, Target};
use crate::source::rate;

/// Events a second of event time where no rate is given: such a run makes an hour of this traffic from 1.8 M events.
pub const NOMINAL_RATE: f64 = 500.0;

/// How far an endless run at full speed starts in the past.
const ENDLESS_START: Duration = Duration::from_secs(24 * 3600);

/// The n-th page gets 1/n^1.07 of the first's clicks.
const ZIPF_EXPONENT: f64 = 1.07;

const MOST_URLS: u32 = 1_000_000;
/// User ids keep their order and length up to here, and shares stay exact in an `f64`.
const MOST_USERS: u64 = 1 << 48;

/// Clicks are stamped up to this much before they are sent, so neighbours may be out of order, as they are in life.
const DISORDER_MS: i64 = 200;

/// A live source that fell this far behind the wall clock (paused, held back) jumps to it.
const TOLERATED_LAG_MS: i64 = 2_000;
/// Events between two looks at the wall clock.
const LOOK_EVERY: u32 = 64;

/// What messages look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum WireFormat {
    /// Nine CSV fields.
    #[default]
    Csv,
    /// A flat JSON object.
    Json,
    /// A JSON object by family.
    Nested,
    /// Each message one of these.
    Mixed,
}

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorOptions {
    /// How many events; endless if `None`.
    pub events: Option<u64>,
    /// Events a second, sent and by event time; `None` sends as fast as the pipeline takes it, and event time goes on by
    /// [`NOMINAL_RATE`] events a second.
    pub rate: Option<f64>,
    /// Of the random numbers.
    pub seed: u64,
    /// How many users there are.
    pub users: u64,
    /// How many urls there are.
    pub urls: u32,
    /// Whether traffic follows the hours of the day.
    pub day_curve: bool,
    /// What messages look like.
    pub format: WireFormat,
    /// Event time of the first click. `None` chooses: now for a given rate; without one, as long ago as it takes for the
    /// last click to be at about now, or a day ago for an endless run.
    pub start: Option<Timestamp>,
}

impl Default for GeneratorOptions {
    fn default() -> Self {
        Self {
            events: None,
            rate: None,
            seed: 1,
            users: 50_000,
            urls: 2_000,
            day_curve: false,
            format: WireFormat::Csv,
            start: None,
        }
    }
}

impl GeneratorOptions {
    fn check(&self) -> Result<(), DemoError> {
        if let Some(rate) = self.rate {
            rate::check_rate(rate)?;
        }
        if !(1..=MOST_USERS).contains(&self.users) {
            return Err(DemoError::Option(format!("{} users are not possible: give 1 to {MOST_USERS}", self.users)));
        }
        if !(1..=MOST_URLS).contains(&self.urls) {
            return Err(DemoError::Option(format!("{} urls are not possible: give 1 to {MOST_URLS}", self.urls)));
        }
        Ok(())
    }

    fn start_at(&self, now: Timestamp) -> Timestamp {
        if let Some(start) = self.start {
            return start;
        }
        let back = match (self.rate, self.events) {
            (Some(_), _) => 0,
            (None, Some(events)) => (events as f64 / NOMINAL_RATE * 1000.0) as i64,
            (None, None) => i64::try_from(ENDLESS_START.as_millis()).unwrap_or(0),
        };
        Timestamp::from_millis(now.as_millis().saturating_sub(back))
    }
}

/// Makes clicks one after another, reusing its buffers.
#[derive(Debug)]
pub struct Generator {
    options: GeneratorOptions,
    rng: Xoshiro256PlusPlus,
    visitors: Visitors,
    clock: EventClock,
    start: Timestamp,
    /// No click is stamped later, if set.
    ceiling: Option<i64>,
    pages: Zipf<f64>,
    urls: Vec<Text>,
    places: Vec<PlaceText>,
    agents: Vec<AgentText>,
    made: u64,
    current: Current,
}

/// The click made last.
#[derive(Debug)]
struct Current {
    click_id: String,
    user_id: String,
    timestamp: Timestamp,
    time: TimeWriter,
    url: usize,
    place: usize,
    agent: usize,
}

impl Generator {
    /// A generator at its first click.
    ///
    /// # Errors
    /// [`DemoError::Rate`] or [`DemoError::Option`] for options out of range.
    pub fn new(options: GeneratorOptions) -> Result<Self, DemoError> {
        options.check()?;
        let rate = options.rate.unwrap_or(NOMINAL_RATE);
        let start = options.start_at(Timestamp::now());
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(options.seed);
        let visitors =
            Visitors::new(options.users, rate, options.seed, options.day_curve, start.as_millis(), &mut rng)?;
        let places = visitors.places.list.iter().map(|(country, city, _)| PlaceText::new(country, city)).collect();
        let pages = Zipf::new(f64::from(options.urls), ZIPF_EXPONENT)
            .map_err(|error| DemoError::Option(format!("{} urls are not possible: {error}", options.urls)))?;
        Ok(Self {
            rng,
            visitors,
            clock: EventClock::new(start.as_millis(), rate, options.day_curve),
            start,
            ceiling: None,
            pages,
            urls: urls::paths(options.urls).iter().map(|path| Text::new(path)).collect(),
            places,
            agents: AGENTS.iter().map(|agent| AgentText::new(agent.browser, agent.os, agent.device)).collect(),
            made: 0,
            current: Current {
                click_id: String::new(),
                user_id: String::new(),
                timestamp: start,
                time: TimeWriter::default(),
                url: 0,
                place: 0,
                agent: 0,
            },
            options,
        })
    }

    /// The next click; `None` after the last.
    pub fn next_click(&mut self) -> Option<Click<'_>> {
        if !self.advance() {
            return None;
        }
        let (fields, timestamp) = (self.fields()?, self.current.timestamp);
        Some(Click {
            click_id: fields.click_id,
            user_id: fields.user_id,
            timestamp,
            url: &fields.url.plain,
            country: fields.place.country,
            city: fields.place.city,
            browser: fields.agent.browser,
            os: fields.agent.os,
            device: fields.agent.device,
        })
    }

    /// Appends the next click as a line of CSV, newline included. `false`, and nothing appended, after the last.
    pub fn write_csv_line(&mut self, out: &mut Vec<u8>) -> bool {
        if !self.advance() {
            return false;
        }
        if let Some(fields) = self.fields() {
            fields.csv(out);
            out.push(b'\n');
        }
        true
    }

    /// Appends the next click as a message of the chosen format. `false`, and nothing appended, after the last.
    pub fn write_message(&mut self, out: &mut Vec<u8>) -> bool {
        if !self.advance() {
            return false;
        }
        let format = match self.options.format {
            WireFormat::Mixed => match self.made % 3 {
                0 => WireFormat::Csv,
                1 => WireFormat::Json,
                _ => WireFormat::Nested,
            },
            format => format,
        };
        if let Some(fields) = self.fields() {
            match format {
                WireFormat::Json => fields.json(out),
                WireFormat::Nested => fields.nested(out),
                WireFormat::Csv | WireFormat::Mixed => fields.csv(out),
            }
        }
        true
    }

    /// User of the click made last; empty before the first.
    pub fn user_id(&self) -> &str {
        &self.current.user_id
    }

    /// Clicks made so far.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Makes the next click the current one.
    fn advance(&mut self) -> bool {
        if self.options.events.is_some_and(|events| self.made >= events) {
            return false;
        }
        let now = self.clock.tick(self.ceiling);
        let Some(Visit { user, place, agent }) = self.visitors.next(now, &mut self.rng) else { return false };
        self.made = self.made.saturating_add(1);

        let mut random = [0; 16];
        self.rng.fill_bytes(&mut random);
        let mut buffer = uuid::Uuid::encode_buffer();
        let id = uuid::Builder::from_random_bytes(random).into_uuid().hyphenated();
        self.current.click_id.clear();
        self.current.click_id.push_str(id.encode_lower(&mut buffer));

        write_user_id(user, &mut self.current.user_id);
        let stamped = now.saturating_sub(self.rng.random_range(0..=DISORDER_MS)).max(self.start.as_millis());
        self.current.timestamp = Timestamp::from_millis(stamped);
        self.current.time.write(self.current.timestamp);
        // Ranks count from 1.
        self.current.url = (self.pages.sample(&mut self.rng) as usize).saturating_sub(1);
        self.current.place = place as usize;
        self.current.agent = agent as usize;
        true
    }

    /// Always there after `advance`: the indices come from these tables' own lengths.
    fn fields(&self) -> Option<Fields<'_>> {
        Some(Fields {
            click_id: &self.current.click_id,
            user_id: &self.current.user_id,
            time: self.current.time.text(),
            url: self.urls.get(self.current.url)?,
            place: self.places.get(self.current.place)?,
            agent: self.agents.get(self.current.agent)?,
        })
    }

    /// Ties event time to the wall clock, `elapsed` after the start: never in the future, and at a given rate not far
    /// behind either, whatever held the source up.
    fn follow(&mut self, elapsed: Duration, now: Timestamp) {
        let elapsed = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        let reached = self.start.as_millis().saturating_add(elapsed);
        self.ceiling = Some(now.as_millis().max(reached));
        if self.options.rate.is_some() && self.clock.now() < reached.saturating_sub(TOLERATED_LAG_MS) {
            self.clock.skip_to(reached);
        }
    }
}

/// `u` and the number in at least six digits.
fn write_user_id(user: u64, out: &mut String) {
    out.clear();
    out.push('u');
    let mut place = 100_000;
    while user / place >= 10 {
        place *= 10;
    }
    while place > 0 {
        let digit = u32::try_from(user / place % 10).ok().and_then(|digit| char::from_digit(digit, 10));
        out.push(digit.unwrap_or('0'));
        place /= 10;
    }
}

/// Starts a producer of generated clicks.
///
/// # Errors
/// See [`Generator::new`] and [`SourceTask::start`].
pub fn start_generator(target: Target, options: GeneratorOptions) -> Result<SourceTask, DemoError> {
    let rate = options.rate;
    let generator = Generator::new(options)?;
    SourceTask::start(target, GeneratorFeed { generator, began: None, until_look: 0 }, rate)
}

struct GeneratorFeed {
    generator: Generator,
    /// When the first click was asked for.
    began: Option<Instant>,
    until_look: u32,
}

impl Feed for GeneratorFeed {
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        if self.until_look == 0 {
            // At a slow rate every click, at a fast one often enough.
            self.until_look =
                if self.generator.options.rate.is_some_and(|rate| rate < 1000.0) { 1 } else { LOOK_EVERY };
            let began = *self.began.get_or_insert_with(Instant::now);
            self.generator.follow(began.elapsed(), Timestamp::now());
        }
        self.until_look -= 1;
        record.payload.clear();
        if !self.generator.write_message(&mut record.payload) {
            return Ok(Next::End);
        }
        record.set_key(self.generator.user_id().as_bytes());
        Ok(Next::Ready)
    }

    fn total(&self) -> Option<u64> {
        self.generator.options.events
    }

    fn rate(&self) -> Option<f64> {
        self.generator.options.rate.map(|rate| rate * self.generator.clock.swing())
    }
}

#[cfg(test)]
mod tests;
