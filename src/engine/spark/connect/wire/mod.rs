//! The messages of Spark Connect's protocol that clicktop sends and reads.
//!
//! Names and field numbers are those of `spark/connect/*.proto` of Spark 4.2. A field number never changes its meaning in
//! later versions; fields that are not listed here are skipped.

mod calls;
mod plan;
mod query;
mod relation;
mod status;

pub(super) use self::calls::*;
pub(super) use self::plan::*;
pub(super) use self::query::*;
pub(super) use self::relation::*;
pub(super) use self::status::*;
