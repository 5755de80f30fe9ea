//! The fields that an event gets from its visitor.

use super::plan::{ADDRESS_SETTING, AGENT_SETTING, Plan};
use super::source::{Buffers, Event, Origin};
use super::value::Use;
use super::visitor::{VisitorAgent, VisitorPlace};
use crate::click::fields::Piece;

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
