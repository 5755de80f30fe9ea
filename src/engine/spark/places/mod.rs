//! The table of places: clicktop makes it of the GeoIP databases that the settings name, and the streaming query joins it.
//!
//! | file | what it does |
//! |---|---|
//! | `tree` | ranges of addresses as rows of the table |
//! | `write` | writes them to the cluster if its table is of other databases |

mod tree;
mod write;

pub(super) use write::{PlacesError, write};
