//! A pipeline on files: its stages stop, start and restart, and a reset forgets what was read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clicktop::engine::local::stages::ingest::files::{FileOptions, FilesSource};
use clicktop::protocol::{Command, StageAction};
use clicktop::source::ReplayInput;
use clicktop::source::files::RecordForm;

use crate::rig::{BATCH_EVENTS, Data, Run, embedded};
use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;

const CLICKS: usize = 6_000;

fn write(data: &Data, name: &str, clicks: &[OwnedClick]) -> PathBuf {
    let path = data.path().join(name);
    std::fs::write(&path, lines(clicks.iter().map(OwnedClick::csv))).expect("a file");
    path
}

fn files(path: &Path, rate: Option<f64>) -> FilesSource {
    let options = FileOptions {
        form: RecordForm::default(),
        rate,
        again: false,
        follow: false,
        pseudonyms: None,
        batch_events: BATCH_EVENTS,
        batch_interval: Duration::from_millis(50),
    };
    FilesSource::find(vec![ReplayInput::File(path.to_owned())], options).expect("files")
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_goes_on_where_it_was_however_often_it_is_stopped() {
    let clicks = made(91, CLICKS);
    let data = Data::new();
    let path = write(&data, "clicks.csv", &clicks);
    let index = embedded(&data);
    let mut run = Run::on_files(files(&path, Some(4_000.0)), &data, index.clone());
    for (at, stage) in ["ingest", "store", "ingest", "aggregate", "ingest"].into_iter().enumerate() {
        let wanted = (at as u64 + 1) * 500;
        run.until("some clicks", |snapshot| snapshot.totals.ingested >= wanted).await;
        run.stop(stage).await;
        run.start_stage(stage).await;
        run.tell("ingest", StageAction::Restart).await;
    }
    let last = run.until("the end", |snapshot| snapshot.finished).await;
    assert_eq!((last.totals.ingested, last.totals.stored), (CLICKS as u64, CLICKS as u64));
    assert_eq!((last.lag, last.partitions.len()), (None, 0), "files have neither");
    run.end().await;
    figures::assert_exact(data.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reset_the_next_reading_begins_at_the_beginning() {
    let clicks = made(92, CLICKS);
    let data = Data::new();
    let path = write(&data, "clicks.csv", &clicks);
    let mut run = Run::on_files(files(&path, Some(3_000.0)), &data, embedded(&data));
    run.until("some clicks", |snapshot| snapshot.totals.stored >= 1_000).await;
    run.command(Command::Reset).await;
    run.until("the reset", |snapshot| snapshot.last_reset.is_some()).await;
    let last = run.until("the end", |snapshot| snapshot.finished).await;
    assert!(last.totals.clicks < CLICKS as u64, "what was erased is not read again by this run");
    run.end().await;

    let mut again = Run::on_files(files(&path, None), &data, embedded(&data));
    let last = again.until("the end", |snapshot| snapshot.finished).await;
    assert_eq!(last.totals.clicks, CLICKS as u64);
    again.end().await;
    let mut known = Run::on_files(files(&path, None), &data, embedded(&data));
    let last = known.until("the end", |snapshot| snapshot.finished).await;
    assert_eq!(last.totals.ingested, 0, "and then it is known");
    assert!(last.notices.iter().any(|notice| notice.text.contains("read before, 6,000 records")), "{:?}", last.notices);
    known.end().await;
    figures::assert_exact(data.path());
}
