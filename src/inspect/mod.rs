//! Looks at sampled events of an unknown clickstream: how they are written, which fields they have, and which field of a click
//! each of them most likely is. Pure code: whoever calls it reads the events.
//!
//! | file | holds |
//! |---|---|
//! | `form` | how the events are written, told by the first lines |
//! | `kinds`, `times` | what a value looks like |
//! | `stats` | what is known of each field |
//! | `records`, `separated`, `json_fields`, `sample` | the sampled events and their fields |
//! | `aliases`, `fitness`, `guess` | which field of the events is which field of a click, and why |
//! | `shapes`, `look` | clickstreams for which there is a preset; everything together |
//! | `judge` | what a mapping makes of the events |

mod aliases;
mod fitness;
mod form;
mod guess;
mod json_fields;
mod judge;
mod kinds;
mod look;
mod records;
mod sample;
mod separated;
mod shapes;
mod stats;
#[cfg(test)]
mod tests;
mod times;

pub use aliases::Target;
pub use fitness::count;
pub use form::{Separated, Written, detect};
pub use guess::{Guess, Reason, percent};
pub use judge::{Judged, Rejection, judge};
pub use kinds::Kind;
pub use look::{Found, Looked, look};
pub use records::records;
pub use sample::Sample;
pub use stats::{Field, Fields};
