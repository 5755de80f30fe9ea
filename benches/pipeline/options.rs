//! What the command line asks for.

use std::path::PathBuf;

use clicktop::click::Timestamp;
use clicktop::source::traffic::GeneratorOptions;

use super::Outcome;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Whole,
    Memory,
    /// One run of `Memory`, in a process of its own; prints JSON.
    MemoryOnce,
    Parts,
    Latency,
    Flat,
    Events,
}

const MODES: [(&str, Mode); 6] = [
    ("memory", Mode::Memory),
    ("memory-once", Mode::MemoryOnce),
    ("parts", Mode::Parts),
    ("latency", Mode::Latency),
    ("flat", Mode::Flat),
    ("events", Mode::Events),
];

/// Event time of the first click of prepared events: the same file each time.
const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

#[derive(Clone, Debug)]
pub struct Options {
    pub mode: Mode,
    pub events: Vec<u64>,
    pub runs: u32,
    pub seed: u64,
    pub users: u64,
    pub urls: u32,
    pub seconds: u64,
    pub csv: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    pub out: Option<PathBuf>,
    pub json: Option<PathBuf>,
    /// More properties of the Kafka consumer, to try.
    pub kafka: Vec<(String, String)>,
}

impl Options {
    /// From the words of the command line.
    pub fn read(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Self {
            mode: Mode::Whole,
            events: Vec::new(),
            runs: 3,
            seed: 1,
            users: 50_000,
            urls: 2_000,
            seconds: 20,
            csv: None,
            data_dir: None,
            out: None,
            json: None,
            kafka: Vec::new(),
        };
        let mut flat = None;
        while let Some(word) = words.next() {
            if let Some((_, mode)) = MODES.iter().find(|(name, _)| *name == word) {
                options.mode = *mode;
                flat = (*mode == Mode::Flat).then_some(());
            } else if !word.starts_with('-') {
                options.events.push(count(&word)?);
            } else if word != "--bench" {
                // `cargo bench` adds that one.
                let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
                options.set(&word, &value)?;
            }
        }
        if flat.is_some() {
            // What the figures are promised for.
            options.users = options.users.max(1_000_000);
            options.urls = options.urls.max(20_000);
        }
        if options.events.is_empty() {
            options.events.push(if flat.is_some() { 20_000_000 } else { 100_000 });
        }
        if options.runs == 0 || options.events.contains(&0) {
            return Err("runs and events begin at 1".into());
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Outcome<()> {
        match name {
            "--runs" => self.runs = u32::try_from(count(value)?)?,
            "--seed" => self.seed = value.parse()?,
            "--users" => self.users = count(value)?,
            "--urls" => self.urls = u32::try_from(count(value)?)?,
            "--seconds" => self.seconds = count(value)?,
            "--csv" => self.csv = Some(value.into()),
            "--data-dir" => self.data_dir = Some(value.into()),
            "--out" => self.out = Some(value.into()),
            "--kafka" => {
                let (name, value) = value.split_once('=').ok_or("--kafka wants NAME=VALUE")?;
                self.kafka.push((name.to_owned(), value.to_owned()));
            }
            "--json" => self.json = Some(value.into()),
            _ => return Err(format!("unknown option {name}").into()),
        }
        Ok(())
    }

    /// `events` prepared events, the same each time.
    pub fn generator(&self, events: u64) -> GeneratorOptions {
        GeneratorOptions {
            events: Some(events),
            seed: self.seed,
            users: self.users,
            urls: self.urls,
            start: Some(START),
            ..GeneratorOptions::default()
        }
    }
}

/// `2000`, `200k`, `5M`.
fn count(word: &str) -> Outcome<u64> {
    let (digits, unit) = match word.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000),
        None => word.strip_suffix('M').map_or((word, 1), |digits| (digits, 1_000_000)),
    };
    let number: u64 = digits.replace('_', "").parse().map_err(|_| format!("{word} is no count"))?;
    number.checked_mul(unit).ok_or_else(|| format!("{word} is too many").into())
}
