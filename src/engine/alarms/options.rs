//! What the alarms of an engine are started with.

use tokio::sync::watch;

use super::rules::AlarmRules;
use super::tell::TellOptions;

/// The alarms of an engine, and who is told of them.
#[derive(Clone, Debug, Default)]
pub struct AlarmOptions {
    /// The alarms.
    pub rules: AlarmRules,
    /// Who is told.
    pub tell: TellOptions,
    /// Other options that take their place while the engine runs; `None` if they never change.
    pub renewals: Option<watch::Receiver<AlarmOptions>>,
}
