//! Which value of a dimension each click has.

use std::sync::Arc;

use hashbrown::HashMap;

use super::tally::ValueId;
use crate::protocol::breakdown::Dimension;
use crate::storage::{AgentId, CountryId, DetailedClick, PlaceId, Reader, StorageError, UrlId};

/// Finds the values of one dimension.
#[derive(Debug)]
pub(super) struct Values {
    by: Dimension,
    /// For browsers, systems and devices, of which many agents have the same.
    agents: AgentValues,
}

#[derive(Debug, Default)]
struct AgentValues {
    of_agent: HashMap<AgentId, ValueId, foldhash::fast::RandomState>,
    ids: HashMap<Arc<str>, ValueId>,
    texts: Vec<Arc<str>>,
}

impl Values {
    /// Knows the values of every click that is stored.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn of(by: Dimension, reader: &Reader) -> Result<Self, StorageError> {
        let mut agents = AgentValues::default();
        if matches!(by, Dimension::Browser | Dimension::Os | Dimension::Device) {
            reader.agents_after(AgentId(0), |agent, texts| {
                let text = match by {
                    Dimension::Browser => texts.browser,
                    Dimension::Os => texts.os,
                    _ => texts.device,
                };
                agents.add(agent, text);
            })?;
        }
        Ok(Self { by, agents })
    }

    /// The value of a click; `None` if its agent is not known yet.
    pub(super) fn value(&self, detailed: &DetailedClick) -> Option<ValueId> {
        match self.by {
            Dimension::Url => Some(detailed.click.url.0),
            Dimension::Country => Some(detailed.click.country.0),
            Dimension::City => Some(detailed.place.0),
            Dimension::Browser | Dimension::Os | Dimension::Device => {
                self.agents.of_agent.get(&detailed.agent).copied()
            }
        }
    }

    /// The text of a value and, for a city, its country.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn text(&self, value: ValueId, reader: &Reader) -> Result<(Arc<str>, Option<Arc<str>>), StorageError> {
        Ok(match self.by {
            Dimension::Url => (reader.url(UrlId(value))?.into(), None),
            Dimension::Country => (reader.country(CountryId(value))?.into(), None),
            Dimension::City => {
                let (country, city) = reader.place(PlaceId(value))?;
                (city.into(), Some(country.into()))
            }
            Dimension::Browser | Dimension::Os | Dimension::Device => {
                let text = self.agents.texts.get(value as usize).cloned();
                (text.unwrap_or_default(), None)
            }
        })
    }
}

impl AgentValues {
    fn add(&mut self, agent: AgentId, text: &str) {
        let Self { of_agent, ids, texts } = self;
        let value = match ids.get(text) {
            Some(value) => *value,
            None => {
                let text: Arc<str> = text.into();
                texts.push(Arc::clone(&text));
                // There are no more texts than there are agents.
                let value = ValueId::try_from(texts.len() - 1).unwrap_or(ValueId::MAX);
                ids.insert(text, value);
                value
            }
        };
        of_agent.insert(agent, value);
    }
}
