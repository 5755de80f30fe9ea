//! The soak: a steady load for as long as asked, and a random fault all the while. Run by `scripts/soak`.

use std::time::{Duration, Instant};

use clicktop::demo::WireFormat;
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
use crate::world::{World, is, memory};

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
        status["totals"]["clicks"].as_u64() > stored
            && ["ingest", "store", "aggregate", "index"].iter().all(|stage| is(status, stage, "running"))
    });
    if begin.elapsed() > SLOW {
        println!("it took {:?} to recover", begin.elapsed());
    }
}

#[test]
#[ignore = "takes minutes: scripts/soak"]
fn soak() {
    const FAULTS: [&str; 8] = [
        "kill -9 and start",
        "SIGTERM and start",
        "broker down for 3 s",
        "engine answers 429 for 3 s",
        "engine cuts its answers for 3 s",
        "engine down for 3 s",
        "database locked for 3 s",
        "stage stopped for 3 s by its key",
    ];
    let minutes = number("CLICKTOP_SOAK_MINUTES").unwrap_or(30);
    let rate = number("CLICKTOP_SOAK_RATE").unwrap_or(20_000) as f64;
    let mut dice = Dice::new("soak");
    let load = Load { seed: dice.seed, rate, users: 50_000, urls: 2_000, format: WireFormat::Csv };
    let mut world = World::with(load, PARTITIONS, &[("INDEX__REQUEST_TIMEOUT", "2 s")]);
    let mut now = Now::start(&world);
    let begin = Instant::now();
    println!("| minute | sent | stored | memory, MiB | of a program as old as, s | database, MiB |");
    println!("|---|---|---|---|---|---|");
    let (mut next_fault, mut next_line) = (FAULT_EVERY, Duration::from_secs(60));
    let mut turn = dice.shuffled(FAULTS.to_vec());
    while begin.elapsed() < Duration::from_secs(60 * minutes) {
        if begin.elapsed() >= next_fault {
            next_fault += FAULT_EVERY;
            // Each comes up as often as the others, in random order.
            if turn.is_empty() {
                turn = dice.shuffled(FAULTS.to_vec());
            }
            let fault = turn.pop().expect("a fault");
            dice.tried(fault);
            println!("{} s: {fault}", begin.elapsed().as_secs());
            cause(&world, fault, &mut now, &mut dice);
            recover(&mut now);
            dice.survived(fault);
        }
        if begin.elapsed() >= next_line {
            next_line += Duration::from_secs(60);
            let data = world.home.data();
            let size = std::fs::metadata(data.join(DATABASE_FILE)).expect("a file").len() >> 20;
            let stored = figures::number(&data, "SELECT SUM(next_offset) FROM offsets");
            let resident = memory(now.id(), "VmRSS").expect("a program") >> 20;
            let (minute, age) = (begin.elapsed().as_secs() / 60, now.since.elapsed().as_secs());
            println!("| {minute} | {} | {stored} | {resident} | {age} | {size} |", world.acknowledged());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let seconds = begin.elapsed().as_secs_f64();
    world.weigh(now.run.as_ref().expect("a program"));
    let (sent, summary) = world.settle(now.take());
    let peak = world.peak.load(std::sync::atomic::Ordering::Relaxed) >> 20;
    println!(
        "soak: {minutes} min, {} clicks sent ({:.0} a second), 0 lost, 0 doubled; index equal to page_stats ({} documents); \
         peak of memory {peak} MiB",
        sent.clicks,
        sent.clicks as f64 / seconds,
        summary["documents"],
    );
}
