//! The page `/metrics`: a snapshot and facts of the process as Prometheus reads them.
//!
//! A pure function. A value that the engine does not know is absent, never 0. No label takes values from events: labels are names of
//! stages, states, alarms and partitions, of which there are as many as the topic has.

mod alarms;
mod families;
mod form;
mod index;
mod partitions;
mod process;
mod stages;
mod store;
#[cfg(test)]
mod tests;
mod totals;

use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text};
use prometheus_client::registry::Registry;

use crate::protocol::Snapshot;
use families::Families;
pub use form::Form;
pub use process::ProcessFacts;

/// The page in this `form`.
///
/// # Errors
/// Formatting fails, which it does not in memory.
pub fn render(snapshot: Arc<Snapshot>, process: ProcessFacts, form: Form) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page { snapshot, process }));
    let mut page = String::new();
    match form {
        Form::OpenMetrics => text::encode(&mut page, &registry)?,
        Form::Text => prometheus_text::encode(&mut page, &registry)?,
    }
    Ok(page)
}

/// What is on the page.
#[derive(Debug)]
struct Page {
    snapshot: Arc<Snapshot>,
    process: ProcessFacts,
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (mut families, snapshot) = (Families::new(encoder), &*self.snapshot);
        totals::write(&mut families, snapshot)?;
        stages::write(&mut families, snapshot)?;
        partitions::write(&mut families, snapshot)?;
        store::write(&mut families, snapshot)?;
        index::write(&mut families, snapshot)?;
        alarms::write(&mut families, &snapshot.alarms)?;
        process::write(&mut families, &self.process)
    }
}
