//! Fields that a click gets from its visitor: the place from the address, the software from the user agent. The mapping tells where both
//! are in an event; what they mean is known elsewhere.

use std::fmt::Debug;

use super::plan::{ADDRESS_SETTING, AGENT_SETTING, Plan};
use super::source::{Buffers, Event, Origin};
use super::value::Use;
use crate::click::fields::Piece;

/// Where the enrichers of decoders come from.
pub trait EnrichmentSource: Debug + Send + Sync {
    /// Whether they need the address of the visitor.
    fn reads_address(&self) -> bool;

    /// Whether they need the user agent.
    fn reads_agent(&self) -> bool;

    /// An enricher for one decoder.
    fn enricher(&self) -> Box<dyn Enrich>;
}

/// Knows what an address and a user agent mean.
pub trait Enrich: Debug + Send {
    /// The place of `address`, which may be any text.
    fn place(&mut self, address: &str) -> VisitorPlace<'_>;

    /// What `user_agent` tells, which may be any text.
    fn agent(&mut self, user_agent: &str) -> VisitorAgent<'_>;
}

/// Where a visitor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VisitorPlace<'a> {
    /// The ISO 3166 code of the country.
    pub country: Option<&'a str>,
    /// The name of the city.
    pub city: Option<&'a str>,
}

/// With what a visitor comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VisitorAgent<'a> {
    /// The browser.
    pub browser: Option<&'a str>,
    /// The operating system.
    pub os: Option<&'a str>,
    /// The device.
    pub device: Option<&'a str>,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// Whether its clicks are left out.
    pub is_left_out: bool,
}

/// The fields that an event gets from its visitor.
#[derive(Clone, Copy, Default)]
pub(super) struct Derived<'a> {
    pub(super) country: Option<Piece<'a>>,
    pub(super) city: Option<Piece<'a>>,
    pub(super) browser: Option<Piece<'a>>,
    pub(super) os: Option<Piece<'a>>,
    pub(super) device: Option<Piece<'a>>,
    /// Whether the event is that of a bot, which is left out.
    pub(super) is_left_out: bool,
}

/// What the visitor of an event tells.
pub(super) fn derive<'a>(plan: &'a Plan, event: &mut Event<'_, 'a>) -> Derived<'a> {
    let mut derived = Derived::default();
    // An address or a user agent of the wrong type is none, and breaks no click.
    let text = |origin: &'a Option<Origin>, setting: &'static str, event: &mut Event<'_, 'a>| {
        origin.as_ref().and_then(|origin| origin.text(event, Use::Part, setting).ok().flatten())
    };
    let address = text(&plan.address, ADDRESS_SETTING, event);
    let agent = text(&plan.agent, AGENT_SETTING, event);
    let Buffers { scratch, enricher: Some(enricher), bots, .. } = &mut *event.buffers else { return derived };
    if let Some(address) = address {
        let VisitorPlace { country, city } = enricher.place(address.text(scratch));
        [derived.country, derived.city] = [country, city].map(|text| piece(text, scratch));
    }
    if let Some(agent) = agent {
        let VisitorAgent { browser, os, device, is_bot, is_left_out } = enricher.agent(agent.text(scratch));
        [derived.browser, derived.os, derived.device] = [browser, os, device].map(|text| piece(text, scratch));
        *bots += u32::from(is_bot);
        derived.is_left_out = is_left_out;
    }
    derived
}

/// `text` behind what is in `scratch`.
fn piece<'a>(text: Option<&str>, scratch: &mut String) -> Option<Piece<'a>> {
    let text = text?;
    let start = scratch.len();
    scratch.push_str(text);
    Some(Piece::Scratch { start, end: scratch.len() })
}
