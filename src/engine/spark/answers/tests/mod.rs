//! The answers of a real Spark, compared with those of the local engine over the same clicks: `CLICKTOP_TEST_SPARK=sc://host:port`, a server
//! that sees the local file system and knows Delta. Without it those tests say so and do nothing.

mod breakdowns;
mod desk;
mod lab;
mod line;
mod pages;
mod rejects;
mod times;
mod windows;
