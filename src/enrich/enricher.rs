//! Fields of clicks from addresses and user agents, with a cache of each: visitors come back, and their software is the same.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;
use serde::{Deserialize, Serialize};

use super::address::public_address;
use super::agents::{self, Agents, Facts};
use super::database::Database;
use super::places::{self, Places};
use crate::click::mapping::{Enrich, EnrichmentSource, VisitorAgent, VisitorPlace};

/// Addresses whose places are remembered: some 6 MB.
const ADDRESSES: NonZeroUsize = NonZeroUsize::new(1 << 16).unwrap();

/// User agents whose facts are remembered: 4 MB as a rule, and 20 MB if somebody sends long ones.
const AGENTS: NonZeroUsize = NonZeroUsize::new(1 << 13).unwrap();

/// The device of a bot that is labelled.
const BOT: &str = "bot";

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
    known: LruCache<IpAddr, Known, RandomState>,
}

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
        Self { places, databases, edition, known: LruCache::with_hasher(ADDRESSES, RandomState::default()) }
    }

    fn find(&mut self, address: IpAddr) -> &Known {
        if self.edition != self.places.edition() {
            (self.databases, self.edition) = self.places.now();
            self.known.clear();
        }
        let Self { databases, known, .. } = self;
        known.get_or_insert(address, || {
            let found = places::find(databases, address);
            Known { country: found.country.map(Box::from), city: found.city.map(Box::from) }
        })
    }
}

impl Enrich for Enricher {
    fn place(&mut self, address: &str) -> VisitorPlace<'_> {
        let (Some(places), Some(address)) = (&mut self.places, public_address(address)) else {
            return VisitorPlace::default();
        };
        let known = places.find(address);
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
