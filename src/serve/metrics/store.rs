//! The database.

use std::fmt::Error;

use super::families::{Families, Family};
use crate::protocol::Snapshot;

pub(super) fn write(families: &mut Families<'_>, snapshot: &Snapshot) -> Result<(), Error> {
    let store = &snapshot.store;
    families.counter(
        Family::new("clicktop_store_transactions", "Transactions of the store, or rounds of a cluster."),
        store.transactions,
    )?;
    families.histogram(
        Family::seconds(
            "clicktop_store_transaction",
            "How long a transaction of the store, or a round of a cluster, took.",
        ),
        snapshot.timings.transaction.as_ref(),
    )?;
    families
        .counter(Family::new("clicktop_store_checkpoints", "Checkpoints of the aggregation."), store.checkpoints)?;
    families.gauge(
        Family::bytes("clicktop_store_file", "Size of the database file, without its write-ahead log."),
        store.file_bytes,
    )?;
    families.gauge(Family::bytes("clicktop_store_wal", "Size of the write-ahead log."), store.wal_bytes)?;
    families.gauge(Family::new("clicktop_store_rejects", "Rejects that are kept."), Some(store.rejects))?;
    families.counter(
        Family::new("clicktop_store_clicks_deleted", "Clicks deleted because they were too old."),
        Some(store.deleted),
    )
}
