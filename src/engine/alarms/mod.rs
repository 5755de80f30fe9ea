//! Alarms: the engine judges each snapshot, shows the alarms in it, logs them, and tells a command or a webhook.
//!
//! Both engines share this: the supervisor hands every snapshot to the `AlarmDesk` before it publishes it. The judgement is pure:
//! `readings` measures a snapshot, and `evaluator` compares the readings with the `rules`. Its clock is the uptime in the
//! snapshot. Only [`tell`] talks to others, on tasks of its own.

mod desk;
mod evaluator;
mod kind;
mod options;
mod past;
mod readings;
mod rules;
mod stretches;
pub mod tell;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use desk::AlarmDesk;
pub use evaluator::{AlarmChange, Evaluator};
pub use kind::AlarmKind;
pub use options::AlarmOptions;
pub use rules::{AlarmRules, Rule};
