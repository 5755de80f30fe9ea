//! Remembers the indices that documents go to. An index that was deleted and created again under the same name, by a template or by
//! another program, looks the same but lacks the documents that were sent before.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;
use serde_json::Value;

/// The indices behind the configured name, as of the last status.
#[derive(Debug, Default)]
pub(super) struct Indices {
    /// The UUID of each index by its name, if the engine reports it.
    known: Mutex<BTreeMap<String, Option<String>>>,
    lost: AtomicBool,
}

impl Indices {
    /// Updates the indices from the answers to "get mapping" and "index stats". Returns the name of an index that was deleted or replaced
    /// since the last call.
    pub(super) fn update(&self, mapping: &Value, stats: &Value) -> Option<String> {
        let mut known = self.known.lock();
        let names = mapping.as_object().into_iter().flatten().map(|(name, _)| name);
        let now: BTreeMap<String, Option<String>> = names
            .map(|name| {
                let reported = stats["indices"][name]["uuid"].as_str().map(str::to_owned);
                // The engine does not report every UUID while shards have no node.
                let uuid = reported.or_else(|| known.get(name).cloned().flatten());
                (name.clone(), uuid)
            })
            .collect();
        let is_there =
            |name: &String, uuid: &Option<String>| now.get(name).is_some_and(|now| uuid.is_none() || now == uuid);
        let lost = known.iter().find(|(name, uuid)| !is_there(name, uuid)).map(|(name, _)| name.clone());
        *known = now;
        self.lost.fetch_or(lost.is_some(), Relaxed);
        lost
    }

    /// Whether documents were lost with an index since the last call.
    pub(super) fn take_lost(&self) -> bool {
        self.lost.swap(false, Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn update(indices: &Indices, now: &[(&str, &str)]) -> Option<String> {
        let mut mapping = json!({});
        let mut stats = json!({"indices": {}});
        for (name, uuid) in now {
            mapping[*name] = json!({"mappings": {}});
            if !uuid.is_empty() {
                stats["indices"][*name] = json!({"uuid": uuid});
            }
        }
        indices.update(&mapping, &stats)
    }

    #[test]
    fn a_deleted_or_replaced_index_is_reported_once() {
        let indices = Indices::default();
        assert_eq!(update(&indices, &[("a", "1")]), None);
        assert_eq!(update(&indices, &[("a", "1")]), None);
        assert!(!indices.take_lost());
        assert_eq!(update(&indices, &[("a", "2")]).as_deref(), Some("a"));
        assert_eq!(update(&indices, &[("a", "2")]), None);
        assert!(indices.take_lost() && !indices.take_lost());
        // An alias gets another index to write to; later the old one goes.
        assert_eq!(update(&indices, &[("a", "2"), ("b", "3")]), None);
        assert_eq!(update(&indices, &[("b", "3")]).as_deref(), Some("a"));
    }

    #[test]
    fn missing_uuids_are_not_reported_as_lost_indices() {
        let indices = Indices::default();
        for now in ["1", "", "1"] {
            assert_eq!(update(&indices, &[("a", now)]), None);
        }
        assert_eq!(update(&indices, &[("a", "")]), None);
        assert_eq!(update(&indices, &[("a", "2")]).as_deref(), Some("a"), "known from before");
        let silent = Indices::default();
        assert_eq!(update(&silent, &[("a", "")]), None);
        assert_eq!(update(&silent, &[("a", "1")]), None);
        assert_eq!(silent.update(&json!({"a": {}}), &Value::Null), None);
    }
}
