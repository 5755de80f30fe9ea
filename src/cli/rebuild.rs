//! `clicktop rebuild`: recomputes every figure from the stored clicks.

use std::time::Instant;

use super::args::RebuildArgs;
use super::output::{Output, ProgressLine};
use super::{on_spark, setup};
use crate::config::{EngineKind, Settings};
use crate::engine::local::stages::aggregate;
use crate::storage::{DATABASE_FILE, Reader, Storage};
use crate::text::counted;

/// Recomputes and writes the figures; progress goes to stderr if that is a terminal.
///
/// # Errors
/// There is no database, a pipeline is using it, it cannot be written, or clicks that the figures count were deleted.
pub(super) fn run(settings: &Settings, args: RebuildArgs, out: &mut Output) -> anyhow::Result<()> {
    if settings.engine == EngineKind::Spark {
        return on_cluster(settings, args, out);
    }
    let directory = setup::data_dir(settings, "")?;
    // Opening a store that does not exist would create an empty one.
    drop(Reader::open(&directory.join(DATABASE_FILE))?);
    let storage = Storage::open(&directory, setup::storage_options(settings))?;
    let mut progress = ProgressLine::new();
    progress.verify(&storage)?;
    if args.kept_clicks && storage.reader()?.expiry()?.deleted > 0 {
        storage.discard_figures()?;
    }
    let begin = Instant::now();
    let rebuilt = aggregate::rebuild(&storage, settings.aggregate.figure_rules(), |doing| progress.show(doing))?;
    progress.clear();
    let seconds = begin.elapsed().as_secs_f64();
    let (pages, clicks) = (counted(rebuilt.pages, "page", "pages"), counted(rebuilt.clicks, "click", "clicks"));
    out.line(format_args!("{pages} recomputed from {clicks} in {seconds:.1} s"));
    Ok(())
}

/// The same with `engine = "spark"`: on the cluster, for every console.
fn on_cluster(settings: &Settings, args: RebuildArgs, out: &mut Output) -> anyhow::Result<()> {
    let mut progress = ProgressLine::new();
    let rebuilt = on_spark::rebuild(settings, args.kept_clicks, |doing| progress.show(doing));
    progress.clear();
    out.line(rebuilt?);
    Ok(())
}
