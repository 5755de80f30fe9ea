//! The search index.

use std::fmt::Error;

use super::families::{Families, Family};
use crate::protocol::Snapshot;
use crate::protocol::snapshot::Health;

/// The healths as values of a label.
const HEALTHS: [(Health, &str); 3] = [(Health::Green, "green"), (Health::Yellow, "yellow"), (Health::Red, "red")];

pub(super) fn write(families: &mut Families<'_>, snapshot: &Snapshot) -> Result<(), Error> {
    let index = &snapshot.index;
    families.gauge(Family::new("clicktop_index_documents", "Documents in the index."), index.documents)?;
    families.gauge(
        Family::new("clicktop_index_pending_documents", "Documents whose newest figures are not in the index."),
        index.pending,
    )?;
    families.gauge(
        Family::new("clicktop_index_foreign_documents", "Documents of another database in the index."),
        index.foreign,
    )?;
    families.gauge(Family::bytes("clicktop_index_size", "Size of the index."), index.bytes)?;
    families.histogram(
        Family::seconds("clicktop_index_bulk", "How long a bulk request took."),
        snapshot.timings.bulk.as_ref(),
    )?;
    let counts = [
        ("clicktop_index_bulks", "Bulk requests that the search engine has answered.", index.bulks),
        ("clicktop_index_retries", "Requests and documents that were sent again.", index.retries),
        (
            "clicktop_index_throttled",
            "Requests and documents that were sent again after an answer of 429.",
            index.throttled,
        ),
        ("clicktop_index_documents_rejected", "Documents that the search engine has refused.", index.rejected),
        ("clicktop_index_conflicts", "Documents of which the index had the same or a newer version.", index.conflicts),
    ];
    for (name, help, value) in counts {
        families.counter(Family::new(name, help), value)?;
    }
    let known = HEALTHS.iter().filter(|_| index.health != Health::Unknown);
    families.gauges(
        Family::new("clicktop_index_health", "1 for the health that the search engine reports."),
        known.map(|(health, word)| ([("health", *word)], u64::from(*health == index.health))),
    )
}
