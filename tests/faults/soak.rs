//! The soak: a steady load for as long as asked, a random fault all the while, and at the end a program that is left alone. Run
//! by `scripts/soak`.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clicktop::source::traffic::WireFormat;
use clicktop::storage::DATABASE_FILE;
use rusqlite::Connection;

use crate::dice::{Dice, number};
use crate::engine::Fault;
use crate::sent::Load;
use crate::support::HANG;
use crate::support::figures;
use crate::support::program::Running;
use crate::support::screen::{all_run, state};
use crate::support::terminal::{Size, Terminal};
use crate::world::{self, World, memory};

/// No program may have more resident memory at any time. Exact unique users take their part of it: at the end of half an hour there
/// are millions of pairs of page and user.
const MEMORY: u64 = 600 << 20;
/// So much more than in its second minute a program may have in its last, in per cent.
const GROWTH: u64 = 10;
const MINUTE: Duration = Duration::from_secs(60);
const FAULT_EVERY: Duration = Duration::from_secs(20);
const OUTAGE: Duration = Duration::from_secs(3);
/// A recovery that takes longer is told.
const SLOW: Duration = Duration::from_secs(10);
const WIDE: Size = Size { columns: 120, rows: 40 };

/// Enough that what the broker keeps outlasts a restart of the program.
const PARTITIONS: i32 = 16;

/// The program and since when it is the one.
struct Now {
    run: Option<Running>,
    since: Instant,
}

impl Now {
    fn start(world: &World) -> Self {
        Self { run: Some(world.run()), since: Instant::now() }
    }

    fn take(&mut self) -> Running {
        self.run.take().expect("a program")
    }

    fn id(&self) -> u32 {
        self.run.as_ref().expect("a program").id()
    }
}

fn cause(world: &World, fault: &str, now: &mut Now, dice: &mut Dice) {
    let outage = |engine: Fault| {
        world.engine.set(engine);
        std::thread::sleep(OUTAGE);
        world.engine.set(Fault::None);
    };
    match fault {
        "kill -9 and start" => {
            world.kill(now.take());
            *now = Now::start(world);
        }
        "SIGTERM and start" => {
            let run = now.take();
            world.weigh(&run);
            run.signal("TERM");
            assert!(run.end().status.success());
            *now = Now::start(world);
        }
        "broker down for 3 s" => {
            world.broker.control().broker_down().expect("down");
            std::thread::sleep(OUTAGE);
            world.broker.control().broker_up().expect("up");
        }
        "engine answers 429 for 3 s" => outage(Fault::Storm),
        "engine cuts its answers for 3 s" => outage(Fault::CutAnswer),
        "engine down for 3 s" => outage(Fault::Down),
        "database locked for 3 s" => {
            let other = Connection::open(world.home.data().join(DATABASE_FILE)).expect("a database");
            other.busy_timeout(HANG).expect("patience");
            other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
            std::thread::sleep(OUTAGE);
            other.execute_batch("ROLLBACK").expect("unlocked");
        }
        "stage stopped for 3 s by its key" => {
            let run = now.take();
            world.weigh(&run);
            run.signal("TERM");
            assert!(run.end().status.success());
            let mut terminal = Terminal::start(&world.home, &["run", "--group", &world.group()], WIDE);
            terminal.wait("running stages", all_run);
            let place = dice.between(0..4) as usize;
            let key = format!("{} ", place + 1);
            terminal.keys(&key);
            terminal.wait("a stopped stage", |screen| state(screen, place).as_deref() == Some("stopped"));
            std::thread::sleep(OUTAGE);
            terminal.keys(&key);
            terminal.wait("running stages again", all_run);
            world.weigh_process(terminal.id());
            terminal.quit();
            *now = Now::start(world);
        }
        other => unreachable!("{other}"),
    }
}

/// Every stage runs again, and clicks flow.
fn recover(now: &mut Now) {
    let begin = Instant::now();
    let run = now.run.as_mut().expect("a program");
    let stored = run.await_object("a status", |_| true)["totals"]["clicks"].as_u64();
    run.await_object("running stages and more clicks", |status| {
        status["totals"]["clicks"].as_u64() > stored && world::all_run(status)
    });
    if begin.elapsed() > SLOW {
        println!("it took {:?} to recover", begin.elapsed());
    }
}

/// What leaves the program alone, and what starts it anew.
const OUTSIDE: [&str; 5] = [
    "broker down for 3 s",
    "engine answers 429 for 3 s",
    "engine cuts its answers for 3 s",
    "engine down for 3 s",
    "database locked for 3 s",
];
const RESTARTS: [&str; 3] = ["kill -9 and start", "SIGTERM and start", "stage stopped for 3 s by its key"];

/// Faults to be taken from the end on: each as often as the others of its kind, in random order. In a long turn about half of them
/// leave the program alone one after another, so that it lives for minutes.
fn turn(dice: &mut Dice, long: bool) -> Vec<&'static str> {
    let (restarts, outside) = if long { (3, 2) } else { (1, 1) };
    let restarts = dice.shuffled(RESTARTS.repeat(restarts));
    [restarts, dice.shuffled(OUTSIDE.repeat(outside))].concat()
}

/// Tells of each minute.
struct Lines {
    begin: Instant,
    next: Duration,
}

impl Lines {
    fn start() -> Self {
        println!(
            "| minute | sent | stored | memory, MiB | of a program as old as, s | peak of any so far, MiB | \
             pairs of page and user | database, MiB |"
        );
        println!("|---|---|---|---|---|---|---|---|");
        Self { begin: Instant::now(), next: MINUTE }
    }

    fn tell(&mut self, world: &World, now: &Now) {
        if self.begin.elapsed() < self.next {
            return;
        }
        self.next += MINUTE;
        world.weigh_process(now.id());
        let data = world.home.data();
        let size = std::fs::metadata(data.join(DATABASE_FILE)).expect("a file").len() >> 20;
        let stored = figures::number(&data, "SELECT SUM(next_offset) FROM offsets");
        // What the exact count of users keeps: its table doubles at 7/8 of each power of two.
        let pairs = figures::number(&data, "SELECT COALESCE(SUM(unique_users), 0) FROM page_stats");
        let resident = memory(now.id(), "VmRSS").expect("a program") >> 20;
        let peak = world.peak.load(Ordering::Relaxed) >> 20;
        let (minute, age) = (self.begin.elapsed().as_secs() / 60, now.since.elapsed().as_secs());
        println!("| {minute} | {} | {stored} | {resident} | {age} | {peak} | {pairs} | {size} |", world.acknowledged());
    }
}

/// A program that nothing happens to for `minutes`: the most memory of its second minute and of its last, in bytes.
fn left_alone(world: &World, now: &mut Now, lines: &mut Lines, minutes: u64) -> (u64, u64) {
    let run = now.take();
    world.weigh(&run);
    run.signal("TERM");
    assert!(run.end().status.success());
    *now = Now::start(world);
    println!("{} s: left alone", lines.begin.elapsed().as_secs());
    let end = MINUTE * u32::try_from(minutes).expect("not so long");
    let (mut second, mut last) = (0, 0);
    while now.since.elapsed() < end {
        let (age, resident) = (now.since.elapsed(), memory(now.id(), "VmRSS").expect("a program"));
        if (MINUTE..2 * MINUTE).contains(&age) {
            second = second.max(resident);
        }
        if age >= end.saturating_sub(MINUTE) {
            last = last.max(resident);
        }
        lines.tell(world, now);
        std::thread::sleep(Duration::from_millis(200));
    }
    (second, last)
}

#[test]
#[ignore = "takes minutes: scripts/soak"]
fn soak() {
    let minutes = number("CLICKTOP_SOAK_MINUTES").unwrap_or(30);
    let quiet = number("CLICKTOP_SOAK_QUIET_MINUTES").unwrap_or(5);
    let rate = number("CLICKTOP_SOAK_RATE").unwrap_or(20_000) as f64;
    let mut dice = Dice::new("soak");
    let load = Load { seed: dice.seed, rate, users: 50_000, urls: 2_000, format: WireFormat::Csv };
    // A stage that its key starts again is of the same group, so this broker lets it wait for the end of its own old session.
    let settings = [("INDEX__REQUEST_TIMEOUT", "2 s"), ("KAFKA__PROPERTIES__SESSION_TIMEOUT_MS", "6000")];
    let mut world = World::with(load, PARTITIONS, &settings).allow(MEMORY);
    let mut now = Now::start(&world);
    let mut lines = Lines::start();
    let begin = lines.begin;
    let mut next_fault = FAULT_EVERY;
    // A short soak has each of them, too.
    let mut faults = turn(&mut dice, false);
    while begin.elapsed() < Duration::from_secs(60 * minutes) {
        if begin.elapsed() >= next_fault {
            next_fault += FAULT_EVERY;
            if faults.is_empty() {
                faults = turn(&mut dice, true);
            }
            let fault = faults.pop().expect("a fault");
            dice.tried(fault);
            println!("{} s: {fault}", begin.elapsed().as_secs());
            cause(&world, fault, &mut now, &mut dice);
            recover(&mut now);
            dice.survived(fault);
        }
        lines.tell(&world, &now);
        std::thread::sleep(Duration::from_millis(200));
    }
    let alone = (quiet > 0).then(|| left_alone(&world, &mut now, &mut lines, quiet));
    let seconds = begin.elapsed().as_secs_f64();
    let run = now.take();
    world.weigh(&run);
    let (sent, summary) = world.settle(run);
    let peak = world.peak.load(Ordering::Relaxed) >> 20;
    println!(
        "soak: {minutes} min of faults and {quiet} without, {} clicks sent ({:.0} a second), 0 lost, 0 doubled; index equal to \
         page_stats ({} documents); peak of memory {peak} MiB",
        sent.clicks,
        sent.clicks as f64 / seconds,
        summary["documents"],
    );
    if let Some((second, last)) = alone {
        println!("left alone for {quiet} min: {} MiB in the second, {} MiB in the last", second >> 20, last >> 20);
        // In the first it fills its caches; a shorter time has no growth to show.
        assert!(quiet < 3 || last * 100 < second * (100 + GROWTH), "memory grew from {second} to {last} bytes");
    }
}
