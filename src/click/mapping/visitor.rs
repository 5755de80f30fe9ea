//! Fields that a click gets from its visitor: the place from the address, the software from the user agent. The mapping tells where both
//! are in an event; what they mean is known elsewhere.

use std::fmt::Debug;

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
