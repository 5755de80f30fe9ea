//! `clicktop backup`: a copy of the database, also while a pipeline runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context as _, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::args::BackupArgs;
use super::output::{Output, ProgressLine};
use super::setup;
use crate::config::Settings;
use crate::signals::ignores_hangup;
use crate::storage::{BackupStep, DATABASE_FILE, Reader};
use crate::text::counted;

/// Copies the database to a new file; progress goes to stderr if that is a terminal. A running pipeline is not disturbed.
///
/// # Errors
/// There is no database, the file exists or cannot be written, or somebody interrupts it; then no file is left behind.
pub(super) fn run(settings: &Settings, args: &BackupArgs, out: &mut Output) -> anyhow::Result<()> {
    let reader = Reader::open(&setup::data_dir(settings, "")?.join(DATABASE_FILE))?;
    if args.file.is_dir() {
        bail!("{0} is a directory; name a file in it: {0}/{DATABASE_FILE}", args.file.display());
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    let hangup = (!ignores_hangup()).then_some(SIGHUP);
    for signal in [SIGINT, SIGTERM].into_iter().chain(hangup) {
        signal_hook::flag::register(signal, Arc::clone(&interrupted)).context("signals")?;
    }
    let begin = Instant::now();
    let mut progress = ProgressLine::new();
    let copied = reader.back_up(&args.file, &mut |step| {
        progress.show(&match step {
            BackupStep::Copying { done, of } => {
                format!("copying, {} %", u64::from(done) * 100 / u64::from(of).max(1))
            }
            BackupStep::Checking(time) => format!("checking the copy, {} s", time.as_secs()),
        });
        !interrupted.load(Ordering::Relaxed)
    });
    progress.clear();
    let Some(copied) = copied? else { bail!("interrupted; no backup was made") };
    let (megabytes, seconds) = (copied.bytes as f64 / 1e6, begin.elapsed().as_secs_f64());
    let file = args.file.display();
    out.line(format_args!(
        "{} in {file}, {megabytes:.1} MB, {seconds:.1} s",
        counted(copied.clicks, "click", "clicks")
    ));
    Ok(())
}
