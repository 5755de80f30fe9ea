//! What a click's visitor tells: the place from the address, the software from the user agent. And what of a user is kept.
//!
//! | file | what it knows |
//! |---|---|
//! | `address` | addresses as servers and proxies write them |
//! | `database`, `places` | GeoIP databases, and their files, which change |
//! | `networks`, `ranges` | the same places as ranges of addresses, for engines that look them up themselves |
//! | `agents` | the regexes of user agents, and bots |
//! | `enricher` | caches of both, one for each decoder |
//! | `pseudonym` | keyed hashes in place of user ids |

mod address;
mod agents;
mod database;
mod enricher;
#[cfg(feature = "spark")]
mod networks;
mod places;
mod pseudonym;
#[cfg(feature = "spark")]
mod ranges;
mod recent;

pub use address::public_address;
pub use agents::{Agents, AgentsError, Facts, MOST_BYTES as MOST_AGENT_BYTES};
pub use database::DatabaseError;
pub use enricher::{BOT, Bots, Enrichment};
pub use places::Places;
pub use pseudonym::{Pseudonyms, PseudonymsError};
#[cfg(feature = "spark")]
pub(crate) use ranges::{AddressKey, PlaceName};
