//! `clicktop check`: can broker, topic, store and index be reached and used?

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;

use super::output::ProgressLine;
use super::setup;
use crate::config::{IndexKind, KafkaSettings, Loaded, Settings};
use crate::search::SearchIndex;
use crate::search::elasticsearch::{IndexState, WriteAccess};
use crate::search::embedded::Embedded;
use crate::storage::{DATABASE_FILE, Reader, Storage, StorageError};
use crate::text::printable;

/// Checks everything the settings name, and prints a line for each. Fails if any of it does.
///
/// # Errors
/// The async runtime does not start.
pub(super) fn run(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let settings = &loaded.settings;
    let mut report = Report { failed: false };
    match &loaded.file {
        Some(file) => report.line("config", Ok(file.display().to_string())),
        None => report.line("config", Ok("no config file; defaults, environment and flags".to_owned())),
    }
    for warning in settings.warnings() {
        report.warn("config", &warning);
    }
    report.kafka(&settings.kafka);
    report.line("store", check_store(settings));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    report.line("index", runtime.block_on(check_index(settings)));
    Ok(if report.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Report {
    failed: bool,
}

impl Report {
    fn line(&mut self, what: &str, found: anyhow::Result<String>) {
        match found {
            Ok(found) => println!("{what:<8} ok     {}", printable(&found)),
            Err(error) => {
                self.failed = true;
                println!("{what:<8} FAILED {}", printable(&format!("{error:#}")));
            }
        }
    }

    fn warn(&self, what: &str, warning: &str) {
        println!("{what:<8} warn   {}", printable(warning));
    }

    fn kafka(&mut self, kafka: &KafkaSettings) {
        let found = match probe_kafka(kafka) {
            Ok(found) => found,
            Err(error) => return self.line("broker", Err(error)),
        };
        let plural = if found.broker_count == 1 { "" } else { "s" };
        self.line("broker", Ok(format!("{}: {} broker{plural}", found.brokers, found.broker_count)));
        self.line(
            "topic",
            match found.partitions {
                0 => Err(anyhow!("{} does not exist; create it, or set kafka.topic", found.topic)),
                partitions => Ok(format!("{}: {partitions} partitions, {} messages", found.topic, found.messages)),
            },
        );
    }
}

/// What a broker says of itself and the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KafkaFound {
    /// As configured.
    pub brokers: String,
    /// Brokers in the cluster.
    pub broker_count: usize,
    /// The topic asked for.
    pub topic: String,
    /// Its partitions; 0 if it does not exist.
    pub partitions: usize,
    /// Messages it holds.
    pub messages: u64,
}

/// Asks the broker for the topic, within `kafka.connect_timeout`.
///
/// # Errors
/// No broker answers, or it refuses us: in one line.
pub(super) fn probe_kafka(kafka: &KafkaSettings) -> anyhow::Result<KafkaFound> {
    let mut config = ClientConfig::new();
    for (key, value) in kafka.client_properties()? {
        config.set(key, value);
    }
    config.set("group.id", &kafka.group).set("allow.auto.create.topics", "false").set_log_level(RDKafkaLogLevel::Info);
    let reason = Arc::new(Mutex::new(None));
    let context = ProbeContext { reason: Arc::clone(&reason) };
    let consumer: BaseConsumer<ProbeContext> =
        config.create_with_context(context).map_err(|error| anyhow!("Kafka settings: {error}"))?;
    let timeout = kafka.connect_timeout;
    let metadata = consumer.fetch_metadata(Some(&kafka.topic), timeout).map_err(|error| {
        // Errors are told while polling.
        let _ = consumer.poll(Duration::ZERO);
        let reason = reason.lock().take().unwrap_or_else(|| error.to_string());
        anyhow!(
            "no broker at {} answered within {timeout:?}: {reason}; check kafka.brokers and kafka.security",
            kafka.brokers
        )
    })?;
    let partitions = metadata
        .topics()
        .iter()
        .filter(|topic| topic.name() == kafka.topic && topic.error().is_none())
        .map(|topic| topic.partitions().len())
        .sum();
    let mut messages = 0;
    for partition in 0..i32::try_from(partitions).unwrap_or(0) {
        let (low, high) = consumer
            .fetch_watermarks(&kafka.topic, partition, timeout)
            .map_err(|error| anyhow!("{}[{partition}] cannot be read: {error}", kafka.topic))?;
        messages += u64::try_from(high - low).unwrap_or(0);
    }
    Ok(KafkaFound {
        brokers: kafka.brokers.clone(),
        broker_count: metadata.brokers().len(),
        topic: kafka.topic.clone(),
        partitions,
        messages,
    })
}

struct ProbeContext {
    reason: Arc<Mutex<Option<String>>>,
}

impl ClientContext for ProbeContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The reason of a refused connection is told in a log line only.
        if level as i32 <= RDKafkaLogLevel::Error as i32 {
            let after_name = message.split_once("]: ").map_or(message, |(_, rest)| rest);
            *self.reason.lock() = Some(after_name.to_owned());
        }
        // The command says it in its own words.
        tracing::debug!(target: "kafka", "{facility}: {message}");
    }

    fn error(&self, _error: KafkaError, reason: &str) {
        *self.reason.lock() = Some(reason.to_owned());
    }
}

impl ConsumerContext for ProbeContext {}

fn check_store(settings: &Settings) -> anyhow::Result<String> {
    let directory = setup::data_dir(settings, "")?;
    let path = directory.join(DATABASE_FILE);
    let clicks = match Reader::open(&path) {
        Ok(reader) => reader.last_click()?,
        Err(StorageError::Missing { .. }) => {
            let parent = existing_parent(&directory);
            tempfile::tempfile_in(parent).with_context(|| {
                format!("{} is not writable; choose another place with --data-dir", parent.display())
            })?;
            return Ok(format!("{}: nothing there yet", path.display()));
        }
        Err(error) => return Err(error.into()),
    };
    match Storage::open(&directory, setup::storage_options(settings)) {
        Ok(storage) => {
            let read_through = storage.is_unverified();
            ProgressLine::new().verify(&storage)?;
            let state = if read_through { ", read through and sound" } else { "" };
            Ok(format!("{}: {clicks} clicks{state}", path.display()))
        }
        Err(StorageError::InUse { .. }) => Ok(format!("{}: {clicks} clicks, a pipeline is running", path.display())),
        Err(error) => Err(error.into()),
    }
}

fn existing_parent(directory: &std::path::Path) -> &std::path::Path {
    directory.ancestors().find(|path| path.is_dir()).unwrap_or(directory)
}

async fn check_index(settings: &Settings) -> anyhow::Result<String> {
    if settings.index.kind == IndexKind::Embedded {
        let directory = setup::data_dir(settings, "")?;
        if !directory.is_dir() {
            return Ok("embedded: nothing there yet".to_owned());
        }
        let index = Embedded::open(&directory)?;
        let engine = index.prepare().await?.engine;
        return Ok(format!("{engine}: {} documents", index.status().await?.documents));
    }
    let engine = setup::elasticsearch(settings)?;
    let found = engine.check().await?;
    let state = match found.index {
        IndexState::Absent => "the index is absent and will be created".to_owned(),
        IndexState::Ready => "the index is ready".to_owned(),
        IndexState::Unfit(why) => bail!("{}: {why}", engine.target()),
    };
    let access = match found.write {
        WriteAccess::Allowed => "writing is allowed".to_owned(),
        WriteAccess::Denied(why) => bail!("{}: writing is denied: {why}", engine.target()),
        WriteAccess::Unknown(why) => why,
    };
    Ok(format!("{}: {} {}, {state}, {access}", engine.target(), found.engine, found.version))
}
