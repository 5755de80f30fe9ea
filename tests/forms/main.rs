//! The same visits come to the same figures in every form and preset, whatever their order and container, and however often
//! clicktop is killed.
//!
//! `CLICKTOP_TEST_FORM_VISITS` sets how many visits there are; `cargo test --test forms` takes 3,000.

#[path = "../support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::seq::SliceRandom;

use support::clicks::random;
use support::figures;
use support::program::{Home, moment};
use support::visits;
use support::written::{self, Written};

fn all(seed: u64) -> Vec<Written> {
    written::all(&visits::made(seed, visits::count(3_000)))
}

/// A home whose configuration maps this form.
fn home(form: &Written) -> (Home, PathBuf) {
    let home = Home::new();
    let config = home.file("forms.toml", format!("[events]\n{}", form.events).as_bytes());
    (home, config)
}

/// Replays `file`; the clicks must be those of the form.
#[track_caller]
fn replayed(form: &Written, what: &str, home: &Home, config: &Path, file: &Path) {
    let summary = home.replay(file, &["--config", &config.display().to_string()]);
    let what = format!("{} {what}", form.name);
    assert_eq!((&summary["rejected"], &summary["complete"]), (&0.into(), &true.into()), "{what}: {summary}");
    assert_eq!(summary["clicks"], form.clicks.len(), "{what}: {summary}");
    equal(form, &what, home);
}

#[track_caller]
fn equal(form: &Written, what: &str, home: &Home) {
    figures::assert_same(what, &home.top(), &figures::of_clicks(&form.clicks));
    figures::assert_exact(&home.data());
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("written");
    encoder.finish().expect("finished")
}

#[test]
fn every_form_and_preset_comes_to_the_same_figures() {
    for form in all(21) {
        let (home, config) = home(&form);
        replayed(&form, "as it is", &home, &config, &home.file("events", &form.text()));
    }
}

#[test]
fn neither_order_nor_container_matter() {
    for (at, mut form) in all(22).into_iter().enumerate() {
        form.records.shuffle(&mut random(23));
        let (home, config) = home(&form);
        let text = form.text();
        let file = match at % 2 {
            0 => home.file("events.gz", &gzip(&text)),
            _ => home.file("events.zst", &zstd::encode_all(text.as_slice(), 3).expect("encoded")),
        };
        replayed(&form, "shuffled and compressed", &home, &config, &file);
    }
}

#[test]
fn a_broken_record_costs_itself_only() {
    for form in all(26) {
        let (form, broken) = form.with_broken_records();
        let (home, config) = home(&form);
        let file = home.file("events", &form.text());
        let summary = home.replay(&file, &["--config", &config.display().to_string()]);
        assert_eq!(
            (&summary["rejected"], &summary["complete"]),
            (&broken.into(), &true.into()),
            "{}: {summary}",
            form.name
        );
        equal(&form, form.name, &home);
    }
}

#[test]
fn a_killed_replay_goes_on_and_comes_to_the_same_figures() {
    let mut random = random(24);
    for form in all(25) {
        let (home, config) = home(&form);
        let file = home.file("events", &form.text()).display().to_string();
        let config = config.display().to_string();
        // Slow enough that no replay ends before it is killed: status objects come once a second.
        let rate = (form.records.len() / 12).to_string();
        let arguments = ["replay", &file, "--headless", "--config", &config, "--rate", &rate];
        let mut running = home.start(&arguments);
        running.await_object("clicks", |status| status["totals"]["stored"].as_u64() > Some(0));
        std::thread::sleep(moment(&mut random, Duration::from_millis(200)));
        running.kill_9();
        replayed(&form, "after a kill", &home, config.as_ref(), file.as_ref());
    }
}
