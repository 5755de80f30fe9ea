//! `run`, `demo` and `replay`: start a source and the pipeline, with the console or JSON lines as the front.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;

use super::args::{Cli, Command, DemoArgs, Rate, ReplayArgs, ViewArgs};
use super::output::{Output, complain};
use super::{check, demo_dir, locale, on_spark, setup};
use crate::click::Format;
use crate::config::{ConsoleSettings, EngineKind, KafkaSettings, Settings};
use crate::console::{self, ConsoleError, ConsoleOptions, KeyBindings, KeyError, Themes, UnfinishedWork};
use crate::engine::EngineHandle;
use crate::engine::local::stages::ingest::files::{FileOptions, FilesSource};
use crate::engine::local::stages::ingest::{StartAt, fix_start_offsets};
use crate::engine::local::{self, EventSource, InProcessSource};
use crate::engine::status::log::LogBuffer;
use crate::headless::{self, Outcome};
use crate::protocol::Snapshot;
use crate::protocol::snapshot::SourceStatus;
use crate::search::SearchIndex;
use crate::source::StoredOffsets;
use crate::source::traffic::{GeneratorOptions, WireFormat, start_generator};
use crate::source::{EmbeddedBroker, ReplayInput, ReplayOptions, SourceTask, Target, start_replay};
use crate::storage::{MoveNote, Storage};
use crate::text::printable;

/// Topic and partitions of the embedded broker. The producer may have only so much under way in one partition; with eight it
/// stays ahead of the store.
const EMBEDDED_TOPIC: &str = "clicks";
const EMBEDDED_PARTITIONS: i32 = 8;

/// How long the shutdown may take before clicktop says what it waits for.
const SILENCE: Duration = Duration::from_millis(300);

/// What the pipeline reads.
enum Source {
    Kafka(Box<KafkaSource>),
    Files(Box<FilesSource>, String),
}

/// A topic, and perhaps its producer and its broker in this process.
struct KafkaSource {
    kafka: KafkaSettings,
    description: String,
    task: Option<SourceTask>,
    stored: Option<StoredOffsets>,
    /// Lives as long as the pipeline reads from it.
    _broker: Option<EmbeddedBroker>,
}

/// The data directory; that of a demo is temporary unless the user names one.
enum DataDir {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl DataDir {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }
}

/// Runs the pipeline until somebody ends it, or, without a console, until its source is at its end.
///
/// # Errors
/// It cannot start: the data directory, a file, the broker or the settings. One clear line each.
pub(super) async fn run(
    cli: &Cli,
    settings: &Settings,
    log: Arc<LogBuffer>,
    out: &mut Output,
) -> anyhow::Result<ExitCode> {
    let view = cli.view().cloned().unwrap_or_default();
    let demo = match &cli.command {
        Command::Demo(args) => Some(for_demo(settings, args)),
        _ => None,
    };
    let settings = demo.as_ref().unwrap_or(settings);
    if settings.engine == EngineKind::Spark {
        on_spark::require(&cli.command, settings)?;
    }
    let no_kafka = match &cli.command {
        Command::Demo(_) => true,
        Command::Replay(args) => args.brokers.is_none(),
        _ => false,
    };
    let mut console = console_options(&settings.console, &view)?;
    console.unverified = settings.takes_any_certificate(no_kafka);
    console.unfinished_work = match (&cli.command, &settings.data_dir) {
        (Command::Demo(_), None) => UnfinishedWork::Deleted,
        (Command::Demo(_), Some(_)) => UnfinishedWork::ResumedWithoutUnstored,
        // Of a file, the next replay takes up what was not stored; a pipe is gone.
        (Command::Replay(args), _) if no_kafka && args.has_pipe() => UnfinishedWork::ResumedWithoutUnstored,
        _ => UnfinishedWork::Resumed,
    };
    let data = match (&cli.command, &settings.data_dir) {
        (Command::Demo(_), None) => DataDir::Temporary(demo_dir::make()?),
        (Command::Replay(_), None) => DataDir::Kept(setup::data_dir(settings, "replay")?),
        _ => DataDir::Kept(setup::data_dir(settings, "")?),
    };
    if settings.engine == EngineKind::Local {
        MoveNote::refuse(data.path())?;
    }
    let storage = Arc::new(Storage::open(data.path(), setup::storage_options(settings))?);
    if let DataDir::Kept(path) = &data {
        demo_dir::keep(path);
    }
    let index = setup::search_index(settings, data.path())?;
    let source = open_source(cli, settings, &view, &storage).await?;
    if !view.headless {
        console::require_terminal()?;
    }
    let finite = match &cli.command {
        Command::Demo(args) => args.events.is_some(),
        Command::Replay(args) => !args.follow,
        _ => false,
    };
    let (engine, producer) = match (settings.engine, source) {
        (EngineKind::Local, source) => start_local(settings, source, &storage, index, log)?,
        (EngineKind::Spark, Source::Kafka(source)) => {
            (on_spark::start(settings, &source.kafka, &storage, index, log)?, Some(source))
        }
        (EngineKind::Spark, Source::Files(..)) => anyhow::bail!("the engine on Spark reads no files"),
    };

    if view.headless {
        let outcome = headless::run(&engine, finite, out).await;
        stop_producer(producer.as_deref());
        let last = engine.ended().await;
        storage.close();
        let outcome = match without_a_click(&last, finite) {
            Some(cause) if outcome == Outcome::Finished => Outcome::Failed(cause),
            _ => outcome,
        };
        return headless::summarize(&last, outcome, finite, out);
    }
    let shown = console::run(console, &engine).await;
    if shown.is_err() {
        // The console is gone and cannot send the command. If the queue is full, the engine ends with the channel.
        let _ = engine.commands.try_send(crate::protocol::Command::Shutdown);
    }
    stop_producer(producer.as_deref());
    let last = end_in_sight(engine).await;
    storage.close();
    match shown {
        // The terminal hung up, and the pipeline has drained.
        Err(gone @ ConsoleError::Lost(_)) => complain(&gone.to_string()),
        shown => shown?,
    }
    say_goodbye(&last, &data, out);
    if let Some(cause) = without_a_click(&last, finite && last.finished) {
        complain(&cause);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts the local engine; also the source whose producer feeds it, if there is one.
fn start_local(
    settings: &Settings,
    source: Source,
    storage: &Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    log: Arc<LogBuffer>,
) -> anyhow::Result<(EngineHandle, Option<Box<KafkaSource>>)> {
    let (status, events, producer) = match source {
        Source::Files(files, description) => {
            let status = SourceStatus { description, ..SourceStatus::default() };
            (status, EventSource::Files(*files), None)
        }
        Source::Kafka(source) => {
            let KafkaSource { kafka, description, task, stored, .. } = &*source;
            let in_process =
                task.as_ref().map(|task| InProcessSource { progress: task.progress(), stored: stored.clone() });
            let status = SourceStatus {
                description: description.clone(),
                topic: kafka.topic.clone(),
                group: kafka.group.clone(),
                progress: None,
            };
            (status, EventSource::Kafka(setup::kafka_options(settings, kafka)?, in_process), Some(source))
        }
    };
    let options = setup::pipeline_options(settings, status);
    Ok((local::start(options, Arc::clone(storage), index, events, log)?, producer))
}

/// Waits for the engine's end. The console is gone by then, so a line says what a slow end waits for.
async fn end_in_sight(engine: EngineHandle) -> Arc<Snapshot> {
    let snapshots = engine.snapshots.clone();
    let mut ended = std::pin::pin!(engine.ended());
    if let Ok(last) = tokio::time::timeout(SILENCE, &mut ended).await {
        return last;
    }
    let waits = snapshots.borrow().shutting_down.clone().unwrap_or_default();
    complain(&format!("ending; it waits for {waits}"));
    ended.await
}

/// The error of a finite source that has ended and held no click.
fn without_a_click(last: &Snapshot, finite: bool) -> Option<String> {
    let totals = &last.totals;
    let progress = last.source.progress.as_ref().filter(|progress| finite && progress.error.is_none())?;
    // After a reset, which clears the counts, fewer are counted as ingested than were sent.
    let none = totals.stored + totals.duplicates + totals.expired == 0
        && totals.ingested == progress.sent
        && progress.read_before.is_none();
    none.then(|| {
        let source = &last.source.description;
        match (progress.sent, &progress.first_no_click) {
            (0, _) => format!("no click in the {source}: it holds no record"),
            (sent, Some(first)) => {
                format!("no click in the {source}: records: {sent}, clicks: none; the first: {first}")
            }
            (sent, None) => format!("no click in the {source}: records: {sent}, clicks: none"),
        }
    })
}

async fn open_source(
    cli: &Cli,
    settings: &Settings,
    view: &ViewArgs,
    storage: &Arc<Storage>,
) -> anyhow::Result<Source> {
    match &cli.command {
        Command::Demo(args) => embedded(settings, "embedded broker, generated traffic".to_owned(), |target| {
            start_generator(target, generator_options(args)).map_err(Into::into)
        }),
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
            let source = KafkaSource { kafka, description, task: Some(task), stored: None, _broker: None };
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
            let source = KafkaSource { kafka, description, task: None, stored: None, _broker: None };
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
    let source = KafkaSource { kafka, description, task: Some(task), stored: Some(stored), _broker: Some(broker) };
    Ok(Source::Kafka(Box::new(source)))
}

/// Fails with one clear line unless the broker answers and has the topic.
async fn require_topic(kafka: &KafkaSettings) -> anyhow::Result<()> {
    let kafka = kafka.clone();
    tokio::task::spawn_blocking(move || check::require_topic(&kafka)).await.context("probe")?
}

fn stop_producer(source: Option<&KafkaSource>) {
    if let Some(task) = source.and_then(|source| source.task.as_ref()) {
        task.stop();
    }
}

/// The demo reads the messages that it makes, whatever the config says of the user's own topic.
fn for_demo(settings: &Settings, args: &DemoArgs) -> Settings {
    let mut settings = settings.for_own_events();
    settings.kafka.format = args.format.into();
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

/// The options of the console.
///
/// # Errors
/// The keys of the config cannot be used.
fn console_options(settings: &ConsoleSettings, view: &ViewArgs) -> Result<ConsoleOptions, KeyError> {
    Ok(ConsoleOptions {
        frame_interval: settings.frame_interval,
        color: settings.color,
        themes: Themes::new(&settings.themes, &settings.theme),
        ascii: !view.headless && is_ascii(settings.ascii),
        mouse: settings.mouse,
        read_only: view.read_only,
        unverified: false,
        unfinished_work: UnfinishedWork::default(),
        keys: KeyBindings::with(settings.keys.iter())?,
    })
}

/// Whether to draw with ASCII only: as the setting says, else as the locale says.
fn is_ascii(set: Option<bool>) -> bool {
    set.unwrap_or_else(|| match locale::without_utf8() {
        Some(variable) => {
            tracing::info!(
                target: "console",
                "{} is not a UTF-8 locale, so the console draws with ASCII only; --ascii=false draws lines and symbols",
                printable(&variable)
            );
            true
        }
        None => false,
    })
}

/// Sums the run up on the terminal to which the user returns.
fn say_goodbye(last: &Snapshot, data: &DataDir, out: &mut Output) {
    let totals = &last.totals;
    out.line(format_args!(
        "{} clicks of {} pages; this run stored {}, ignored {} duplicates and rejected {}",
        totals.clicks, totals.pages, totals.stored, totals.duplicates, totals.rejected,
    ));
    if let Some(known) = last.source.progress.as_ref().and_then(|progress| progress.read_before.as_ref()) {
        out.line(format_args!("{known}"));
    }
    if let DataDir::Kept(path) = data {
        out.line(format_args!("The figures: clicktop top --data-dir {}", path.display()));
    }
}
