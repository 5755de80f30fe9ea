//! Fields of clicks from addresses and user agents, with a cache of each: visitors come back, and their software is the same.

use std::net::{IpAddr, Ipv6Addr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lru::LruCache;
use serde::{Deserialize, Serialize};

use super::address::public_address;
use super::agents::{self, Agents, Facts};
use super::database::Database;
use super::places::{self, Places};
use super::recent::Recent;
use crate::click::mapping::{Enrich, EnrichmentSource, VisitorAgent, VisitorPlace};

/// Addresses of version 4 whose places are remembered, as a power of two: 1 MB.
const V4_BITS: u32 = 17;

/// The same of version 6: 1.5 MB.
const V6_BITS: u32 = 16;

/// User agents whose facts are remembered: 4 MB as a rule, and 20 MB if somebody sends long ones.
const AGENTS: NonZeroUsize = NonZeroUsize::new(1 << 13).unwrap();

/// The device of a bot that is labelled.
pub const BOT: &str = "bot";

/// What becomes of the clicks of bots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bots {
    /// Their device is `bot`.
    #[default]
    Label,
    /// They are left out.
    Drop,
    /// They are clicks like all others.
    Keep,
}

/// What clicks are enriched with. Every decoder makes an enricher of its own from it.
#[derive(Clone, Debug)]
pub struct Enrichment {
    /// Where places come from, if the user gives a database.
    pub places: Option<Arc<Places>>,
    /// Where facts of user agents come from, if they are wanted.
    pub agents: Option<Arc<Agents>>,
    /// What becomes of the clicks of bots.
    pub bots: Bots,
}

impl EnrichmentSource for Enrichment {
    fn reads_address(&self) -> bool {
        self.places.is_some()
    }

    fn reads_agent(&self) -> bool {
        self.agents.is_some()
    }

    fn enricher(&self) -> Box<dyn Enrich> {
        Box::new(Enricher {
            places: self.places.as_ref().map(|places| KnownPlaces::of(Arc::clone(places))),
            agents: self.agents.as_ref().map(|agents| KnownAgents {
                agents: Arc::clone(agents),
                known: LruCache::with_hasher(AGENTS, RandomState::default()),
            }),
            bots: self.bots,
        })
    }
}

/// Enriches the clicks of one decoder.
#[derive(Debug)]
struct Enricher {
    places: Option<KnownPlaces>,
    agents: Option<KnownAgents>,
    bots: Bots,
}

#[derive(Debug)]
struct KnownPlaces {
    places: Arc<Places>,
    databases: Arc<[Database]>,
    /// The edition of the databases that the known places are of.
    edition: u64,
    /// The number of the place of each remembered address. No public one is 0.
    of_v4: Recent<NonZeroU32, u32>,
    of_v6: Recent<Ipv6Addr, u32>,
    known: Vec<Known>,
    /// The number of each known place, by its texts.
    by_texts: HashMap<Box<str>, u32, RandomState>,
}

/// A place. There are no more than the databases have.
#[derive(Debug, Default)]
struct Known {
    country: Option<Box<str>>,
    city: Option<Box<str>>,
}

#[derive(Debug)]
struct KnownAgents {
    agents: Arc<Agents>,
    known: LruCache<String, Facts, RandomState>,
}

impl KnownPlaces {
    fn of(places: Arc<Places>) -> Self {
        let (databases, edition) = places.now();
        let (of_v4, of_v6) = (Recent::new(V4_BITS), Recent::new(V6_BITS));
        Self { places, databases, edition, of_v4, of_v6, known: Vec::new(), by_texts: HashMap::default() }
    }

    fn find(&mut self, address: IpAddr) -> Option<&Known> {
        if self.edition != self.places.edition() {
            (self.databases, self.edition) = self.places.now();
            self.of_v4.clear();
            self.of_v6.clear();
            self.known.clear();
            self.by_texts.clear();
        }
        let Self { databases, of_v4, of_v6, known, by_texts, .. } = self;
        let look_up = || {
            let found = places::find(databases, address);
            // A missing name and an empty one have the same key: clicktop stores `unknown` for both.
            let texts = format!("{}\0{}", found.country.unwrap_or_default(), found.city.unwrap_or_default());
            *by_texts.entry(texts.into()).or_insert_with(|| {
                known.push(Known { country: found.country.map(Box::from), city: found.city.map(Box::from) });
                u32::try_from(known.len() - 1).unwrap_or(u32::MAX)
            })
        };
        let number = match address {
            IpAddr::V4(address) => of_v4.get_or_insert_with(NonZeroU32::new(address.to_bits())?, look_up),
            IpAddr::V6(address) => of_v6.get_or_insert_with(address, look_up),
        };
        self.known.get(number as usize)
    }
}

impl Enrich for Enricher {
    fn place(&mut self, address: &str) -> VisitorPlace<'_> {
        let (Some(places), Some(address)) = (&mut self.places, public_address(address)) else {
            return VisitorPlace::default();
        };
        let Some(known) = places.find(address) else { return VisitorPlace::default() };
        VisitorPlace { country: known.country.as_deref(), city: known.city.as_deref() }
    }

    fn agent(&mut self, user_agent: &str) -> VisitorAgent<'_> {
        let Some(KnownAgents { agents, known }) = &mut self.agents else { return VisitorAgent::default() };
        let user_agent = agents::start(user_agent);
        let facts = known.get_or_insert_ref(user_agent, || agents.facts(user_agent));
        let device = if facts.is_bot && self.bots == Bots::Label { Some(BOT) } else { facts.device.as_deref() };
        VisitorAgent {
            browser: facts.browser.as_deref(),
            os: facts.os.as_deref(),
            device,
            is_bot: facts.is_bot,
            is_left_out: facts.is_bot && self.bots == Bots::Drop,
        }
    }
}

#[cfg(test)]
#[path = "enricher_tests.rs"]
mod tests;
