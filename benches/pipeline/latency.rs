//! From produced to visible, at 20,000 clicks a second: in a snapshot (a console draws it within `console.frame_interval`,
//! 100 ms at most), and in the embedded index.
//!
//! A click counts as produced when the producer has handed it to its Kafka client, before that sends it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clicktop::click::Click;
use clicktop::config::Settings;
use clicktop::engine::EngineHandle;
use clicktop::engine::local::{self, EventSource, InProcessSource};
use clicktop::engine::status::log::LogBuffer;
use clicktop::protocol::Command;
use clicktop::search::embedded::Embedded;
use clicktop::source::StoredOffsets;
use clicktop::source::producer::{Feed, Next, Record};
use clicktop::source::traffic::{Generator, GeneratorOptions};
use clicktop::source::{DemoError, EmbeddedBroker, SourceTask};
use clicktop::storage::{DATABASE_FILE, Storage, StorageOptions};
use parking_lot::Mutex;

use super::Outcome;
use super::broker::{PARTITIONS, options as pipeline_options, target};
use super::options::Options;
use super::report::{Better, Report};
use super::visible::{Shown, Watched, click_id, seen};

const RATE: u64 = 20_000;
/// What is produced before is not counted: connections are made, tables are empty.
const WARM_UP: Duration = Duration::from_secs(3);
/// More than any click may take; the end of the run is not waited for any longer.
const LONGEST: Duration = Duration::from_secs(60);

pub fn all(options: &Options, report: &mut Report) -> Outcome<()> {
    let mut short = Settings::default();
    short.ingest.batch_interval = Duration::from_millis(20);
    short.aggregate.interval = Duration::from_millis(50);
    short.index.interval = Duration::from_millis(100);
    println!("from produced to visible at {RATE} clicks/s, {} s", options.seconds);
    println!("{:>10} {:>12} {:>12} {:>9} {:>9} {:>9}", "", "", "clicks", "p50 ms", "p99 ms", "most ms");
    for (name, settings) in [("default", Settings::default()), ("short", short)] {
        let (shown, indexed) = once(options, &settings)?;
        for (place, mut times) in [("snapshot", shown), ("index", indexed)] {
            times.sort_unstable();
            let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| quantile(&times, share).as_secs_f64() * 1e3);
            println!("{name:>10} {place:>12} {:>12} {p50:>9.0} {p99:>9.0} {most:>9.0}", times.len());
            report.add(format!("{place}, {name} settings: p50"), p50, "ms", Better::Lower);
            report.add(format!("{place}, {name} settings: p99"), p99, "ms", Better::Lower);
        }
    }
    println!("short: ingest.batch_interval 20 ms, aggregate.interval 50 ms, index.interval 100 ms");
    Ok(())
}

/// The times of every click after the warm-up: to a snapshot, to the index.
fn once(options: &Options, settings: &Settings) -> Outcome<(Vec<Duration>, Vec<Duration>)> {
    let events = (options.seconds + WARM_UP.as_secs()) * RATE;
    let directory = tempfile::tempdir()?;
    let broker = EmbeddedBroker::start(super::broker::TOPIC, PARTITIONS)?;
    let stored = StoredOffsets::new(usize::try_from(PARTITIONS)?);
    let traffic = GeneratorOptions { rate: Some(RATE as f64), start: None, ..options.generator(events) };
    let produced = Arc::new(Mutex::new(Vec::with_capacity(usize::try_from(events)?)));
    let feed = Timed { generator: Generator::new(traffic)?, produced: Arc::clone(&produced), handed: 0 };
    let index = Arc::new(Watched::new(Embedded::open(directory.path())?));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let shown = runtime.block_on(async {
        let storage = Arc::new(Storage::open(directory.path(), StorageOptions::default())?);
        let (pipeline_options, kafka) = pipeline_options(settings, broker.bootstrap_servers(), &options.kafka)?;
        let source = SourceTask::start(target(&broker, PARTITIONS, Some(stored.clone())), feed, Some(RATE as f64))?;
        let in_process = InProcessSource { progress: source.progress(), stored: Some(stored) };
        let log = Arc::new(LogBuffer::default());
        let searched = Arc::clone(&index);
        let mut pipeline = local::start(
            pipeline_options,
            Arc::clone(&storage),
            searched,
            EventSource::Kafka(kafka, Some(in_process)),
            log,
        )?;
        let shown = watch(&mut pipeline, events).await?;
        pipeline.commands.send(Command::Shutdown).await?;
        let last = pipeline.ended().await;
        storage.close();
        match last.totals.clicks == events {
            true => Ok(shown),
            false => Err(Box::<dyn std::error::Error>::from(format!("not all of it arrived: {:?}", last.totals))),
        }
    })?;
    let produced = produced.lock();
    let (Some(first), Some(last)) = (produced.first(), produced.last()) else { return Err("nothing sent".into()) };
    let rate = events as f64 / last.duration_since(*first).as_secs_f64();
    if rate < RATE as f64 * 0.98 {
        return Err(format!("the producer kept to {rate:.0} clicks/s only: the machine is too busy").into());
    }
    let counted = *first + WARM_UP;
    let mut times = (Vec::new(), Vec::new());
    for seen in seen(&directory.path().join(DATABASE_FILE), &shown, &index)? {
        let produced = *produced.get(seen.number).ok_or("a click that nobody produced")?;
        if produced >= counted {
            times.0.push(seen.shown.saturating_duration_since(produced));
            times.1.push(seen.indexed.saturating_duration_since(produced));
        }
    }
    match times.0.is_empty() {
        false => Ok(times),
        true => Err("no click after the warm-up: give more --seconds".into()),
    }
}

/// Notes each snapshot until everything is stored, aggregated and indexed.
async fn watch(pipeline: &mut EngineHandle, events: u64) -> Outcome<Shown> {
    let deadline = Instant::now() + Duration::from_secs(events / RATE) + LONGEST;
    let mut shown = Shown::default();
    loop {
        tokio::time::timeout(deadline.saturating_duration_since(Instant::now()), pipeline.snapshots.changed())
            .await
            .map_err(|_| "the pipeline did not get to the end")??;
        let snapshot = Arc::clone(&pipeline.snapshots.borrow_and_update());
        shown.snapshot(&snapshot)?;
        if snapshot.finished {
            return Ok(shown);
        }
    }
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let at = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// Generated clicks with ids of ours, and when each was handed to the Kafka client.
struct Timed {
    generator: Generator,
    produced: Arc<Mutex<Vec<Instant>>>,
    handed: usize,
}

impl Feed for Timed {
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        // Whoever asks for the next has sent the one before.
        if self.handed > 0 {
            self.produced.lock().push(Instant::now());
        }
        let id = click_id(self.handed);
        let Some(click) = self.generator.next_click() else { return Ok(Next::End) };
        record.payload.clear();
        Click { click_id: &id, ..click }.write_csv(&mut record.payload);
        record.set_key(click.user_id.as_bytes());
        self.handed += 1;
        Ok(Next::Ready)
    }
}
