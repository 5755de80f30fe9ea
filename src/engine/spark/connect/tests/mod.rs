//! The client on a server of its own (`gates.rs`, a real gRPC server that can cut connections), and on a real Spark.

mod errors;
mod gates;
mod reattach;
mod spark;
mod urls;
