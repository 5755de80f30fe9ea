//! What each route does.

pub(super) mod body;
pub(super) mod breakdown;
pub(super) mod commands;
pub(super) mod health;
pub(super) mod lines;
pub(super) mod metrics;
pub(super) mod snapshot;
pub(super) mod stream;
pub(super) mod tables;
pub(super) mod top;
