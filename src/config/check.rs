//! Collects the errors of settings that do not fit together.

use super::error::ConfigError;
use super::place::Origins;

/// Collects settings that do not fit together.
pub(super) struct Check<'a> {
    origins: &'a Origins,
    problems: Vec<ConfigError>,
}

impl<'a> Check<'a> {
    /// Nothing collected yet; errors name the places in `origins`.
    pub(super) fn new(origins: &'a Origins) -> Self {
        Self { origins, problems: Vec::new() }
    }

    /// Everything that was refused.
    pub(super) fn into_problems(self) -> Vec<ConfigError> {
        self.problems
    }

    /// Refuses the value of the setting `key` for this reason.
    pub(super) fn refuse(&mut self, key: &str, reason: impl Into<String>) {
        let place = self.origins.place(key);
        self.problems.push(ConfigError::Invalid { place, key: key.into(), reason: reason.into() });
    }

    /// Refuses two settings of which only one may be set, if both are.
    pub(super) fn exclusive<A, B>(&mut self, (first, a): (&str, &Option<A>), (second, b): (&str, &Option<B>)) {
        if a.is_some() && b.is_some() {
            self.refuse(first, format!("and {second} are both set; keep one (\"\" unsets the other)"));
        }
    }
}
