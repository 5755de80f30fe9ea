//! A broker, an engine and a home that outlive the program, and the program in the middle.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use clicktop::search::Document;
use clicktop::source::EmbeddedBroker;
use clicktop::source::StoredOffsets;
use clicktop::storage::DATABASE_FILE;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::engine::Engine;
use crate::sent::{Load, Sending, Sent, TOPIC};
use crate::support::figures::{self, Figures};
use crate::support::program::{Home, Running, stage};

const PARTITIONS: i32 = 4;

/// More resident memory than this is too much for loads as small as the tests'.
const MEMORY: u64 = 300 << 20;

pub struct World {
    pub broker: EmbeddedBroker,
    pub engine: Engine,
    pub home: Home,
    sending: Option<Sending>,
    feeder: Feeder,
    groups: AtomicU32,
    /// The most resident memory seen of any program, in bytes.
    pub peak: AtomicU64,
    /// More than this is too much.
    memory: u64,
}

impl World {
    /// Where `load` is being sent from now on, to programs with small batches and short waits.
    pub fn new(load: Load) -> Self {
        let small = [
            ("INGEST__BATCH_EVENTS", "200"),
            ("INDEX__INTERVAL", "200 ms"),
            ("INDEX__BULK_DOCUMENTS", "100"),
            ("INDEX__REQUEST_TIMEOUT", "1 s"),
            ("AGGREGATE__INTERVAL", "100 ms"),
            ("SHUTDOWN_TIMEOUT", "5 s"),
        ];
        Self::with(load, PARTITIONS, &small)
    }

    /// With so many partitions, and these settings in the environment.
    pub fn with(load: Load, partitions: i32, settings: &[(&str, &str)]) -> Self {
        let broker = EmbeddedBroker::start(TOPIC, partitions).expect("a broker");
        let engine = Engine::start(load.seed);
        let mut home = Home::new()
            .with("CLICKTOP_KAFKA__BROKERS", broker.bootstrap_servers())
            .with("CLICKTOP_INDEX__KIND", "elasticsearch")
            .with("CLICKTOP_INDEX__URLS", &engine.url());
        for (name, value) in settings {
            home = home.with(&format!("CLICKTOP_{name}"), value);
        }
        let stored = StoredOffsets::new(partitions.unsigned_abs() as usize);
        let feeder = Feeder::start(&home.data(), stored.clone());
        let sending = Some(load.send(&broker, partitions, stored));
        Self {
            broker,
            engine,
            home,
            sending,
            feeder,
            groups: AtomicU32::new(0),
            peak: AtomicU64::new(0),
            memory: MEMORY,
        }
    }

    /// Sets something in the environment of the programs started from here on.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.home = self.home.with(name, value);
        self
    }

    /// Allows the programs so much resident memory, in bytes.
    pub fn allow(mut self, memory: u64) -> Self {
        self.memory = memory;
        self
    }

    /// A group to join, another each time: this broker lets whoever comes back wait for the end
    /// of the session of the member that left, and offsets are not the group's but ours.
    pub fn group(&self) -> String {
        format!("group-{}", self.groups.fetch_add(1, Ordering::Relaxed))
    }

    /// Starts the program, without a console.
    pub fn start(&self) -> Running {
        self.home.start(&["run", "--headless", "--group", &self.group()])
    }

    /// Starts the program and waits until every stage runs.
    pub fn run(&self) -> Running {
        let mut run = self.start();
        run.await_object("running stages", all_run);
        run
    }

    /// Does not look into the database until it is told to: its disk can be unmounted.
    pub fn pause(&mut self) {
        self.feeder.stop();
    }

    /// Looks into the database again.
    pub fn resume(&mut self) {
        self.feeder = Feeder::start(&self.home.data(), self.feeder.stored.clone());
    }

    /// Looks at how much memory the program has had.
    pub fn weigh(&self, run: &Running) {
        self.weigh_process(run.id());
    }

    pub fn weigh_process(&self, process: u32) {
        self.peak.fetch_max(memory(process, "VmHWM").unwrap_or(0), Ordering::Relaxed);
    }

    /// Ends the program at once.
    pub fn kill(&self, mut run: Running) {
        self.weigh(&run);
        run.kill_9();
    }

    /// Clicks the broker has acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.sending.as_ref().expect("not stopped").acknowledged()
    }

    /// Sends no more, waits until `run` has worked everything off, ends it, and checks that everything is there.
    #[track_caller]
    pub fn settle(&mut self, mut run: Running) -> (Sent, Value) {
        let sent = self.sending.take().expect("still sending").stop();
        self.feeder.stop();
        run.await_object("everything that was sent", |status| {
            status["totals"]["clicks"] == sent.clicks
                && status["lag"] == 0
                && stage(status, "aggregate")["backlog"] == 0
                && status["index"]["pending"] == 0
        });
        run.signal("TERM");
        let ran = run.end();
        assert!(ran.status.success(), "{ran:?}");
        let summary = ran.summary();
        self.assert_all_there(sent, &summary);
        (sent, summary)
    }

    /// Nothing is lost, nothing is doubled, the index is equal to the table, and memory stayed bounded.
    #[track_caller]
    fn assert_all_there(&self, sent: Sent, summary: &Value) {
        let data = self.home.data();
        assert_eq!(summary["clicks"], sent.clicks, "{summary}");
        assert_eq!((&summary["skipped"], &summary["late"]), (&0.into(), &0.into()), "{summary}");
        assert_eq!(figures::number(&data, "SELECT COUNT(*) FROM clicks"), sent.clicks as i64);
        assert_eq!(figures::number(&data, "SELECT SUM(next_offset) FROM offsets"), sent.ends, "every offset");
        assert_eq!(figures::number(&data, "SELECT COUNT(*) FROM rejects WHERE stage = 'ingest'"), 0);
        let wanted = sent.load.figures(sent.clicks);
        let kept = figures::kept(&data);
        figures::assert_same("kept figures", &kept, &wanted);
        figures::assert_same("figures by definition", &figures::by_definition(&data), &wanted);
        self.assert_indexed(&data, &kept);
        let peak = summary["peak_rss_bytes"].as_u64().expect("a count").max(self.peak.load(Ordering::Relaxed));
        println!("{} clicks, {} pages, peak of memory {} MiB", sent.clicks, kept.len(), peak >> 20);
        assert!(peak < self.memory, "{peak} bytes of memory");
    }

    /// The index holds every row in its newest version; but for those it refused for good, which are in `rejects`.
    #[track_caller]
    fn assert_indexed(&self, data: &Path, kept: &Figures) {
        let database = figures::database(data);
        let mut refused = 0;
        let documents = self.engine.documents();
        let query = "SELECT urls.url, countries.country, version FROM page_stats
            JOIN urls ON urls.id = page_stats.url JOIN countries ON countries.id = page_stats.country";
        let mut select = database.prepare(query).expect("a query");
        let rows = select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).expect("rows");
        for row in rows {
            let (page, version): ((String, String), u64) = row.expect("a row");
            match documents.get(&page) {
                Some((held, figure)) if *held == version => {
                    let (page, wanted) = ([(page.clone(), *figure)].into(), [(page.clone(), kept[&page])].into());
                    figures::assert_same("documents", &page, &wanted);
                }
                held => {
                    let id = id(&page.0, &page.1);
                    assert!(self.engine.has_refused(&id, version), "{page:?} in version {version}: index has {held:?}");
                    let query =
                        "SELECT COUNT(*) FROM rejects WHERE stage = 'index' AND reason LIKE '400: mapper_parsing%'
                        AND json_extract(CAST(payload AS TEXT), '$.url') = ?1
                        AND json_extract(CAST(payload AS TEXT), '$.country') = ?2
                        AND json_extract(CAST(payload AS TEXT), '$.version') = ?3";
                    let noted: u64 =
                        database.query_row(query, (&page.0, &page.1, version), |row| row.get(0)).expect("a count");
                    assert!(noted > 0, "{page:?} in version {version} was refused, and nothing says so");
                    refused += 1;
                }
            }
        }
        assert!(documents.keys().all(|page| kept.contains_key(page)), "the index has no other documents");
        if refused > 0 {
            println!("{refused} documents refused in their newest version, each kept in rejects");
        }
    }
}

/// The `_id` of a page's document.
fn id(url: &str, country: &str) -> String {
    let time = clicktop::click::Timestamp::from_millis(0);
    let document = Document {
        url: url.to_owned(),
        country: country.to_owned(),
        clicks: 0,
        unique_users: 0,
        avg_time_spent: None,
        first_seen: time,
        last_seen: time,
        updated_at: time,
        version: 0,
    };
    document.id()
}

/// Whether a status shows `stage` in `state`.
pub fn is(status: &Value, id: &str, state: &str) -> bool {
    stage(status, id)["state"] == state
}

/// Whether a status shows every stage at work.
pub fn all_run(status: &Value) -> bool {
    ["ingest", "store", "aggregate", "index"].iter().all(|stage| is(status, stage, "running"))
}

/// Waits for a store that works again after the trouble that the status `seen` tells of.
pub fn await_stored(run: &mut Running, seen: &Value) {
    let stored = seen["totals"]["stored"].as_u64();
    run.await_object("a store that works again", |status| {
        is(status, "store", "running")
            && is(status, "aggregate", "running")
            && status["totals"]["stored"].as_u64() > stored
    });
}

/// Whether a status shows `stage` backing off because of something in these words.
pub fn backs_off(status: &Value, id: &str, words: &str) -> bool {
    is(status, id, "backing_off") && stage(status, id)["cause"].as_str().is_some_and(|cause| cause.contains(words))
}

/// `VmRSS` or `VmHWM` of a process, in bytes.
pub fn memory(process: u32, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    line.trim_start_matches(':').trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Tells the producer what the program has stored, so that the broker never holds more than it keeps.
struct Feeder {
    stored: StoredOffsets,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Feeder {
    fn start(data: &Path, stored: StoredOffsets) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, file) = (Arc::clone(&stop), data.join(DATABASE_FILE));
        let told = stored.clone();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                // There is none yet, or the disk is away for a moment.
                if let Ok(offsets) = offsets(&file) {
                    offsets.into_iter().for_each(|(partition, next)| told.advance(partition, next));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        Self { stored, stop, thread: Some(thread) }
    }

    fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic");
        }
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn offsets(file: &Path) -> rusqlite::Result<Vec<(i32, i64)>> {
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = database.prepare("SELECT partition, next_offset FROM offsets")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
