//! Rounds and resets on a real Spark: `CLICKTOP_TEST_SPARK=sc://host:port`, a server that sees the local file system and knows Delta.
//! Without it these tests say so and do nothing.

mod agents;
mod copies;
mod lab;
mod overtaken;
mod rebuilt;
mod resets;
