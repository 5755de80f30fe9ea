//! The mapping: how the events of a foreign clickstream become clicks.
//!
//! [`Mapping`] is what a user writes under `[events]`: plain data.

mod model;

pub use model::{Condition, Fields, Form, Mapping, Query, Source, Test, TimeForm, UrlRules};
