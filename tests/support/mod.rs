//! What the integration tests share: clicks to send, the figures they must come to, and the program in a place of its own.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod clicks;
pub mod figures;
pub mod kafka;
pub mod listener;
pub mod program;
pub mod registry;
pub mod screen;
pub mod terminal;
pub mod visits;
pub mod written;

use std::time::Duration;

/// Far beyond what any step takes, also on a loaded machine: only a hang meets it.
pub const HANG: Duration = Duration::from_secs(120);
