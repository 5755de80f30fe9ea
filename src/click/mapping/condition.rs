//! Which events are clicks.

use super::model::Test;
use super::source::{Event, Origin, Refusal};

/// The setting that errors name.
pub(crate) const SETTING: &str = "events.where";

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) field: Origin,
    pub(crate) test: Test,
}

impl Condition {
    /// Whether the event passes.
    pub(super) fn passes<'a>(&'a self, event: &mut Event<'_, 'a>) -> Result<bool, Refusal> {
        let (texts, listed) = match &self.test {
            Test::Exists(exists) => return Ok(event.has(&self.field, SETTING)? == *exists),
            Test::Is(texts) => (texts, true),
            Test::IsNot(texts) => (texts, false),
        };
        let found = event.tested(&self.field, SETTING)?;
        let text = found.map(|piece| piece.text(&event.buffers.scratch));
        Ok(text.is_some_and(|text| texts.iter().any(|wanted| wanted == text)) == listed)
    }
}
