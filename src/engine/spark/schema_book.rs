//! The schemas that the streaming query knows of a topic with a schema registry.

use std::collections::BTreeMap;
use std::time::Instant;

use parking_lot::Mutex;

use super::connect::QueryFailure;
use super::sql::{Opening, UNKNOWN_SCHEMA, View, opened_view};

/// The schemas that the query knows.
#[derive(Debug, Default)]
pub(super) struct SchemaBook(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    openings: BTreeMap<u32, Opening>,
    /// The ids without a schema, and until when that is believed.
    absent: BTreeMap<u32, Instant>,
    /// Whether those were looked for that may be needed.
    is_recalled: bool,
}

/// The schema that a query has failed for, because it does not know it.
pub(super) fn unknown_schema(failure: &QueryFailure) -> Option<u32> {
    [&failure.message, &failure.causes].into_iter().find_map(|text| {
        let (_, rest) = text.split_once(UNKNOWN_SCHEMA)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    })
}

impl SchemaBook {
    /// The view that opens the messages of these schemas.
    pub(super) fn view(&self) -> View {
        opened_view(&self.0.lock().openings)
    }

    /// The ids that have a schema.
    pub(super) fn ids(&self) -> Vec<u32> {
        let entries = self.0.lock();
        entries.openings.keys().filter(|id| !entries.absent.contains_key(id)).copied().collect()
    }

    /// How many ids there are.
    pub(super) fn len(&self) -> usize {
        self.0.lock().openings.len()
    }

    /// Whether nobody has looked yet for those that may be needed. From now on, somebody has.
    pub(super) fn begins(&self) -> bool {
        !std::mem::replace(&mut self.0.lock().is_recalled, true)
    }

    /// Notes what becomes of the messages of a schema; `absent`, if there is none, says until when that is believed.
    pub(super) fn enter(&self, id: u32, opening: Opening, absent: Option<Instant>) {
        let mut entries = self.0.lock();
        entries.openings.insert(id, opening);
        match absent {
            Some(until) => entries.absent.insert(id, until),
            None => entries.absent.remove(&id),
        };
    }

    /// Believes until then that an id has no schema.
    pub(super) fn still_absent(&self, id: u32, until: Instant) {
        self.0.lock().absent.insert(id, until);
    }

    /// The ids without a schema about which the registry is to be asked again.
    pub(super) fn due(&self) -> Vec<u32> {
        let now = Instant::now();
        self.0.lock().absent.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_that_a_query_does_not_know_is_read_from_its_failure() {
        let failure = |causes: &str| QueryFailure {
            class: Some("STREAM_FAILED".to_owned()),
            message: "[STREAM_FAILED] Query terminated".to_owned(),
            causes: causes.to_owned(),
        };
        let raised = "Caused by: org.apache.spark.SparkRuntimeException: [USER_RAISED_EXCEPTION] clicktop does not know schema 1027 \
                      SQLSTATE: P0001";
        assert_eq!(unknown_schema(&failure(raised)), Some(1027));
        assert_eq!(unknown_schema(&failure("java.lang.OutOfMemoryError: Java heap space")), None);
    }
}
