//! SQL with named parameters: texts go to Spark as values, never quoted into the statement.

use std::collections::HashMap;

use super::bind::bound;
use super::value::Value;
use super::wire;

/// A statement and the values of its parameters, which it names `:name`. Values become literals that cannot be mistaken
/// (`bind.rs`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sql {
    text: String,
    arguments: HashMap<String, Value>,
}

impl Sql {
    /// A statement without parameters.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), arguments: HashMap::new() }
    }

    /// Gives the parameter `:name` its value.
    #[must_use]
    pub(crate) fn bind(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.arguments.insert(name.into(), value.into());
        self
    }

    /// The statement.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn relation(self) -> wire::Relation {
        let query = bound(&self.text, &self.arguments);
        wire::Relation { rel_type: Some(wire::RelType::Sql(wire::Sql { query })) }
    }
}

impl From<&str> for Sql {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Metrics that a query counts of its rows on the way, by `observe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observation {
    /// The name under which they come: in [`Told`](super::Told), or in `observedMetrics` of a streaming query's progress.
    pub(crate) name: String,
    /// Aggregates with their names: `count(*) AS clicks`.
    pub(crate) metrics: Vec<String>,
}

impl Observation {
    /// `input` with these metrics counted.
    pub(super) fn of(self, input: wire::Relation) -> wire::Relation {
        let text = |expression| wire::Expression {
            expr_type: Some(wire::ExprType::ExpressionString(wire::ExpressionString { expression })),
        };
        let collect = wire::CollectMetrics {
            input: Some(Box::new(input)),
            name: self.name,
            metrics: self.metrics.into_iter().map(text).collect(),
        };
        wire::Relation { rel_type: Some(wire::RelType::CollectMetrics(Box::new(collect))) }
    }
}
