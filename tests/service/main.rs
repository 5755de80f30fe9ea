//! The service of the real program: over its socket and over TCP, with consoles, scripts and strangers.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests say what they skip and draw to whoever runs them")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod commands;
mod compared;
mod consoles;
mod leaks;
mod malformed;
mod reload;
mod rig;
mod slow_link;
mod streams;
