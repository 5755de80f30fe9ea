//! Whether it stays as fast as it began, and how soon a start on the full database shows it.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Outcome;
use super::options::Options;
use super::report::{Better, Report, median, short};
use super::support::program::Home;
use super::support::terminal::{Size, Terminal};
use super::whole::{self, demo};

const MILLION: u64 = 1_000_000;
const STARTS: usize = 5;
const SCREEN: Size = Size { columns: 200, rows: 60 };

pub fn all(options: &Options, events: u64, report: &mut Report) -> Outcome<()> {
    if events < 3 * MILLION {
        return Err("flat wants 3M events at least: it compares the first million with the last".into());
    }
    let name = format!("flat {}", short(events));
    println!("{name}: {} users, {} urls", options.users, options.urls);
    let temporary = tempfile::tempdir()?;
    let directory = options.data_dir.as_deref().unwrap_or(temporary.path());
    let (run, lines) = demo(options, events, options.seed, directory)?;
    whole::print(&name, &[run], report);

    let speeds = by_million(&lines, events)?;
    for (at, speed) in (1..).zip(&speeds) {
        print!("{at:>4}M {speed:>9.0}/s{}", if at % 5 == 0 { "\n" } else { "" });
    }
    println!();
    // The very first holds the start of everything: the second is the first that tells the speed, where it is higher.
    let first = speeds.iter().take(2).copied().fold(0.0, f64::max);
    let last = *speeds.last().ok_or("no speeds")?;
    println!(
        "first million {:.0}/s (the faster of the first two), last {last:.0}/s: {:.0} %; aggregated clicks, the times between two \
         status lines of a second interpolated",
        first,
        last / first * 100.0
    );
    report.add(format!("{name}: first million"), first, "1/s", Better::Higher);
    report.add(format!("{name}: last million"), last, "1/s", Better::Higher);
    report.add(format!("{name}: last of first"), last / first * 100.0, "%", Better::Higher);

    let starts: Vec<f64> = (0..STARTS)
        .map(|_| start(directory, events))
        .collect::<Outcome<Vec<Duration>>>()?
        .iter()
        .map(Duration::as_secs_f64)
        .collect();
    let middle = median(starts.iter().copied());
    let all: Vec<String> = starts.iter().map(|seconds| format!("{seconds:.2}")).collect();
    println!("start to the first full screen, database in the file cache: {middle:.2} s ({})", all.join(", "));
    report.add(format!("{name}: start to the first full screen"), middle, "s", Better::Lower);
    Ok(())
}

/// Clicks a second of each million, from the status lines: clicks that are in the figures.
fn by_million(lines: &[Value], events: u64) -> Outcome<Vec<f64>> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for line in lines {
        let seconds = line["seconds"].as_f64().ok_or("a line without seconds")?;
        let aggregated = match line["event"].as_str() {
            Some("summary") => line["clicks"].as_u64(),
            _ => {
                let backlog = line["stages"]["aggregate"]["backlog"].as_u64();
                line["totals"]["clicks"].as_u64().zip(backlog).map(|(clicks, backlog)| clicks.saturating_sub(backlog))
            }
        };
        let aggregated = aggregated.ok_or("a line without clicks")? as f64;
        // The summary comes after the drain: what was complete before it was so at the status line.
        if points.last().is_none_or(|(_, before)| aggregated > *before) {
            points.push((seconds, aggregated));
        }
    }
    let reached = |count: f64| -> Outcome<f64> {
        let at = points.partition_point(|(_, clicks)| *clicks < count).max(1);
        let (Some((t0, c0)), Some((t1, c1))) = (points.get(at - 1), points.get(at)) else {
            return Err("the status lines do not tell when it was reached".into());
        };
        Ok(t0 + (t1 - t0) * (count - c0) / (c1 - c0))
    };
    (0..events / MILLION)
        .map(|million| {
            let time = reached(((million + 1) * MILLION) as f64)? - reached((million * MILLION) as f64)?;
            Ok(MILLION as f64 / time)
        })
        .collect()
}

/// From the program's start to the screen with the figures of all clicks: the countries' sum and the urls.
fn start(directory: &std::path::Path, events: u64) -> Outcome<Duration> {
    let home = Home::new();
    let data = directory.to_str().ok_or("a directory whose name is no text")?;
    let begin = Instant::now();
    let mut terminal = Terminal::start(&home, &["demo", "--rate", "1", "--data-dir", data], SCREEN);
    terminal.wait("the figures of all clicks", |screen| is_full(screen, events));
    let time = begin.elapsed();
    terminal.quit();
    Ok(time)
}

fn is_full(screen: &str, events: u64) -> bool {
    let all = screen.split("▸All").nth(1).and_then(|rest| rest.split_whitespace().next());
    let clicks = all.and_then(|number| number.replace(',', "").parse::<u64>().ok());
    clicks >= Some(events) && screen.contains("showing 200 of")
}
