//! `clicktop move`: clicks, rejects and offsets from the data directory to Spark, and back.

use super::args::MoveArgs;
use super::output::Output;
use crate::config::Settings;

#[cfg(not(feature = "spark"))]
pub(super) fn run(_settings: &Settings, _args: MoveArgs, _out: &mut Output) -> anyhow::Result<()> {
    anyhow::bail!(
        "move needs a clicktop with Spark, and this one was built without it: build it with cargo build --release \
         --features spark"
    )
}

/// Moves, or says what a move would do; progress goes to stderr if that is a terminal.
///
/// # Errors
/// One line: what stands in the way, or why the move was cut off.
#[cfg(feature = "spark")]
pub(super) fn run(settings: &Settings, args: MoveArgs, out: &mut Output) -> anyhow::Result<()> {
    use anyhow::Context as _;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the async runtime does not start")?;
    runtime.block_on(with_spark::run(settings, args, out))
}

#[cfg(feature = "spark")]
mod with_spark {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use anyhow::Context as _;

    use crate::cli::args::{MoveArgs, MoveTo};
    use crate::cli::output::{Output, ProgressLine};
    use crate::cli::{on_spark, setup};
    use crate::config::Settings;
    use crate::engine::spark::SparkOptions;
    use crate::engine::spark::transfer::{Inbound, LocalState, Outbound, Standing, Tell};
    use crate::private;
    use crate::storage::{DATABASE_FILE, MoveNote, Reader, Storage};
    use crate::text::{counted, grouped, printable};

    /// The speed is a mean over about this time.
    const SPEED_WINDOW: Duration = Duration::from_secs(20);

    pub(super) async fn run(settings: &Settings, args: MoveArgs, out: &mut Output) -> anyhow::Result<()> {
        let options = on_spark::options(settings, &settings.kafka)?;
        match args.to {
            MoveTo::Spark => to_spark(settings, options, args, out).await,
            MoveTo::Local => to_local(settings, options, args, out).await,
        }
    }

    async fn to_spark(
        settings: &Settings,
        options: SparkOptions,
        args: MoveArgs,
        out: &mut Output,
    ) -> anyhow::Result<()> {
        let directory = setup::data_dir(settings, "")?;
        // Opening a store that does not exist would create an empty one.
        drop(Reader::open(&directory.join(DATABASE_FILE))?);
        let storage = Arc::new(Storage::open(&directory, setup::storage_options(settings))?);
        let mut progress = Progress::new();
        progress.line.verify(&storage)?;
        let (root, topic) = (options.root.to_string(), options.source.topic.clone());
        let server = options.url.target();
        let plan = Outbound::plan(options, Arc::clone(&storage), args.kept_clicks, args.restart).await?;
        let (clicks, rejects) = plan.holds();
        out.line(format_args!(
            "from     {}: {}, {}",
            printable(&directory.to_string_lossy()),
            counted(clicks, "click", "clicks"),
            counted(rejects, "reject", "rejects")
        ));
        out.line(format_args!(
            "to       {root} by {server}: {}",
            match plan.standing() {
                Standing::Fresh => "nothing is there yet".to_owned(),
                Standing::CutOff { clicks } => {
                    format!("goes on after {} of a move that was cut off", counted(clicks, "click", "clicks"))
                }
                Standing::Restart => "what an unfinished move has written is deleted first".to_owned(),
                Standing::Done => "everything is there already".to_owned(),
            }
        ));
        print_offsets(plan.offsets(), &topic, out);
        if args.dry_run {
            out.line("nothing was written; without --dry-run, the move begins");
            return Ok(());
        }
        let sent = plan.run(|tell| progress.show(tell)).await;
        progress.line.clear();
        let sent = sent?;
        let [sending, comparing] = sent.took.map(|took| took.as_secs_f64());
        out.line(format_args!(
            "moved    {} and {} in {sending:.1} s",
            counted(sent.clicks, "click", "clicks"),
            counted(sent.rejects, "reject", "rejects")
        ));
        if sent.figures > 0 {
            out.line(format_args!(
                "equal    {} in {}, {}, {}, compared in {comparing:.1} s",
                counted(sent.clicks, "click", "clicks"),
                counted(sent.slices, "slice", "slices"),
                counted(sent.rejects, "reject", "rejects"),
                counted(sent.figures, "figure", "figures")
            ));
        }
        out.line(format_args!(
            "next     set engine = \"spark\" and another data directory, and run `clicktop run`: it goes on from here"
        ));
        Ok(())
    }

    async fn to_local(
        settings: &Settings,
        options: SparkOptions,
        args: MoveArgs,
        out: &mut Output,
    ) -> anyhow::Result<()> {
        let directory = setup::data_dir(settings, "")?;
        let state = LocalState {
            directory: directory.clone(),
            note: MoveNote::read(&directory)?,
            has_database: directory.join(DATABASE_FILE).exists(),
        };
        let (root, topic) = (options.root.to_string(), options.source.topic.clone());
        let server = options.url.target();
        let plan = Inbound::plan(options, state, args.kept_clicks).await?;
        let (clicks, rejects) = plan.holds();
        out.line(format_args!(
            "from     {root} by {server}: {}, {}",
            counted(clicks, "click", "clicks"),
            counted(rejects, "reject", "rejects")
        ));
        let begin = if plan.resumes() { "goes on with a move that was cut off" } else { "a new directory" };
        out.line(format_args!("to       {}: {begin}", printable(&directory.to_string_lossy())));
        print_offsets(plan.offsets(), &topic, out);
        if args.dry_run {
            out.line("nothing was written; without --dry-run, the move begins");
            return Ok(());
        }
        private::create_dir(&directory).with_context(|| directory.display().to_string())?;
        plan.begin()?;
        let storage_options = setup::storage_options(settings);
        let storage = Arc::new(Storage::open(&directory, storage_options)?);
        let mut progress = Progress::new();
        progress.line.verify(&storage)?;
        let arrived = plan.run(Arc::clone(&storage), storage_options.rejects.rows, |tell| progress.show(tell)).await;
        progress.line.clear();
        let arrived = arrived?;
        storage.close();
        let [fetching, counting, comparing] = arrived.took.map(|took| took.as_secs_f64());
        out.line(format_args!(
            "moved    {} and {} of {} in {fetching:.1} s, figures counted in {counting:.1} s",
            counted(arrived.clicks, "click", "clicks"),
            arrived.rejects,
            counted(rejects, "reject", "rejects")
        ));
        out.line(format_args!(
            "equal    {} in {}, {}, compared in {comparing:.1} s",
            counted(arrived.clicks, "click", "clicks"),
            counted(arrived.slices, "slice", "slices"),
            counted(arrived.figures, "figure", "figures")
        ));
        if arrived.left_behind {
            out.line("note     Spark has stored more since the move began; the local engine reads those messages from Kafka again");
        }
        out.line(
            "next     set engine = \"local\" and this data directory, and run `clicktop run`: it goes on from here",
        );
        Ok(())
    }

    /// Says where the other engine begins.
    fn print_offsets(
        offsets: &std::collections::BTreeMap<String, std::collections::BTreeMap<i32, i64>>,
        topic: &str,
        out: &mut Output,
    ) {
        match offsets.get(topic) {
            Some(partitions) => {
                let listed: Vec<String> =
                    partitions.iter().map(|(partition, next)| format!("{partition} at {next}")).collect();
                out.line(format_args!("offsets  {}: partition {}", printable(topic), listed.join(", ")));
            }
            None => out.line(format_args!(
                "offsets  {}: none are stored, so kafka.start decides where the topic begins",
                printable(topic)
            )),
        }
        for other in offsets.keys().filter(|other| other.as_str() != topic) {
            out.line(format_args!("offsets  of {} are kept, too; kafka.topic names another topic", printable(other)));
        }
    }

    /// The progress line, with speed and time left.
    struct Progress {
        line: ProgressLine,
        /// A moment some time ago, and how many clicks were done then.
        since: Option<(Instant, u64)>,
    }

    impl Progress {
        fn new() -> Self {
            Self { line: ProgressLine::new(), since: None }
        }

        fn show(&mut self, tell: Tell) {
            let text = match tell {
                Tell::Doing(doing) => doing.to_owned(),
                Tell::Trouble(trouble) => {
                    self.since = None;
                    format!("{}; trying again", printable(&trouble))
                }
                Tell::Clicks { done, of } => {
                    let now = Instant::now();
                    let (at, before) = *self.since.get_or_insert((now, done));
                    let took = now.duration_since(at);
                    if took > SPEED_WINDOW {
                        // Half of the window stays, so that the speed does not jump.
                        self.since = Some((at + took / 2, before + (done - before.min(done)) / 2));
                    }
                    progress_text(done, of, done.saturating_sub(before), took)
                }
            };
            self.line.show(&text);
        }
    }

    fn progress_text(done: u64, of: u64, new: u64, took: Duration) -> String {
        let percent = done.saturating_mul(100) / of.max(1);
        if new == 0 || took < Duration::from_millis(500) {
            return format!("{} of {}, {percent} %", grouped(done), counted(of, "click", "clicks"));
        }
        let speed = new as f64 / took.as_secs_f64();
        let left = (of.saturating_sub(done) as f64 / speed).round() as u64;
        format!(
            "{} of {}, {percent} %, {}/s, {} min {:02} s left",
            grouped(done),
            counted(of, "click", "clicks"),
            grouped(speed.round() as u64),
            left / 60,
            left % 60
        )
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn progress_tells_speed_and_time_left_once_there_is_something_to_tell() {
            assert_eq!(progress_text(0, 0, 0, Duration::ZERO), "0 of 0 clicks, 0 %");
            assert_eq!(progress_text(50, 200, 50, Duration::from_millis(100)), "50 of 200 clicks, 25 %");
            let text = progress_text(1_000, 100_000, 1_000, Duration::from_secs(1));
            assert_eq!(text, "1,000 of 100,000 clicks, 1 %, 1,000/s, 1 min 39 s left");
        }
    }
}
