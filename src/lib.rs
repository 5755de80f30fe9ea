//! clicktop: top(1) for a clickstream.
//!
//! ```text
//! Kafka ──▶ ingest ──▶ store (SQLite) ──▶ aggregate ──▶ index (Elasticsearch / OpenSearch / embedded)
//! ```
//!
//! The folders are the architecture; dependencies point one way, from the console down to the event:
//!
//! | module | holds | knows |
//! |---|---|---|
//! | [`cli`] | the commands and their flags | everything below |
//! | [`config`] | settings and where each came from | nothing |
//! | [`console`] | the terminal | `pipeline::{Snapshot, Command}` |
//! | [`headless`] | the same pipeline as JSON lines | `pipeline::{Snapshot, Command}` |
//! | [`demo`] | embedded broker, generator, file replay | `pipeline::source` |
//! | [`pipeline`] | supervisor and the four stages | `storage`, `search`, `click`, `world` |
//! | [`storage`] | SQLite: schema, writer, readers | `click`, [`sqlite`] |
//! | [`search`] | the search index behind one trait | `click` |
//! | [`click`] | the event and its decoders | nothing |
//! | [`signals`] | the signals that end a pipeline in order | nothing |
//! | `world` | the countries: codes, names, places | nothing |

pub mod cli;
pub mod click;
pub mod config;
pub mod console;
pub mod demo;
pub mod headless;
pub mod loopback;
pub mod pipeline;
pub mod private;
pub mod search;
pub mod signals;
pub mod sqlite;
pub mod storage;
pub mod text;
mod world;
