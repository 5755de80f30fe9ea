//! The program, its source, and what it has counted.

use std::fmt::Error;
use std::time::UNIX_EPOCH;

use super::families::{Families, Family, Labels};
use crate::protocol::Snapshot;
use crate::text::printable;

pub(super) fn write(families: &mut Families<'_>, snapshot: &Snapshot) -> Result<(), Error> {
    let engine = snapshot.remote.as_ref().map_or("local".into(), |remote| printable(&remote.engine).to_lowercase());
    let built_with = if cfg!(feature = "spark") { "spark" } else { "" };
    let build: Labels<'_, 3> =
        [("version", env!("CARGO_PKG_VERSION")), ("features", built_with), ("engine", engine.as_str())];
    families.info(Family::new("clicktop_build", "The version of clicktop, its features, and its engine."), &build)?;
    let source = &snapshot.source;
    let [description, topic, group] = [&source.description, &source.topic, &source.group].map(|text| printable(text));
    let source: Labels<'_, 3> = [("source", &description), ("topic", &topic), ("group", &group)];
    families.info(Family::new("clicktop_source", "Where clicks come from."), &source)?;
    families.gauge(
        Family::seconds("clicktop_uptime", "Time since the pipeline started."),
        Some(snapshot.uptime.as_secs_f64()),
    )?;
    families.gauge(
        Family::seconds("clicktop_snapshot_timestamp", "When these figures were taken, in seconds since 1970."),
        snapshot.at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|at| at.as_secs_f64()),
    )?;
    let totals = &snapshot.totals;
    let counts = [
        ("clicktop_messages", "Messages taken from Kafka, or events taken from files.", totals.ingested),
        ("clicktop_clicks_stored", "Clicks stored.", totals.stored),
        ("clicktop_clicks_duplicate", "Clicks ignored because they were stored already.", totals.duplicates),
        ("clicktop_clicks_expired", "Clicks refused because they are older than the retention limit.", totals.expired),
        (
            "clicktop_clicks_future",
            "Clicks stored although they are more than a day ahead of the clock.",
            totals.future,
        ),
        (
            "clicktop_rejects",
            "Messages that are no clicks, and documents that the search engine refused.",
            totals.rejected,
        ),
        ("clicktop_events_left_out", "Events that the conditions of the mapping leave out.", totals.left_out),
        ("clicktop_events_of_bots", "Events of bots, left out or not.", totals.bots),
        ("clicktop_offsets_skipped", "Offsets missing between two messages.", totals.skipped),
    ];
    for (name, help, value) in counts {
        families.counter(Family::new(name, help), Some(value))?;
    }
    let sums = [
        ("clicktop_clicks", "Clicks in the database.", totals.clicks),
        (
            "clicktop_clicks_late",
            "Clicks that missed a correction of the time spent, since the last rebuild.",
            totals.late,
        ),
        ("clicktop_pages", "Rows of url and country in the figures.", totals.pages),
    ];
    for (name, help, value) in sums {
        families.gauge(Family::new(name, help), Some(value))?;
    }
    families.gauge(
        Family::new("clicktop_lag_messages", "Messages in Kafka that are not stored, of all partitions."),
        snapshot.lag,
    )?;
    let outlook = &snapshot.outlook;
    families.gauge(
        Family::new("clicktop_lag_growth", "Messages a second by which the lag grows, over the last 30 s."),
        outlook.growth,
    )?;
    families.gauge(
        Family::seconds("clicktop_lag_clears", "Time until the lag is cleared at this pace, if it shrinks."),
        outlook.clears.map(|clears| clears.as_secs_f64()),
    )?;
    families.gauge(
        Family::seconds("clicktop_current_delay", "Time from producing the newest visible click until its figures were visible, or the age of the oldest one that is not visible."),
        snapshot.delay.map(|delay| delay.as_secs_f64()),
    )?;
    families.histogram(
        Family::seconds(
            "clicktop_delay",
            "Time from producing a message until its figures were visible, one for each batch.",
        ),
        snapshot.timings.delay.as_ref(),
    )
}
