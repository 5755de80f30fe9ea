//! Which indices documents go to. One that was deleted and made anew under its name, by a template or by somebody else, holds
//! nothing of what was sent before, and looks as well as the one it was.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;
use serde_json::Value;

/// The indices behind our name, as they were seen last.
#[derive(Debug, Default)]
pub(super) struct Indices {
    /// The UUID of each by its name, where the engine tells.
    seen: Mutex<BTreeMap<String, Option<String>>>,
    lost: AtomicBool,
}

impl Indices {
    /// Takes the answers to "get mapping" and to "index stats". Returns the name of one that held documents and is gone, or is
    /// another now.
    pub(super) fn see(&self, mapping: &Value, stats: &Value) -> Option<String> {
        let mut seen = self.seen.lock();
        let names = mapping.as_object().into_iter().flatten().map(|(name, _)| name);
        let now: BTreeMap<String, Option<String>> = names
            .map(|name| {
                let told = stats["indices"][name]["uuid"].as_str().map(str::to_owned);
                // Not all is told while shards have no node.
                let uuid = told.or_else(|| seen.get(name).cloned().flatten());
                (name.clone(), uuid)
            })
            .collect();
        let is_there =
            |name: &String, uuid: &Option<String>| now.get(name).is_some_and(|now| uuid.is_none() || now == uuid);
        let lost = seen.iter().find(|(name, uuid)| !is_there(name, uuid)).map(|(name, _)| name.clone());
        *seen = now;
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

    fn see(indices: &Indices, now: &[(&str, &str)]) -> Option<String> {
        let mut mapping = json!({});
        let mut stats = json!({"indices": {}});
        for (name, uuid) in now {
            mapping[*name] = json!({"mappings": {}});
            if !uuid.is_empty() {
                stats["indices"][*name] = json!({"uuid": uuid});
            }
        }
        indices.see(&mapping, &stats)
    }

    #[test]
    fn an_index_that_is_gone_or_another_is_told_once() {
        let indices = Indices::default();
        assert_eq!(see(&indices, &[("a", "1")]), None);
        assert_eq!(see(&indices, &[("a", "1")]), None);
        assert!(!indices.take_lost());
        assert_eq!(see(&indices, &[("a", "2")]).as_deref(), Some("a"));
        assert_eq!(see(&indices, &[("a", "2")]), None);
        assert!(indices.take_lost() && !indices.take_lost());
        // An alias gets another index to write to; later the old one goes.
        assert_eq!(see(&indices, &[("a", "2"), ("b", "3")]), None);
        assert_eq!(see(&indices, &[("b", "3")]).as_deref(), Some("a"));
    }

    #[test]
    fn an_engine_that_does_not_tell_all_raises_no_alarm() {
        let indices = Indices::default();
        for now in ["1", "", "1"] {
            assert_eq!(see(&indices, &[("a", now)]), None);
        }
        assert_eq!(see(&indices, &[("a", "")]), None);
        assert_eq!(see(&indices, &[("a", "2")]).as_deref(), Some("a"), "known from before");
        let silent = Indices::default();
        assert_eq!(see(&silent, &[("a", "")]), None);
        assert_eq!(see(&silent, &[("a", "1")]), None);
        assert_eq!(silent.see(&json!({"a": {}}), &Value::Null), None);
    }
}
