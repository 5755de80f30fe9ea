//! The sources of events of `run`, `demo` and `replay`: a topic, an embedded broker with traffic, or files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::args::{Cli, Command, DemoArgs, Rate, ReplayArgs, ViewArgs};
use super::{check, setup};
use crate::click::Format;
use crate::config::{EngineKind, KafkaSettings, Settings};
use crate::engine::local::stages::ingest::files::{FileOptions, FilesSource};
use crate::engine::local::stages::ingest::{StartAt, fix_start_offsets};
use crate::source::traffic::{GeneratorOptions, WireFormat, start_generator};
use crate::source::{
    BrokerControl, EmbeddedBroker, ReplayInput, ReplayOptions, SourceTask, StoredOffsets, Target, start_replay,
};
use crate::storage::Storage;
use crate::text::printable;

/// Topic and partitions of the embedded broker. The producer may have only so much under way in one partition; with eight it
/// stays ahead of the store.
const EMBEDDED_TOPIC: &str = "clicks";
const EMBEDDED_PARTITIONS: i32 = 8;

/// How long a demo runs before its broker is taken away.
const BEFORE_OUTAGE: Duration = Duration::from_secs(20);

/// How long a stage is down in a demo with an outage before that is an alarm.
const OUTAGE_ALARM: Duration = Duration::from_secs(3);

/// What the pipeline reads.
pub(super) enum Source {
    Kafka(Box<KafkaSource>),
    Files(Box<FilesSource>, String),
}

/// A topic, and perhaps its producer and its broker in this process.
pub(super) struct KafkaSource {
    pub(super) kafka: KafkaSettings,
    pub(super) description: String,
    pub(super) task: Option<SourceTask>,
    pub(super) stored: Option<StoredOffsets>,
    /// Lives as long as the pipeline reads from it.
    broker: Option<EmbeddedBroker>,
}

/// Finds or starts what the command reads.
///
/// # Errors
/// One clear line each: a file, the broker, the topic or the settings.
pub(super) async fn open_source(
    cli: &Cli,
    settings: &Settings,
    view: &ViewArgs,
    storage: &Arc<Storage>,
) -> anyhow::Result<Source> {
    match &cli.command {
        Command::Demo(args) => {
            let source = embedded(settings, "embedded broker, generated traffic".to_owned(), |target| {
                start_generator(target, generator_options(args)).map_err(Into::into)
            })?;
            if let (Some(outage), Source::Kafka(kafka)) = (args.outage, &source)
                && let Some(broker) = &kafka.broker
            {
                tokio::spawn(take_away(broker.control(), outage));
            }
            Ok(source)
        }
        Command::Replay(args) if args.brokers.is_none() => {
            let options = FileOptions {
                rate: events_per_second(args.rate),
                again: args.again,
                follow: args.follow,
                ..setup::file_options(settings, replay_format(settings, args))?
            };
            let inputs = replay_inputs(args);
            let find = move || FilesSource::find(inputs, options);
            let files = tokio::task::spawn_blocking(find).await.context("files")??;
            Ok(Source::Files(Box::new(files), describe_replay(args)))
        }
        Command::Replay(args) => {
            let mut kafka = settings.kafka.clone();
            // The partitions of the group belong to pipelines that `run`; a replay must not take any of them.
            kafka.group.push_str("-replay");
            require_topic(&kafka).await?;
            let form = setup::record_form(settings, replay_format(settings, args))?;
            let replay = ReplayOptions { inputs: replay_inputs(args), form, rate: events_per_second(args.rate) };
            let options = setup::kafka_options(settings, &kafka)?;
            if options.start == StartAt::Latest {
                // The next messages of the topic are those that this replay sends.
                let storage = Arc::clone(storage);
                tokio::task::spawn_blocking(move || fix_start_offsets(&options, &storage)).await.context("start")??;
            }
            let properties = kafka.client_properties()?;
            let target = Target {
                brokers: kafka.brokers.clone(),
                topic: kafka.topic.clone(),
                partitions: 0,
                stored: None,
                properties,
            };
            let description = format!("{} through {}", describe_replay(args), kafka.brokers);
            let task = start_replay(target, replay)?;
            let source = KafkaSource { kafka, description, task: Some(task), stored: None, broker: None };
            Ok(Source::Kafka(Box::new(source)))
        }
        _ => {
            let kafka = settings.kafka.clone();
            if view.headless && settings.engine == EngineKind::Local {
                // Nobody watches a headless start: without a broker and a topic it must fail. With Spark, only the cluster must
                // reach them, and the stage stream says whether it does.
                require_topic(&kafka).await?;
            }
            let description = kafka.brokers.clone();
            let source = KafkaSource { kafka, description, task: None, stored: None, broker: None };
            Ok(Source::Kafka(Box::new(source)))
        }
    }
}

/// A source on the embedded broker.
fn embedded(
    settings: &Settings,
    description: String,
    start: impl FnOnce(Target) -> anyhow::Result<SourceTask>,
) -> anyhow::Result<Source> {
    let broker = EmbeddedBroker::start(EMBEDDED_TOPIC, EMBEDDED_PARTITIONS)?;
    let mut kafka = settings.kafka.for_embedded_broker(broker.bootstrap_servers());
    kafka.topic = EMBEDDED_TOPIC.to_owned();
    let stored = StoredOffsets::new(EMBEDDED_PARTITIONS.unsigned_abs() as usize);
    let target = Target {
        brokers: kafka.brokers.clone(),
        topic: kafka.topic.clone(),
        partitions: EMBEDDED_PARTITIONS,
        stored: Some(stored.clone()),
        properties: Vec::new(),
    };
    let task = start(target)?;
    let source = KafkaSource { kafka, description, task: Some(task), stored: Some(stored), broker: Some(broker) };
    Ok(Source::Kafka(Box::new(source)))
}

/// Lets the broker be unreachable for `outage`, once clicks have flowed for a while.
async fn take_away(broker: BrokerControl, outage: Duration) {
    tokio::time::sleep(BEFORE_OUTAGE).await;
    tracing::warn!(target: "demo", event = "failure", by = "itself", "the embedded broker is taken away for {outage:?} (--outage)");
    let gone = broker.broker_down();
    tokio::time::sleep(outage).await;
    // It may have ended with the demo meanwhile.
    if gone.and_then(|()| broker.broker_up()).is_ok() {
        tracing::info!(target: "demo", event = "recovery", by = "itself", "the embedded broker is back (--outage)");
    }
}

/// Fails with one clear line unless the broker answers and has the topic.
async fn require_topic(kafka: &KafkaSettings) -> anyhow::Result<()> {
    let kafka = kafka.clone();
    tokio::task::spawn_blocking(move || check::require_topic(&kafka)).await.context("probe")?
}

pub(super) fn stop_producer(source: Option<&KafkaSource>) {
    if let Some(task) = source.and_then(|source| source.task.as_ref()) {
        task.stop();
    }
}

/// The demo reads the messages that it makes, whatever the config says of the user's own topic.
pub(super) fn for_demo(settings: &Settings, args: &DemoArgs) -> Settings {
    let mut settings = settings.for_own_events();
    settings.kafka.format = args.format.into();
    // Nobody is to be woken by a demo.
    settings.alarms = settings.alarms.telling_nobody();
    if args.outage.is_some() {
        // Whoever asks for an outage wants to see its alarm.
        settings.alarms.stage.hold = Some(OUTAGE_ALARM);
    }
    settings
}

fn generator_options(args: &DemoArgs) -> GeneratorOptions {
    let defaults = GeneratorOptions::default();
    GeneratorOptions {
        events: args.events.map(Into::into),
        rate: events_per_second(args.rate),
        seed: args.seed.unwrap_or_else(rand::random),
        users: args.users.map_or(defaults.users, Into::into),
        urls: args.urls.map_or(defaults.urls, |urls| u32::try_from(urls.get()).unwrap_or(u32::MAX)),
        day_curve: args.day_curve,
        format: match args.format {
            super::args::MadeFormat::Csv => WireFormat::Csv,
            super::args::MadeFormat::Json => WireFormat::Json,
        },
        ..defaults
    }
}

fn replay_format(settings: &Settings, args: &ReplayArgs) -> Format {
    args.format.map_or_else(|| settings.events.format(), Format::from)
}

fn replay_inputs(args: &ReplayArgs) -> Vec<ReplayInput> {
    let input = |path: &PathBuf| match path.as_os_str() == "-" {
        true => ReplayInput::Stdin,
        false => ReplayInput::File(path.clone()),
    };
    args.files.iter().map(input).collect()
}

fn events_per_second(rate: Rate) -> Option<f64> {
    match rate {
        Rate::PerSecond(rate) => Some(rate.get() as f64),
        Rate::Max => None,
    }
}

/// `replay of clicks.csv`, `replay of 3 files`.
fn describe_replay(args: &ReplayArgs) -> String {
    if args.follow {
        let names = args.files.iter().map(|file| printable(&file.to_string_lossy()).into_owned());
        return match args.files.len() {
            1 => format!("following {}", names.collect::<String>()),
            files => format!("following {files} files"),
        };
    }
    match args.files.as_slice() {
        [file] if file.as_os_str() == "-" => "replay of standard input".to_owned(),
        [file] => {
            let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
            format!("replay of {}", printable(&name))
        }
        files => format!("replay of {} files", files.len()),
    }
}
