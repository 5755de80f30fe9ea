//! The ceiling of each part: what it does with the machine to itself, beside end to end on the same events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clicktop::click::{ClickBatch, Decoder, Format};
use clicktop::config::Settings;
use clicktop::engine::local::bench;
use clicktop::engine::local::bench::Messages;
use clicktop::engine::local::bench::Passed;
use clicktop::engine::local::stages::ingest::KafkaOptions;
use clicktop::search::embedded::Embedded;
use clicktop::source::EmbeddedBroker;
use clicktop::source::StoredOffsets;
use clicktop::source::traffic::{Generator, GeneratorOptions, start_generator};
use clicktop::storage::{DATABASE_FILE, Reader, Storage, StorageOptions};

use super::broker::{PARTITIONS, TOPIC, options as pipeline_options, sent, target};
use super::options::Options;
use super::prepared::Prepared;
use super::report::{Better, Report, short};
use super::{Outcome, usage, whole};

/// Events a partition of a broker that is filled beforehand: about half of what it keeps.
const EVENTS_A_PARTITION: u64 = 8_000;
/// The embedded broker has no more partitions.
const MOST_PARTITIONS: u64 = 1_024;
/// Batches made before a clock starts: the store takes them from memory.
const BATCHES_AT_ONCE: usize = 25;

/// Cores there are to share.
fn cores() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64)
}

/// One part's ceiling.
struct Part {
    name: &'static str,
    unit: &'static str,
    rate: f64,
    /// CPU-seconds a million items, of every thread at work.
    cpu: f64,
    /// End to end goes through it once for each event.
    in_the_way: bool,
}

pub fn all(options: &Options, events: u64, report: &mut Report) -> Outcome<()> {
    println!("each part alone, {} events", short(events));
    let prepared = Prepared::make(options, events)?;
    let (pipeline, kafka) = pipeline_options(&Settings::default(), "none", &[])?;
    let mut parts = vec![
        part("generate", "events", || generate(options, events))?,
        part("decode", "events", || decode(&prepared))?,
        part("produce", "events", || produce(options, events))?,
        part("consume", "events", || consume(options, events))?,
        part("transport", "events", || transport(options, events))?,
    ];
    let directory = tempfile::tempdir()?;
    let storage = Arc::new(Storage::open(directory.path(), StorageOptions::default())?);
    parts.push(store(&storage, &prepared, &kafka)?);
    parts.push(part("aggregate", "events", || Ok(bench::aggregate(&storage, pipeline.aggregate)?.into()))?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let index = Arc::new(Embedded::open(directory.path())?);
    let mut documents = part("index", "documents", || {
        Ok(bench::index(&storage, index, pipeline.index, runtime.handle().clone())?.into())
    })?;
    documents.in_the_way = false;
    parts.push(documents);
    storage.close();
    check(&directory.path().join(DATABASE_FILE), events)?;

    let whole = whole::once(options, events, options.seed)?;
    print(&parts, &whole, report);
    Ok(())
}

fn print(parts: &[Part], whole: &whole::Run, report: &mut Report) {
    let rate = whole.events_a_second();
    println!("{:>12} {:>12} {:>12} {:>26}", "", "items/s", "CPU-s / 1M", "end to end, share of it");
    for part in parts {
        let share = match part.in_the_way {
            true => format!("{:.0} %", rate / part.rate * 100.0),
            false => format!("({})", part.unit),
        };
        println!("{:>12} {:>12.0} {:>12.2} {:>26}", part.name, part.rate, part.cpu, share);
        let name = format!("{} alone {}", part.name, short(whole.events));
        report.add(format!("{name}: {}/s", part.unit), part.rate, "1/s", Better::Higher);
        report.add(format!("{name}: CPU-seconds a million"), part.cpu, "s", Better::Lower);
    }
    println!("{:>12} {:>12.0} {:>12.2}", "end to end", rate, whole.cpu_a_million());
    let slowest = parts.iter().filter(|part| part.in_the_way).min_by(|a, b| a.rate.total_cmp(&b.rate));
    if let Some(slowest) = slowest {
        let share = rate / slowest.rate;
        println!("the slowest part is {}; end to end runs at {:.0} % of its ceiling", slowest.name, share * 100.0);
        report.add(format!("share of the slowest part {}", short(whole.events)), share * 100.0, "%", Better::Higher);
    }
    // Parts that run side by side share the cores: no order of them can be faster than this.
    let bound = cores() / whole.cpu_a_million() * 1e6;
    println!(
        "{} cores, each busy all the time, would give {bound:.0} events/s at this CPU time: it has {:.0} % of them",
        cores(),
        rate / bound * 100.0
    );
}

/// Every event came through, and every figure.
fn check(database: &std::path::Path, events: u64) -> Outcome<()> {
    let reader = Reader::open(database)?;
    let aggregated = reader.aggregate_state()?.map(|state| state.cursor);
    let pending = reader.pages_pending(reader.index_cursor("embedded")?)?;
    let clicks = reader.click_count()?;
    match clicks == events && aggregated == Some(i64::try_from(events)?) && pending == 0 {
        true => Ok(()),
        false => Err(format!("{clicks} clicks, {aggregated:?} aggregated, {pending} documents pending").into()),
    }
}

/// Runs `work`, which says how much it did and in what time.
fn part(name: &'static str, unit: &'static str, work: impl FnOnce() -> Outcome<Work>) -> Outcome<Part> {
    let cpu = usage::own_cpu()?;
    let work = work().map_err(|error| format!("{name}: {error}"))?;
    let cpu = work.cpu.map_or_else(|| usage::own_cpu().map(|now| now - cpu), Ok)?;
    if work.items == 0 || work.time.is_zero() {
        return Err(format!("{name} did nothing").into());
    }
    Ok(Part {
        name,
        unit,
        rate: work.items as f64 / work.time.as_secs_f64(),
        cpu: cpu / work.through as f64 * 1e6,
        in_the_way: true,
    })
}

/// What a part did.
struct Work {
    /// Items in `time`.
    items: u64,
    time: Duration,
    /// Items in the CPU time, which may cover more.
    through: u64,
    /// CPU-seconds, if not those of all that `part` called.
    cpu: Option<f64>,
}

impl From<Passed> for Work {
    fn from(passed: Passed) -> Self {
        Self { items: passed.items, time: passed.time, through: passed.items, cpu: None }
    }
}

fn work(items: u64, begin: Instant) -> Work {
    Passed { items, time: begin.elapsed() }.into()
}

/// Events made, written nowhere.
fn generate(options: &Options, events: u64) -> Outcome<Work> {
    let mut generator = Generator::new(options.generator(events))?;
    let mut out = Vec::new();
    let begin = Instant::now();
    while generator.write_message(&mut out) {
        std::hint::black_box(out.len());
        out.clear();
    }
    Ok(work(generator.made(), begin))
}

/// Payloads in memory to clicks in a batch.
fn decode(prepared: &Prepared) -> Outcome<Work> {
    let mut decoder = Decoder::new(Format::Auto);
    let begin = Instant::now();
    let (mut number, mut batch) = (0, ClickBatch::default());
    while let Some(payload) = prepared.payload(number) {
        batch.push(&decoder.decode(payload)?);
        number += 1;
        if batch.len() >= 20_000 {
            batch = ClickBatch::with_capacity(std::hint::black_box(batch).len());
        }
    }
    Ok(work(number, begin))
}

/// Generator and producer to the embedded broker, which drops what nobody reads.
fn produce(options: &Options, events: u64) -> Outcome<Work> {
    let broker = EmbeddedBroker::start(TOPIC, PARTITIONS)?;
    let source = start_generator(target(&broker, PARTITIONS, None), options.generator(events))?;
    let passed = sent(&source, events)?;
    Ok(Work { through: events, ..passed.into() })
}

/// The ingest stage on a broker that was filled before: polls, decodes and throws away. As many partitions as it takes to
/// hold the events; CPU time is the broker's and the consumer's.
fn consume(options: &Options, events: u64) -> Outcome<Work> {
    let events = events.min(EVENTS_A_PARTITION * MOST_PARTITIONS);
    let partitions = i32::try_from(events.div_ceil(EVENTS_A_PARTITION).max(8))?;
    let broker = EmbeddedBroker::start(TOPIC, partitions)?;
    let stored = StoredOffsets::new(usize::try_from(partitions)?);
    // Nothing is stored while it fills: the producer holds back before the broker would drop anything, and `sent` tells.
    let source = start_generator(target(&broker, partitions, Some(stored.clone())), options.generator(events))?;
    sent(&source, events)?;
    drop(source);
    let (_, kafka) = pipeline_options(&Settings::default(), broker.bootstrap_servers(), &options.kafka)?;
    let cpu = usage::own_cpu()?;
    let passed = bench::ingest(kafka, stored, events)?;
    let cpu = usage::own_cpu()? - cpu;
    Ok(Work { items: passed.items, time: passed.time, through: events, cpu: Some(cpu) })
}

/// Generator, producer, broker and ingest at once; nothing is stored.
fn transport(options: &Options, events: u64) -> Outcome<Work> {
    let broker = EmbeddedBroker::start(TOPIC, PARTITIONS)?;
    let stored = StoredOffsets::new(usize::try_from(PARTITIONS)?);
    let (_, kafka) = pipeline_options(&Settings::default(), broker.bootstrap_servers(), &options.kafka)?;
    let traffic: GeneratorOptions = options.generator(events);
    let source = start_generator(target(&broker, PARTITIONS, Some(stored.clone())), traffic)?;
    let passed = bench::ingest(kafka, stored, events)?;
    sent(&source, events)?;
    Ok(Work { through: events, ..passed.into() })
}

/// Decoded batches from memory to SQLite.
fn store(storage: &Arc<Storage>, prepared: &Prepared, kafka: &KafkaOptions) -> Outcome<Part> {
    let mut whole = Work { items: 0, time: Duration::ZERO, through: 0, cpu: Some(0.0) };
    let mut cpu = 0.0;
    let mut batches = prepared.batches(kafka.batch_events);
    loop {
        let some = batches.by_ref().take(BATCHES_AT_ONCE).collect::<Outcome<Vec<_>>>()?;
        if some.is_empty() {
            break;
        }
        let before = usage::own_cpu()?;
        let passed = bench::store(storage, some)?;
        cpu += usage::own_cpu()? - before;
        whole.items += passed.items;
        whole.time += passed.time;
    }
    part("store", "events", || Ok(Work { through: whole.items, cpu: Some(cpu), ..whole }))
}
