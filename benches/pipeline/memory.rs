//! From payloads in memory to the index, without a broker: the pipeline's stages, threads and queue.
//!
//! Each run has a process of its own, so that its memory is its own.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clicktop::config::Settings;
use clicktop::engine::local::bench;
use clicktop::protocol::{Command as Steer, Snapshot, StageState};
use clicktop::search::embedded::Embedded;
use clicktop::storage::{Storage, StorageOptions};
use serde_json::{Value, json};

use super::Outcome;
use super::options::Options;
use super::prepared::Prepared;
use super::report::{Report, short};
use super::whole::Run;
use super::{broker, usage, whole};

pub fn all(options: &Options, events: u64, report: &mut Report) -> Outcome<()> {
    println!("from memory, {} events, {} runs; memory beyond the prepared events", short(events), options.runs);
    let runs = (0..options.runs).map(|run| in_its_own_process(options, events, options.seed + u64::from(run)));
    let runs = runs.collect::<Outcome<Vec<Run>>>()?;
    whole::print(&format!("from memory {}", short(events)), &runs, report);
    Ok(())
}

fn in_its_own_process(options: &Options, events: u64, seed: u64) -> Outcome<Run> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["memory-once", &events.to_string(), "--seed", &seed.to_string()]);
    command.args(["--users", &options.users.to_string(), "--urls", &options.urls.to_string()]);
    if let Some(csv) = &options.csv {
        command.arg("--csv").arg(csv);
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the run failed".into());
    }
    let run: Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| run[name].as_u64().ok_or_else(|| format!("no {name}"));
    Ok(Run {
        events,
        time: Duration::from_secs_f64(run["seconds"].as_f64().ok_or("no seconds")?),
        cpu_seconds: run["cpu_seconds"].as_f64().ok_or("no cpu_seconds")?,
        peak_bytes: number("peak_bytes")?,
        database_bytes: number("database_bytes")?,
        disk_bytes: number("disk_bytes")?,
    })
}

/// One run, printed as JSON. Time, CPU time and memory are those from the pipeline's start to its end; what it took to
/// prepare the events is not in them.
pub fn once(options: &Options, events: u64) -> Outcome<()> {
    let prepared = Arc::new(Prepared::make(options, events)?);
    let temporary = tempfile::tempdir()?;
    let directory = options.data_dir.as_deref().unwrap_or(temporary.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    usage::forget_peak()?;
    let (before, cpu, begin) = (usage::memory("VmRSS")?, usage::own_cpu()?, Instant::now());
    let last = runtime.block_on(work(Arc::clone(&prepared), directory, events))?;
    let (time, cpu_seconds) = (begin.elapsed(), usage::own_cpu()? - cpu);
    let peak_bytes = usage::memory("VmHWM")?.saturating_sub(before);
    let totals = last.totals;
    if totals.clicks != events || totals.rejected + totals.duplicates + totals.late > 0 {
        return Err(format!("not all of it arrived, or more did: {totals:?}").into());
    }
    let (database_bytes, disk_bytes) = usage::disk(directory)?;
    let run = json!({
        "events": events,
        "seconds": time.as_secs_f64(),
        "cpu_seconds": cpu_seconds,
        "peak_bytes": peak_bytes,
        "prepared_bytes": prepared.bytes(),
        "database_bytes": database_bytes,
        "disk_bytes": disk_bytes,
        "pages": totals.pages,
        "documents": totals.documents,
    });
    println!("{run}");
    Ok(())
}

async fn work(prepared: Arc<Prepared>, directory: &std::path::Path, events: u64) -> Outcome<Arc<Snapshot>> {
    let storage = Arc::new(Storage::open(directory, StorageOptions::default())?);
    let index = Arc::new(Embedded::open(directory)?);
    let (options, kafka) = broker::options(&Settings::default(), "none", &[])?;
    let mut pipeline = bench::start_from_memory(options, kafka, Arc::clone(&storage), index, prepared, events)?;
    let over = |snapshot: &Arc<Snapshot>| {
        let failed = |status: &clicktop::protocol::StageStatus| matches!(status.state, StageState::Failed { .. });
        snapshot.finished || snapshot.stages.iter().any(failed)
    };
    let finished = pipeline.snapshots.wait_for(over).await?.finished;
    pipeline.commands.send(Steer::Shutdown).await?;
    let last = pipeline.ended().await;
    storage.close();
    match finished {
        true => Ok(last),
        false => Err("a stage failed".into()),
    }
}
