//! `run`, `demo`, `replay` and `serve`: start a source and the pipeline, with the console, JSON lines or the service as the front.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;

use super::args::{Cli, Command, ViewArgs};
use super::event_source::{KafkaSource, Source, for_demo, open_source, stop_producer};
use super::logging::Logging;
use super::output::{Output, complain};
use super::reload::{Reload, Renewed};
use super::setup::EngineParts;
use super::{demo_dir, locale, on_spark, serve, setup};
use crate::config::{ConsoleSettings, EngineKind, Settings, Sources};
use crate::console::{self, ConsoleError, ConsoleOptions, KeyBindings, KeyError, Themes, UnfinishedWork};
use crate::engine::EngineHandle;
use crate::engine::alarms::AlarmOptions;
use crate::engine::local::stages::ingest::KafkaOptions;
use crate::engine::local::{self, EventSource, InProcessSource};
use crate::engine::status::log::LogBuffer;
use crate::headless::{self, Outcome};
use crate::protocol::Snapshot;
use crate::protocol::snapshot::SourceStatus;
use crate::registry::Schemas;
use crate::search::renewable::Renewable;
use crate::serve::{Opened, Service};
use crate::storage::{MoveNote, Storage};
use crate::text::printable;
use crate::text::{counted, grouped};

/// How long the shutdown may take before clicktop says what it waits for.
const SILENCE: Duration = Duration::from_millis(300);

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
    sources: Sources,
    (logging, log): (Logging, Arc<LogBuffer>),
    out: &mut Output,
) -> anyhow::Result<ExitCode> {
    let view = cli.view().unwrap_or_default();
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
    let index = Arc::new(Renewable::new(setup::search_index(settings, data.path())?));
    let opened = serve::open(cli, settings, data.path()).await?;
    let source = open_source(cli, settings, &view, &storage).await?;
    let serves = matches!(cli.command, Command::Serve(_));
    if !view.headless && !serves {
        console::require_terminal()?;
    }
    let finite = match &cli.command {
        Command::Demo(args) => args.events.is_some(),
        Command::Replay(args) => !args.follow,
        _ => false,
    };
    let (alarms, renewals) = watch::channel(settings.alarms.options()?);
    let parts = EngineParts {
        storage: Arc::clone(&storage),
        index: Arc::<Renewable>::clone(&index),
        alarms: AlarmOptions { renewals: Some(renewals), ..alarms.borrow().clone() },
        log,
    };
    let schemas = setup::schemas(settings)?;
    let (engine, producer) = match (settings.engine, source) {
        (EngineKind::Local, source) => start_local(settings, source, schemas.clone(), parts)?,
        (EngineKind::Spark, Source::Kafka(source)) => {
            (on_spark::start(settings, &source.kafka, schemas.clone(), parts)?, Some(source))
        }
        (EngineKind::Spark, Source::Files(..)) => anyhow::bail!("the engine on Spark reads no files"),
    };

    // On stderr, the log has them already.
    let names = opened.as_ref().filter(|_| settings.log.file.is_some()).map(Opened::names).unwrap_or_default();
    // Until the engine has ended, consoles elsewhere see how it drains.
    let service = opened.map(|opened| opened.serve(&engine));
    if serves {
        let renewed = Renewed { logging, index, schemas, alarms, commands: engine.commands.clone() };
        let mut reload = Reload::new(sources, settings.clone(), renewed);
        let code = serve::until_end(&engine, &names, &mut reload, out).await;
        let last = engine.ended().await;
        end_service(service).await;
        storage.close();
        say_goodbye(&last, &data, out);
        return Ok(code);
    }
    if view.headless {
        let outcome = headless::run(&engine, finite, out).await;
        stop_producer(producer.as_deref());
        let last = engine.ended().await;
        end_service(service).await;
        storage.close();
        let outcome = match without_a_click(&last, finite) {
            Some(cause) if outcome == Outcome::Finished => Outcome::Failed(cause),
            _ => outcome,
        };
        return headless::summarize(&last, outcome, finite, out);
    }
    let shown = console::run(console, &engine).await;
    if shown.is_err() {
        // The console is gone and cannot send the command. The service has a sender, too, so the channel does not end by itself.
        let _ = engine.commands.send(crate::protocol::Command::Shutdown).await;
    }
    stop_producer(producer.as_deref());
    let last = end_in_sight(engine).await;
    end_service(service).await;
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
    schemas: Option<Schemas>,
    parts: EngineParts,
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
            let options = KafkaOptions { schemas, ..setup::kafka_options(settings, kafka)? };
            (status, EventSource::Kafka(options, in_process), Some(source))
        }
    };
    let EngineParts { storage, index, alarms, log } = parts;
    let options = setup::pipeline_options(settings, status, alarms);
    Ok((local::start(options, storage, index, events, log)?, producer))
}

/// Ends the service of a pipeline that has ended, if there is one.
async fn end_service(service: Option<Service>) {
    if let Some(service) = service {
        service.end().await;
    }
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

/// The options of the console.
///
/// # Errors
/// The keys of the config cannot be used.
pub(super) fn console_options(settings: &ConsoleSettings, view: &ViewArgs) -> Result<ConsoleOptions, KeyError> {
    Ok(ConsoleOptions {
        frame_interval: settings.frame_interval,
        color: settings.color,
        themes: Themes::new(&settings.themes, &settings.theme),
        ascii: !view.headless && is_ascii(settings.ascii),
        mouse: settings.mouse,
        bell: settings.bell,
        read_only: view.look.read_only,
        unverified: false,
        attached: false,
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
        "{} of {}; this run stored {}, ignored {} and rejected {}",
        counted(totals.clicks, "click", "clicks"),
        counted(totals.pages, "page", "pages"),
        grouped(totals.stored),
        counted(totals.duplicates, "duplicate", "duplicates"),
        grouped(totals.rejected),
    ));
    if let Some(known) = last.source.progress.as_ref().and_then(|progress| progress.read_before.as_ref()) {
        out.line(format_args!("{known}"));
    }
    if let DataDir::Kept(path) = data {
        out.line(format_args!("The figures: clicktop top --data-dir {}", path.display()));
    }
}
