//! What the tables know of a move: a property of the table of clicks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Why a manifest cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    /// A topic's name is impossible.
    #[error(
        "the database has offsets of the topic `{topic}`, and Kafka allows no such name; the database is damaged: \
         restore a backup"
    )]
    Topic {
        /// The topic, safe to print.
        topic: String,
    },
    /// It is not in a form that this clicktop knows.
    #[error("the property {PROPERTY} of the table of clicks cannot be read ({cause}); update clicktop")]
    Unreadable {
        /// Why.
        cause: String,
    },
}

/// The property of the table of clicks.
pub(super) const PROPERTY: &str = "clicktop.moved";

/// The next offset to read, by topic and partition.
pub(super) type Offsets = BTreeMap<String, BTreeMap<i32, i64>>;

/// A move from a data directory to the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Names the move. What is written under one name is written once.
    pub(super) id: String,
    /// The identity of the database.
    pub(super) database: String,
    /// The number of its newest click.
    pub(super) newest: i64,
    /// How many clicks it holds.
    pub(super) clicks: u64,
    /// How many rejected messages.
    pub(super) rejects: u64,
    /// Where the streaming query begins.
    pub(super) offsets: Offsets,
    /// Whether everything is in the tables.
    pub(super) done: bool,
}

impl Manifest {
    /// Reads the property.
    ///
    /// # Errors
    /// [`ManifestError::Unreadable`]: it is not in this form.
    pub(super) fn parse(property: &str) -> Result<Self, ManifestError> {
        serde_json::from_str(property).map_err(|error| ManifestError::Unreadable { cause: error.to_string() })
    }

    /// The manifest among the properties of the table of clicks; `None` if nothing was moved there.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(super) fn among(properties: &[(String, String)]) -> Result<Option<Self>, ManifestError> {
        properties.iter().find(|(name, _)| name == PROPERTY).map(|(_, value)| Self::parse(value)).transpose()
    }

    /// The value of the property. It can stand between single quotes in SQL.
    ///
    /// # Errors
    /// [`ManifestError::Topic`]: a topic has a name that Kafka does not allow.
    pub(super) fn property(&self) -> Result<String, ManifestError> {
        let is_fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if let Some(topic) = self.offsets.keys().find(|topic| !topic.chars().all(is_fine)) {
            return Err(ManifestError::Topic { topic: crate::text::printable(topic).into_owned() });
        }
        // The other texts are hexadecimal.
        serde_json::to_string(self).map_err(|error| ManifestError::Unreadable { cause: error.to_string() })
    }

    /// Whether the tables do not hold all of it yet.
    pub(super) fn is_unfinished(&self) -> bool {
        !self.done
    }

    /// Where the streaming query begins with the partitions of `topic`, as far as the database knew them.
    pub(super) fn offsets_of(&self, topic: &str) -> Option<&BTreeMap<i32, i64>> {
        self.offsets.get(topic).filter(|partitions| !partitions.is_empty())
    }

    /// Whether it is a move of the same database in the same state.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let Self { id: _, database, newest, clicks, rejects, offsets, done: _ } = self;
        (database, newest, clicks, rejects, offsets)
            == (&other.database, &other.newest, &other.clicks, &other.rejects, &other.offsets)
    }
}

/// How far a move is: the user metadata of each of its commits, so that it is written together with the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The move.
    #[serde(rename = "move")]
    pub(super) id: String,
    /// The number of the commit, from 1 on; also its Delta transaction version.
    pub(super) batch: i64,
    /// Clicks up to here.
    pub(super) clicks: u64,
    /// Rejects up to here.
    pub(super) rejects: u64,
    /// The last click: its time (ms) and number.
    pub(super) click: Option<(i64, i64)>,
    /// The number of the last reject.
    pub(super) reject: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(topic: &str) -> Manifest {
        Manifest {
            id: "ab12".to_owned(),
            database: "cd34".to_owned(),
            newest: 9,
            clicks: 8,
            rejects: 1,
            offsets: BTreeMap::from([(topic.to_owned(), BTreeMap::from([(0, 12), (11, 7)]))]),
            done: false,
        }
    }

    #[test]
    fn a_manifest_survives_as_a_property_and_needs_no_escapes() {
        let manifest = manifest("clicks.eu-1_x");
        let property = manifest.property().unwrap();
        assert!(!property.contains(['\'', '\\', '$']), "{property}");
        assert_eq!(Manifest::among(&[("other".to_owned(), "x".to_owned())]).unwrap(), None);
        let read = Manifest::among(&[(PROPERTY.to_owned(), property)]).unwrap().unwrap();
        assert_eq!(read, manifest);
        assert_eq!(read.offsets_of("clicks.eu-1_x"), Some(&BTreeMap::from([(0, 12), (11, 7)])));
        assert_eq!(read.offsets_of("other"), None);
        assert!(read.is_same(&Manifest { id: "other".to_owned(), done: true, ..manifest.clone() }));
        assert!(!read.is_same(&Manifest { newest: 10, ..manifest }));
    }

    #[test]
    fn a_topic_that_could_leave_the_quotes_is_refused() {
        let refused = manifest("a' , 'b").property();
        assert!(matches!(refused, Err(ManifestError::Topic { .. })), "{refused:?}");
        assert!(matches!(Manifest::parse("{}"), Err(ManifestError::Unreadable { .. })));
    }
}
