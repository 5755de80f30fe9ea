//! The whole way, its parts, and how long a click takes through it. It is no criterion bench: one run takes seconds, and
//! memory and CPU time matter as much as speed.
//!
//!     cargo bench --bench pipeline -- 1M            end to end through the real program: generator → embedded broker →
//!                                                   ingest → store → aggregate → embedded index (100,000 if no number)
//!     cargo bench --bench pipeline -- memory 1M     the same without a broker: payloads that lie in memory
//!     cargo bench --bench pipeline -- parts 1M      the ceiling of each part alone, and end to end as a share of it
//!     cargo bench --bench pipeline -- latency       from produced to visible at 20,000 clicks/s
//!     cargo bench --bench pipeline -- flat 20M      speed by million, and the start on what it left
//!     cargo bench --bench pipeline -- events 1M --out FILE   writes the events as a CSV file
//!
//! Options: `--runs R` (3), `--seed S` (1), `--users U` (50k), `--urls L` (2,000), `--csv FILE` (events of `memory`),
//! `--data-dir DIR` (kept, of `memory` and `flat`), `--seconds T` (20, of `latency`), `--json FILE` (the figures), `--kafka NAME=VALUE`
//! (a property of the consumer, of `parts` and `latency`).
//! Several numbers run one after another.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measures")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod broker;
mod flat;
mod latency;
mod memory;
mod options;
mod parts;
mod prepared;
mod report;
mod usage;
mod visible;
mod whole;

use std::process::ExitCode;

use options::{Mode, Options};
use report::Report;

/// What a measurement ends with: a figure that is not right is an error, not a figure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pipeline: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let mut report = Report::default();
    for &events in &options.events {
        match options.mode {
            Mode::Whole => whole::all(&options, events, &mut report)?,
            Mode::Memory => memory::all(&options, events, &mut report)?,
            Mode::MemoryOnce => memory::once(&options, events)?,
            Mode::Parts => parts::all(&options, events, &mut report)?,
            Mode::Latency => latency::all(&options, &mut report)?,
            Mode::Flat => flat::all(&options, events, &mut report)?,
            Mode::Events => prepared::write_csv(&options, events)?,
        }
    }
    report.save(options.json.as_deref())
}
