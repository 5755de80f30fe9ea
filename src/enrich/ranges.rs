//! Places as ranges of addresses, for an engine that looks addresses up itself.

use std::collections::HashMap;
use std::iter::Peekable;

use super::database::Database;
use super::networks::{Family, Network};
use super::places::Places;

/// An address such that addresses compare as their keys do: a byte for the version of IP, 4 or 6, and the 4 or 16 bytes of the address,
/// with zeros behind it.
pub(crate) type AddressKey = [u8; 17];

/// The country and the city of a place; `None` where the database tells nothing.
pub(crate) type PlaceName = (Option<Box<str>>, Option<Box<str>>);

impl Places {
    /// Calls `each` with the first address of every range of public addresses that have one place, in ascending order, and with the
    /// number of the place. A range ends where the next one begins. Returns the names of the places by their numbers; place 0 is nowhere.
    pub(crate) fn ranges(&self, mut each: impl FnMut(AddressKey, u32)) -> Vec<PlaceName> {
        let (databases, _) = self.now();
        let mut names = Names::default();
        let mut place_before = 0;
        for family in [Family::V4, Family::V6] {
            ranges_of(&databases, family, &mut names, |address, place| {
                if place != place_before {
                    each(key(family, address), place);
                    place_before = place;
                }
            });
        }
        names.by_number
    }

    /// What stands for the contents of the databases: another text if one of them changes.
    pub(crate) fn digest(&self) -> String {
        let (databases, _) = self.now();
        let mut hasher = blake3::Hasher::new();
        for database in databases.iter() {
            hasher.update(&database.bytes.len().to_le_bytes()).update(&database.bytes);
        }
        hasher.finalize().to_hex().to_string()
    }
}

fn key(family: Family, address: u128) -> AddressKey {
    let bytes = match family {
        Family::V4 => address << 96,
        Family::V6 => address,
    }
    .to_be_bytes();
    let mut key = AddressKey::default();
    let version = if family == Family::V4 { 4 } else { 6 };
    for (place, byte) in key.iter_mut().zip([version].into_iter().chain(bytes)) {
        *place = byte;
    }
    key
}

/// The places that were found, each once.
struct Names {
    by_number: Vec<PlaceName>,
    numbers: HashMap<PlaceName, u32>,
}

impl Default for Names {
    fn default() -> Self {
        Self { by_number: vec![(None, None)], numbers: HashMap::from([((None, None), 0)]) }
    }
}

impl Names {
    fn number(&mut self, network: &Network<'_>) -> u32 {
        let found = network.place();
        let name = (found.country.map(Box::from), found.city.map(Box::from));
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.by_number.push(name.clone());
            u32::try_from(self.by_number.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// The networks of one database, and the places of the records that were seen.
struct Source<I: Iterator> {
    networks: Peekable<I>,
    places: HashMap<usize, u32>,
}

impl<'a, I: Iterator<Item = Network<'a>>> Source<I> {
    /// The first and the last address of the network that holds `address`, or of the one behind it, and its place.
    fn network_from(&mut self, address: u128, names: &mut Names) -> Option<(u128, u128, u32)> {
        while self.networks.next_if(|network| network.last < address).is_some() {}
        let network = self.networks.peek()?;
        let place = *self.places.entry(network.record).or_insert_with(|| names.number(network));
        Some((network.first, network.last, place))
    }
}

/// Calls `each` with the first address of each network, and its place. An address has the place of the first database that knows it.
fn ranges_of(databases: &[Database], family: Family, names: &mut Names, mut each: impl FnMut(u128, u32)) {
    let source =
        |database| Source { networks: Database::networks(database, family).peekable(), places: HashMap::new() };
    let mut sources: Vec<_> = databases.iter().map(source).collect();
    let end = if family == Family::V4 { 1 << 32 } else { u128::MAX };
    let mut address = 0;
    while address < end {
        let mut place = 0;
        let mut next = None;
        for source in &mut sources {
            let Some((first, last, found)) = source.network_from(address, names) else { continue };
            let change = if first > address { first } else { last.saturating_add(1) };
            next = Some(next.map_or(change, |next: u128| next.min(change)));
            if first <= address && place == 0 {
                place = found;
            }
        }
        each(address, place);
        match next {
            Some(next) if next > address => address = next,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::enrich::places;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/geoip").join(name)
    }

    fn key_of(address: IpAddr) -> AddressKey {
        match address {
            IpAddr::V4(address) => key(Family::V4, u128::from(address.to_bits())),
            IpAddr::V6(address) => key(Family::V6, address.to_bits()),
        }
    }

    #[test]
    fn ranges_tell_the_place_that_a_look_into_the_databases_tells() {
        for files in
            [&["nested.mmdb"][..], &["flat.mmdb"], &["flat.mmdb", "nested.mmdb"], &["nested.mmdb", "flat.mmdb"]]
        {
            let places = Places::open(files.iter().map(|file| fixture(file)).collect()).expect("databases");
            let mut ranges = Vec::new();
            let names = places.ranges(|first, place| ranges.push((first, place)));
            assert!(ranges.is_sorted_by(|one, next| one.0 < next.0 && one.1 != next.1), "{ranges:?}");
            let (databases, _) = places.now();
            // The first address of each range, and the last one of the range before.
            let mut asked: Vec<IpAddr> =
                ["8.8.8.8", "9.9.9.9", "255.255.255.255", "2000::", "3fff:ffff::", "2a00:1450:4007::1"]
                    .map(|address| address.parse().expect("an address"))
                    .to_vec();
            for (first, _) in &ranges {
                let bits = u128::from_be_bytes(first[1..].try_into().expect("16 bytes"));
                for bits in [bits, bits.saturating_sub(if first[0] == 4 { 1 << 96 } else { 1 })] {
                    asked.push(match first[0] {
                        4 => IpAddr::V4(u32::try_from(bits >> 96).expect("32 bits").into()),
                        _ => IpAddr::V6(bits.into()),
                    });
                }
            }
            for address in asked.into_iter().filter(|address| address.is_ipv4() || key_of(*address)[1] >> 5 == 1) {
                let found = places::find(&databases, address);
                let at = ranges.partition_point(|(first, _)| *first <= key_of(address));
                let place = at.checked_sub(1).map_or(0, |at| ranges[at].1);
                let (country, city) = &names[place as usize];
                assert_eq!((country.as_deref(), city.as_deref()), (found.country, found.city), "{files:?} {address}");
            }
        }
    }

    #[test]
    fn the_digest_tells_other_databases_and_another_order() {
        let digest = |files: &[&str]| {
            Places::open(files.iter().map(|file| fixture(file)).collect()).expect("databases").digest()
        };
        assert_eq!(digest(&["flat.mmdb"]), digest(&["flat.mmdb"]));
        assert_ne!(digest(&["flat.mmdb"]), digest(&["nested.mmdb"]));
        assert_ne!(digest(&["flat.mmdb", "nested.mmdb"]), digest(&["nested.mmdb", "flat.mmdb"]));
    }
}
