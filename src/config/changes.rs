//! What differs between two readings of the settings, for a reload.

use serde_json::Value;

use super::catalogue::SECTIONS;
use super::settings::Settings;

impl Settings {
    /// The keys of the settings that are different in `new`, in the order of the example file. A secret that differs is named by its
    /// table alone, because nothing here prints secrets.
    pub fn changes(&self, new: &Self) -> Vec<&'static str> {
        let (old_values, new_values) = (values(self), values(new));
        let mut changed = Vec::new();
        for section in &SECTIONS {
            let before = changed.len();
            for setting in section.settings {
                let pointer = format!("/{}", setting.key.replace('.', "/"));
                if old_values.pointer(&pointer) != new_values.pointer(&pointer) {
                    changed.push(setting.key);
                }
            }
            if changed.len() == before && !self.same_secrets(new, section.table) {
                changed.push(section.table);
            }
        }
        changed
    }

    /// Whether a table that holds secrets, and shows no other difference, is the same.
    fn same_secrets(&self, new: &Self, table: &str) -> bool {
        match table {
            "kafka" => self.kafka == new.kafka || values(&self.kafka) != values(&new.kafka),
            "index" => self.index == new.index || values(&self.index) != values(&new.index),
            "schema_registry" => {
                self.schema_registry == new.schema_registry
                    || values(&self.schema_registry) != values(&new.schema_registry)
            }
            "spark" => self.spark == new.spark || values(&self.spark) != values(&new.spark),
            _ => true,
        }
    }
}

/// The values, secrets masked.
fn values(settings: &impl serde::Serialize) -> Value {
    serde_json::to_value(settings).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_change_is_named_by_its_key_and_a_secret_by_its_table() {
        let old = Settings::default();
        assert!(old.changes(&old).is_empty());
        let mut new = old.clone();
        new.log.level = "debug".to_owned();
        new.kafka.topic = "web".to_owned();
        new.index.password = Some(Secret::new("hush"));
        let mut newer = new.clone();
        assert_eq!(old.changes(&new), ["log.level", "kafka.topic", "index.password"]);
        newer.index.password = Some(Secret::new("other"));
        assert_eq!(new.changes(&newer), ["index"]);
    }
}
