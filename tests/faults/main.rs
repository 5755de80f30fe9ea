//! Every fault we can cause, by seed: the real program between a broker that goes away and a search engine that
//! misbehaves, on disks that fill up, killed at any moment.
//!
//! `CLICKTOP_FAULT_SEED` gives the seed (printed by each test), `CLICKTOP_FAULT_ROUNDS` how often each fault is tried: 1 if not
//! set. `scripts/faults` runs the long form, `scripts/soak` the soak.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests say what they skip and draw to whoever runs them")]

#[path = "../support/mod.rs"]
mod support;

mod broker;
mod clock;
mod dice;
mod disk;
mod engine;
mod kills;
mod search;
mod sent;
mod soak;
mod states;
mod store;
mod wire;
mod world;
