//! The move of clicks, rejects and offsets between a data directory and the tables, in both directions.
//!
//! To the tables ([`Outbound`]), rows travel in batches. Each batch is one commit under a Delta transaction id, and carries a
//! [`Mark`](super::manifest::Mark) of how far the move is. So a move that was cut off goes on after its last commit, and no batch counts twice. The
//! [`Manifest`](super::manifest::Manifest), a property of the table of clicks, names the database and where the streaming query begins. While it is
//! unfinished, no stage works on the tables.
//!
//! Back ([`Inbound`]), clicks come slice by slice into a new database, which recognizes clicks that it has already. A note in the directory
//! keeps the local engine away until everything is there.

mod checkpoint;
mod cluster;
mod error;
mod inbound;
mod outbound;
mod outbox;
mod verify;

pub(crate) use error::Tell;
pub(crate) use inbound::{Inbound, LocalState};
pub(crate) use outbound::{Outbound, Standing};
