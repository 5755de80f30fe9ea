//! What a live console costs and how fast it answers: the real program in a terminal of its own.
//!
//! `cargo bench --bench console` measures all of it, in some five minutes; a word picks one: `-- idle`, `-- watching`,
//! `-- keys`, `-- stops`. Meant for a machine that does nothing else.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measures")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod process;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use clicktop::source::EmbeddedBroker;
use process::Process;
use support::figures;
use support::program::Home;
use support::screen::{all_run, figure, state};
use support::terminal::{Size, Terminal};

const SCREEN: Size = Size { columns: 200, rows: 60 };
const STAGES: [&str; 4] = ["ingest", "store", "aggregate", "index"];
/// Stored clicks at which the memory of two runs is compared.
const RATE_CLICKS: u64 = 2_500_000;
/// Keys pressed for the answer times.
const PRESSES: usize = 200;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let parts: [(&str, fn()); 4] = [("idle", idle), ("watching", watching), ("keys", keys), ("stops", stops)];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            part();
        }
    }
}

fn demo(home: &Home, rate: &str) -> Terminal {
    let terminal = Terminal::start(home, &["demo", "--rate", rate, "--seed", "5"], SCREEN);
    terminal.wait("a pipeline at work", |screen| all_run(screen) && figure(screen, "clicks") > Some(1_000));
    terminal
}

/// The share of a core while every stage is stopped and the console is open: of a run on a broker elsewhere, and of a demo,
/// whose traffic goes on into the broker that it brings.
fn idle() {
    let broker = EmbeddedBroker::start("clicks", 4).expect("a broker");
    let home = Home::new();
    let run = ["run", "--brokers", broker.bootstrap_servers(), "--topic", "clicks"];
    let terminal = Terminal::start(&home, &run, SCREEN);
    terminal.wait("a pipeline at work", all_run);
    stopped("run", terminal);
    let home = Home::new();
    stopped("demo at 1,000 clicks/s", demo(&home, "1000"));
}

fn stopped(what: &str, mut terminal: Terminal) {
    terminal.keys("X");
    terminal.wait("a question", |screen| screen.contains("Stop all 4 stages?"));
    terminal.keys("y");
    terminal.wait("all stopped", |screen| (0..4).all(|place| state(screen, place).as_deref() == Some("stopped")));
    std::thread::sleep(Duration::from_secs(5));
    let load = Process(terminal.id()).load(Duration::from_secs(30));
    println!("idle, all stages stopped, {what}: {:.2} % of a core (whole process)", load.process * 100.0);
    for (thread, share) in load.threads.iter().filter(|(_, share)| *share >= 0.0001) {
        println!("    {thread}: {:.2} %", share * 100.0);
    }
    terminal.quit();
}

/// What it costs to watch 50,000 clicks a second, beside a run without a terminal.
fn watching() {
    const RATE: &str = "50000";
    const PAIRS: usize = 3;
    let (warm, measured) = (Duration::from_secs(20), Duration::from_secs(20));
    println!("watching {RATE} clicks/s at 200x60:");
    let mut differences = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        let home = Home::new();
        let mut terminal = demo(&home, RATE);
        std::thread::sleep(warm);
        let process = Process(terminal.id());
        let load = process.load(measured);
        terminal.wait("as many clicks", |screen| figure(screen, "clicks") >= Some(RATE_CLICKS));
        let with = process.resident();
        terminal.quit();
        let home = Home::new();
        let mut running = home.start(&["demo", "--rate", RATE, "--seed", "5", "--headless"]);
        running.await_object("as many clicks", |object| object["totals"]["clicks"].as_u64() >= Some(RATE_CLICKS));
        let without = Process(running.id()).resident();
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        println!(
            "    whole process {:.1} % of a core, the console's thread {:.2} %, the thread that answers {:.2} %; memory {:.0} MiB, \
             headless {:.0} MiB",
            load.process * 100.0,
            load.main * 100.0,
            load.of("answers") * 100.0,
            mib(with),
            mib(without)
        );
        differences.push(mib(with) - mib(without));
    }
    differences.sort_by(f64::total_cmp);
    println!(
        "    memory over headless, median of {PAIRS}: {:.1} MiB",
        differences.get(PAIRS / 2).copied().unwrap_or(0.0)
    );
}

/// From a key to the changed screen, at full load.
fn keys() {
    let home = Home::new();
    let mut terminal = demo(&home, "max");
    std::thread::sleep(Duration::from_secs(5));
    // Each key, and what shows that it was obeyed.
    let presses: [(&str, &str); 7] = [
        ("s", "by users"),
        ("s", "by time"),
        ("s", "by rising"),
        ("s", "by clicks"),
        ("?", "show or hide this help"),
        ("?", "recent clicks"),
        ("\x1b[12~", "high"),
    ];
    let mut taken: Vec<Duration> = Vec::with_capacity(PRESSES);
    let mut round: VecDeque<(&str, &str)> = presses.into();
    while taken.len() < PRESSES {
        let Some((key, shown)) = round.pop_front() else { break };
        round.push_back((key, shown));
        let begin = Instant::now();
        terminal.keys(key);
        terminal.wait(shown, |screen| screen.contains(shown));
        taken.push(begin.elapsed());
        if shown == "high" {
            terminal.keys("\x1b[11~");
            terminal.wait("the overview", |screen| screen.contains("recent clicks"));
        }
        std::thread::sleep(Duration::from_millis(37));
    }
    let slowest = quantile(&mut taken, 1.0);
    println!(
        "key to screen at full load, {PRESSES} keys: p50 {:.1?}, p99 {:.1?}, slowest {slowest:.1?}",
        quantile(&mut taken, 0.5),
        quantile(&mut taken, 0.99),
    );
    terminal.quit();
}

/// Each stage stopped at full load, left for a while, and started again; the figures at the end.
fn stops() {
    let home = Home::new();
    let mut terminal = demo(&home, "max");
    std::thread::sleep(Duration::from_secs(3));
    for (place, stage) in STAGES.into_iter().enumerate() {
        terminal.keys(&(place + 1).to_string());
        terminal.wait("the stage picked", |screen| screen.contains(&format!("▸{} {stage}", place + 1)));
        let begin = Instant::now();
        terminal.keys(" ");
        terminal.wait("a stopped stage", |screen| state(screen, place).as_deref() == Some("stopped"));
        let stopped = begin.elapsed();
        std::thread::sleep(Duration::from_secs(4));
        let screen = terminal.screen();
        let others = (0..4).filter(|other| *other != place && state(&screen, *other).as_deref() == Some("running"));
        println!("stop {stage} at full load: {stopped:.0?}; {} of the 3 others run 4 s later", others.count());
        let begin = Instant::now();
        terminal.keys(" ");
        terminal.wait("all running", all_run);
        println!("    start again: {:.0?}", begin.elapsed());
        std::thread::sleep(Duration::from_secs(2));
    }
    terminal.quit();
    figures::assert_exact(&home.data());
    let clicks = figures::number(&home.data(), "SELECT COUNT(*) FROM clicks");
    println!("    after all that, the figures of {clicks} clicks equal the batch query");
}

fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let at = (share * (times.len().saturating_sub(1)) as f64).round() as usize;
    times.get(at).copied().unwrap_or_default()
}
