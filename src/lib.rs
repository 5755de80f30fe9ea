//! clicktop: top(1) for a clickstream.
//!
//! ```text
//! Kafka ──▶ ingest ──▶ store (SQLite) ──▶ aggregate ──▶ index (Elasticsearch / OpenSearch / embedded)
//! ```
//!
//! The folders are the architecture. Dependencies point one way, from the command line and the console down to the event:
//!
//! | module | holds | knows |
//! |---|---|---|
//! | [`cli`] | the commands and their flags | everything below |
//! | [`config`] | settings and the origin of each | the enums and limits of other modules, no behaviour |
//! | [`console`] | the terminal | [`protocol`], [`theme`] |
//! | [`headless`] | the same pipeline as JSON lines | [`protocol`] |
//! | [`serve`] | what monitoring reads | [`protocol`] |
//! | [`engine`] | the stages, and the snapshots of them | [`protocol`], `source`, `storage`, `search`, `click`, `world` |
//! | [`source`] | embedded broker, producer, replay, generated traffic | [`protocol`], `click` |
//! | [`protocol`] | snapshots up, commands down | `click` |
//! | [`storage`] | SQLite: schema, writer, readers | [`protocol`], `click`, [`sqlite`] |
//! | [`search`] | the search index behind one trait | [`protocol`], `click` |
//! | [`registry`] | schemas of a schema registry, and messages by them | `click`, [`secret`], [`text`], [`loopback`] |
//! | [`click`] | the event and its decoders | nothing |
//! | [`signals`] | the signals after which a pipeline drains and ends | nothing |
//! | [`theme`] | names of themes, colours and their purposes | nothing |
//! | [`secret`] | secrets that never print | nothing |
//! | `world` | the countries: codes, names, places | nothing |

// Input must never end the program. Tests and benchmarks may.
#![cfg_attr(not(test), deny(clippy::expect_used, clippy::unwrap_used))]

pub mod cli;
pub mod click;
pub mod config;
pub mod console;
pub mod engine;
pub mod enrich;
pub mod headless;
mod http_client;
pub mod inspect;
mod kafka_log;
pub mod loopback;
pub mod private;
pub mod protocol;
pub mod registry;
pub mod search;
pub mod secret;
#[cfg(test)]
mod secure_server;
pub mod serve;
pub mod signals;
pub mod source;
pub mod sqlite;
pub mod storage;
pub mod text;
pub mod theme;
mod world;
