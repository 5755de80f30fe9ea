//! The service: an HTTP API on a running pipeline, and the client that gives a console elsewhere its snapshots.
//!
//! | files | hold |
//! |---|---|
//! | `address`, `socket`, `tls`, `doors` | where the API listens: Unix sockets, TCP, TLS |
//! | `access`, `guard` | who may do what: tokens, web pages, the form of requests |
//! | `connections` | the connections: how many, and how long one may take |
//! | `router`, `shared`, `streams` | the routes, what they share, the streams that are open |
//! | `routes/` | what each route does |
//! | `metrics/` | the page `/metrics`: a pure function of a snapshot and facts of the process |
//! | `client/` | the other end: `attach` and `ctl` |
//!
//! `docs/openapi.json` describes the API; a test compares it with the routes and with the golden snapshots.

mod access;
mod address;
pub mod client;
mod connections;
mod doors;
mod error;
mod guard;
pub mod metrics;
mod query;
mod router;
mod routes;
mod service;
mod shared;
mod socket;
mod streams;
#[cfg(test)]
mod tests;
mod tls;

pub use access::{Access, TokenError, Tokens};
pub use address::{Address, AddressError};
pub use doors::{Door, OpenError};
pub use service::{Opened, ServeOptions, Service};
pub use socket::SOCKET_FILE;
