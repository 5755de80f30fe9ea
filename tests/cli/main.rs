//! The real program, as its users call it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests say what they skip and draw to whoever runs them")]

#[path = "../support/mod.rs"]
mod support;

mod alarms;
#[cfg(target_os = "linux")]
mod bombs;
mod care;
mod check;
mod commands;
mod engine;
mod enriched;
mod errors;
mod escapes;
mod fields;
mod files;
mod follow;
mod future;
mod hangup;
mod headless;
mod inspect;
mod interrupted;
mod mapped_files;
mod printed;
mod rejects;
mod replay;
mod resumed;
mod retention;
mod schemas;
mod secrets;
mod trust;
