//! The figures as a table of JSON, for `scripts/bench` to compare with others.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::Outcome;

/// Whether more is better.
#[derive(Clone, Copy, Debug)]
pub enum Better {
    Higher,
    Lower,
}

/// Every figure by its name.
#[derive(Debug, Default)]
pub struct Report(BTreeMap<String, Value>);

impl Report {
    pub fn add(&mut self, name: impl Into<String>, value: f64, unit: &str, better: Better) {
        let better = match better {
            Better::Higher => "higher",
            Better::Lower => "lower",
        };
        self.0.insert(name.into(), json!({ "value": value, "unit": unit, "better": better }));
    }

    /// Writes it to `file`, if one is named.
    pub fn save(&self, file: Option<&Path>) -> Outcome<()> {
        if let Some(file) = file {
            std::fs::write(file, serde_json::to_string_pretty(&self.0)? + "\n")
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(())
    }
}

/// The middle one; of an even number the mean of the two in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    (values.get(low).copied().unwrap_or(f64::NAN) + values.get(high).copied().unwrap_or(f64::NAN)) / 2.0
}

/// `5M`, `200k`, `1234`.
pub fn short(count: u64) -> String {
    match count {
        count if count >= 1_000_000 && count.is_multiple_of(1_000_000) => format!("{}M", count / 1_000_000),
        count if count >= 1_000 && count.is_multiple_of(1_000) => format!("{}k", count / 1_000),
        count => count.to_string(),
    }
}
