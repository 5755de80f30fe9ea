//! `clicktop rebuild`: every figure again from the stored clicks.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use super::setup;
use crate::config::Settings;
use crate::pipeline::aggregate;
use crate::storage::{DATABASE_FILE, Reader, Storage};

/// Recomputes and writes the figures; progress goes to stderr if that is a terminal.
///
/// # Errors
/// There is no database, a pipeline is using it, or it cannot be written.
pub(super) fn run(settings: &Settings) -> anyhow::Result<()> {
    let directory = setup::data_dir(settings, "")?;
    // Opening the store would make an empty one.
    drop(Reader::open(&directory.join(DATABASE_FILE))?);
    let storage = Storage::open(&directory, setup::storage_options(settings))?;
    let begin = Instant::now();
    let on_terminal = std::io::stderr().is_terminal();
    let rebuilt = aggregate::rebuild(&storage, setup::aggregate_settings(settings), |doing| {
        if on_terminal {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(std::io::stderr(), "\r\u{1b}[K{doing}");
        }
    })?;
    if on_terminal {
        eprint!("\r\u{1b}[K");
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{} pages recomputed from {} clicks in {seconds:.1} s", rebuilt.pages, rebuilt.clicks);
    Ok(())
}
