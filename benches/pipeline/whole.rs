//! End to end through the real program, as a user runs it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Outcome;
use super::options::Options;
use super::report::{Better, Report, median, short};
use super::usage;

/// What one run came to.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub events: u64,
    /// From the program's start to its end.
    pub time: Duration,
    pub cpu_seconds: f64,
    pub peak_bytes: u64,
    pub database_bytes: u64,
    pub disk_bytes: u64,
}

impl Run {
    pub fn events_a_second(&self) -> f64 {
        self.events as f64 / self.time.as_secs_f64()
    }

    pub fn cpu_a_million(&self) -> f64 {
        self.cpu_seconds / self.events as f64 * 1e6
    }

    fn a_click(&self, bytes: u64) -> f64 {
        bytes as f64 / self.events as f64
    }
}

pub fn all(options: &Options, events: u64, report: &mut Report) -> Outcome<()> {
    println!("end to end, {} events, {} runs", short(events), options.runs);
    let runs = (0..options.runs).map(|run| once(options, events, options.seed + u64::from(run)));
    let runs = runs.collect::<Outcome<Vec<Run>>>()?;
    print(&format!("end to end {}", short(events)), &runs, report);
    Ok(())
}

/// Prints every run and their medians, and reports the medians.
pub fn print(name: &str, runs: &[Run], report: &mut Report) {
    println!(
        "{:>10} {:>8} {:>10} {:>12} {:>9} {:>15} {:>12}",
        "", "seconds", "events/s", "CPU-s / 1M", "peak MiB", "database B/click", "all B/click"
    );
    let columns: [fn(&Run) -> f64; 6] = [
        |run| run.time.as_secs_f64(),
        Run::events_a_second,
        Run::cpu_a_million,
        |run| usage::mib(run.peak_bytes as f64),
        |run| run.a_click(run.database_bytes),
        |run| run.a_click(run.disk_bytes),
    ];
    let line = |name: &str, [seconds, rate, cpu, peak, database, disk]: [f64; 6]| {
        println!("{name:>10} {seconds:>8.2} {rate:>10.0} {cpu:>12.2} {peak:>9.0} {database:>16.1} {disk:>12.1}");
    };
    for run in runs {
        line("", columns.map(|column| column(run)));
    }
    let medians = columns.map(|column| median(runs.iter().map(column)));
    line("median", medians);
    let [_, rate, cpu, peak, database, disk] = medians;
    report.add(format!("{name}: events/s"), rate, "1/s", Better::Higher);
    report.add(format!("{name}: CPU-seconds a million"), cpu, "s", Better::Lower);
    report.add(format!("{name}: peak memory"), peak, "MiB", Better::Lower);
    report.add(format!("{name}: database, bytes a click"), database, "B", Better::Lower);
    report.add(format!("{name}: disk, bytes a click"), disk, "B", Better::Lower);
}

pub fn once(options: &Options, events: u64, seed: u64) -> Outcome<Run> {
    let directory = tempfile::tempdir()?;
    let (run, _) = demo(options, events, seed, directory.path())?;
    Ok(run)
}

/// One run of `clicktop demo` into `directory`, which must be empty, and its status lines.
pub fn demo(options: &Options, events: u64, seed: u64, directory: &Path) -> Outcome<(Run, Vec<Value>)> {
    let words = [("--events", events), ("--seed", seed), ("--users", options.users), ("--urls", options.urls.into())];
    let mut command = Command::new(env!("CARGO_BIN_EXE_clicktop"));
    command.args(["demo", "--headless", "--rate", "max"]);
    for (flag, value) in words {
        command.arg(flag).arg(value.to_string());
    }
    // Whoever measures may have a config of their own, which is not what is measured here.
    let empty = tempfile::tempdir()?;
    command.arg("--data-dir").arg(directory).env("XDG_CONFIG_HOME", empty.path()).env_remove("CLICKTOP_CONFIG");
    let (begin, cpu) = (Instant::now(), usage::children_cpu()?);
    let output = command.stdin(Stdio::null()).output()?;
    let (time, cpu_seconds) = (begin.elapsed(), usage::children_cpu()? - cpu);
    if !output.status.success() {
        return Err(format!("the program failed: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    let lines = String::from_utf8(output.stdout)?;
    let lines = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let summary = lines.last().ok_or("no summary")?;
    let exact = ["clicks", "stored", "ingested"].iter().all(|count| summary[*count] == events);
    let nothing_else = ["duplicates", "rejected", "late", "skipped"].iter().all(|count| summary[*count] == 0);
    if summary["complete"] != true || !exact || !nothing_else || summary["documents"] != summary["pages"] {
        return Err(format!("not all of it arrived, or more did: {summary}").into());
    }
    let peak_bytes = summary["peak_rss_bytes"].as_u64().ok_or("no peak_rss_bytes")?;
    let (database_bytes, disk_bytes) = usage::disk(directory)?;
    Ok((Run { events, time, cpu_seconds, peak_bytes, database_bytes, disk_bytes }, lines))
}
