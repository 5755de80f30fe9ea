//! The real program on a real Kafka, schema registry, Elasticsearch and OpenSearch. `scripts/servers` starts them and says by
//! environment variables where they are; a test whose server is not there says so and does nothing.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests say what they skip and draw to whoever runs them")]

#[path = "../support/mod.rs"]
mod support;

mod control;
mod engine;
mod forms;
mod group;
mod index;
mod kafka;
mod plain;
mod prometheus;
mod schemas;
#[cfg(feature = "spark")]
mod spark;
#[cfg(feature = "spark")]
mod spark_agents;
#[cfg(feature = "spark")]
mod spark_console;
#[cfg(feature = "spark")]
mod spark_consoles;
#[cfg(feature = "spark")]
mod spark_equality;
#[cfg(feature = "spark")]
mod spark_faults;
#[cfg(feature = "spark")]
mod spark_mapping;
#[cfg(feature = "spark")]
mod spark_move;
#[cfg(feature = "spark")]
mod spark_operators;
#[cfg(feature = "spark")]
mod spark_schemas;
#[cfg(feature = "spark")]
mod spark_world;
mod topic;
mod transactions;

/// A variable that `scripts/servers` sets; `None`, and a line about it, if it is not set.
fn server(name: &str) -> Option<String> {
    let found = std::env::var(name).ok();
    if found.is_none() {
        eprintln!("skipped: {name} is not set; scripts/servers sets it");
    }
    found
}
