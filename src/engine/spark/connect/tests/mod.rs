//! The client, without a server.

mod urls;
