//! The networks of a GeoIP database, one after the other.

use std::net::IpAddr;
use std::sync::Arc;

use maxminddb::{LookupResult, WithinOptions};

use super::database::{Database, Found, Record};

/// The public addresses of a version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    /// The network that holds them.
    fn range(self) -> &'static str {
        match self {
            Self::V4 => "0.0.0.0/0",
            Self::V6 => "2000::/3",
        }
    }
}

/// A network of a database.
pub(super) struct Network<'a> {
    /// The first address and the last one, as numbers.
    pub(super) first: u128,
    pub(super) last: u128,
    /// Stands for what the database tells: equal for networks of one record.
    pub(super) record: usize,
    /// Where the network is.
    pub(super) found: LookupResult<'a, Arc<[u8]>>,
}

impl Database {
    /// The networks of a family, in ascending order. None of them overlap. A damaged one is left out, as [`find`](Self::find) does not
    /// find it.
    pub(super) fn networks(&self, family: Family) -> impl Iterator<Item = Network<'_>> {
        // A database of version 4 refuses ranges of version 6.
        let range = family.range().parse();
        let networks = range.ok().and_then(|range| self.reader.within(range, WithinOptions::default()).ok());
        networks.into_iter().flatten().filter_map(move |found| {
            let found = found.ok()?;
            let network = found.network().ok()?;
            let (first, bits) = match (network.network(), family) {
                (IpAddr::V4(address), _) => (u128::from(address.to_bits()), 32),
                (IpAddr::V6(address), Family::V6) => (address.to_bits(), 128),
                // One network of version 6 stands for all of version 4.
                (IpAddr::V6(_), Family::V4) => (0, 32 + u32::from(network.prefix())),
            };
            let size = 1_u128.checked_shl(bits - u32::from(network.prefix())).unwrap_or(0);
            Some(Network { first, last: first + size.wrapping_sub(1), record: found.offset()?, found })
        })
    }
}

impl<'a> Network<'a> {
    /// Where the network is, as far as the database knows.
    pub(super) fn place(&'a self) -> Found<'a> {
        self.found.decode::<Record<'_>>().ok().flatten().map_or_else(Found::default, Found::from)
    }
}
