//! The whole way, end to end: generator → embedded broker → ingest → store → aggregate → embedded index.
//!
//! `cargo bench --bench pipeline -- 1000000` runs that many events (100,000 without a number) through the real program at
//! full speed, three times, and prints what each run reached. It is no criterion bench: one run takes
//! seconds, and its memory and CPU time matter as much as its speed.

use std::process::{Command, ExitCode};

const RUNS: u32 = 3;

fn main() -> ExitCode {
    // `cargo bench` adds its own flags.
    let events = std::env::args().skip(1).find_map(|argument| argument.parse::<u64>().ok()).unwrap_or(100_000);
    println!("{:>10} {:>8} {:>12} {:>14} {:>14}", "events", "seconds", "events/s", "peak MiB", "bytes/click");
    for seed in 1..=RUNS {
        match run(events, seed) {
            Ok(line) => println!("{line}"),
            Err(error) => {
                eprintln!("pipeline: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn run(events: u64, seed: u32) -> Result<String, Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let output = Command::new(env!("CARGO_BIN_EXE_clicktop"))
        .args(["demo", "--headless", "--rate", "max", "--events", &events.to_string(), "--seed", &seed.to_string()])
        .arg("--data-dir")
        .arg(directory.path())
        .output()?;
    let stdout = String::from_utf8(output.stdout)?;
    let summary: serde_json::Value = serde_json::from_str(stdout.lines().last().ok_or("no summary")?)?;
    if summary["complete"] != true || summary["clicks"] != events {
        return Err(format!("not all of it arrived: {summary}").into());
    }
    let seconds = summary["seconds"].as_f64().ok_or("no seconds")?;
    let peak = summary["peak_rss_bytes"].as_f64().ok_or("no peak_rss_bytes")? / f64::from(1 << 20);
    let size = std::fs::metadata(directory.path().join("clicktop.db"))?.len();
    let (rate, bytes) = (events as f64 / seconds, size as f64 / events as f64);
    Ok(format!("{events:>10} {seconds:>8.2} {rate:>12.0} {peak:>14.0} {bytes:>14.1}"))
}
