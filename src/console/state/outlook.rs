//! Where the lag goes, in words.

use std::time::Duration;

use crate::console::format::{short, whole_time};
use crate::protocol::Snapshot;
use crate::protocol::outlook::LagTrend;

/// A loss that is nearer than this is urgent.
const URGENT: Duration = Duration::from_secs(86_400);

/// Where the lag goes, in words from the longest to the shortest; nothing while it is not known, or there is no backlog.
pub(crate) fn lag_words(snapshot: &Snapshot) -> Vec<String> {
    let outlook = &snapshot.outlook;
    match outlook.trend {
        Some(LagTrend::Grows) => {
            let growth = outlook.growth.map_or_else(String::new, |growth| format!("grows {}/s", short(growth as f64)));
            vec![growth, "grows".to_owned()]
        }
        Some(LagTrend::Shrinks) => {
            let Some(clears) = outlook.clears.map(whole_time) else { return Vec::new() };
            vec![format!("clears in {clears}"), format!("{clears} left")]
        }
        Some(LagTrend::Steady) => vec!["steady".to_owned()],
        None => Vec::new(),
    }
}

/// Whether the lag grows.
pub(crate) fn grows(snapshot: &Snapshot) -> bool {
    snapshot.outlook.trend == Some(LagTrend::Grows)
}

/// The partition of which Kafka will soon delete messages that are not stored: `partition 3 loses data in 2h05m`.
pub(crate) fn urgent_loss(snapshot: &Snapshot) -> Option<String> {
    let loss = snapshot.outlook.loss.filter(|loss| loss.after <= URGENT)?;
    Some(format!("partition {} loses data in {}", loss.partition, whole_time(loss.after)))
}
