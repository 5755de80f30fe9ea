//! Where the streaming query keeps how far it is, and where it begins.
//!
//! If Kafka has lost messages that the query must read next, no start with the same checkpoint works any more. The operator decides, by
//! `kafka.on_lost_offset`, where to go on; the query then begins a new checkpoint there. Number and beginning of the checkpoint are
//! properties of the table of clicks, so every console starts the same query.

use std::collections::BTreeMap;

use super::connect::{ConnectError, Session};
use super::failure::Lost;
use super::sql::Root;
use super::tables::{self, TablesError};
use crate::engine::local::stages::ingest::OnLostOffset;

/// The property that numbers the checkpoint.
const NUMBER: &str = "clicktop.checkpoint";

/// The property with the offsets at which the checkpoint begins, as Spark's Kafka source takes them.
const BEGIN: &str = "clicktop.starting_offsets";

/// Stands for the oldest and the newest offset among the beginnings of Spark's Kafka source.
const OLDEST: i64 = -2;
const NEWEST: i64 = -1;

/// The checkpoint of the streaming query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checkpoint {
    /// 0 is the first.
    number: u32,
    /// Where it begins; `None` where `kafka.start` says.
    begin: Option<String>,
}

impl Checkpoint {
    /// The checkpoint in use.
    ///
    /// # Errors
    /// The properties of the table cannot be read.
    pub(super) async fn in_use(session: &Session, root: &Root) -> Result<Self, TablesError> {
        let properties = tables::properties(session, root, "clicks").await?.unwrap_or_default();
        let property = |name: &str| properties.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let number = property(NUMBER).and_then(|number| number.parse().ok()).unwrap_or(0);
        Ok(Self { number, begin: property(BEGIN).map(str::to_owned) })
    }

    /// Its folder.
    pub(super) fn path(&self, root: &Root) -> String {
        match self.number {
            0 => format!("{root}/checkpoint"),
            number => format!("{root}/checkpoint-{number}"),
        }
    }

    /// Whether it is the first.
    pub(super) fn is_first(&self) -> bool {
        self.number == 0
    }

    /// Where it begins, if that is not where `kafka.start` says.
    pub(super) fn begin(&self) -> Option<&str> {
        self.begin.as_deref()
    }

    /// The checkpoint that follows this one when its query cannot go on because of `lost`. `stored` is what it has read, and `oldest` is
    /// the oldest offset of each partition as far as this console knows.
    pub(super) fn after(
        &self,
        lost: &Lost,
        choice: OnLostOffset,
        topic: &str,
        stored: &BTreeMap<i32, i64>,
        oldest: &BTreeMap<i32, i64>,
    ) -> Self {
        let (special, word) = match choice {
            OnLostOffset::Latest => (NEWEST, "latest"),
            OnLostOffset::Earliest | OnLostOffset::Stop => (OLDEST, "earliest"),
        };
        let is_lost = |partition: &i32, offset: i64| {
            lost.partition == Some(*partition) || oldest.get(partition).is_some_and(|oldest| *oldest > offset)
        };
        let begin = if lost.recreated {
            word.to_owned()
        } else if lost.partition.is_some_and(|partition| stored.contains_key(&partition)) {
            let mut begin: BTreeMap<i32, i64> = stored
                .iter()
                .map(|(&partition, &offset)| (partition, if is_lost(&partition, offset) { special } else { offset }))
                .collect();
            // Spark wants all partitions. Those that are new begin at their beginning.
            for partition in oldest.keys() {
                begin.entry(*partition).or_insert(OLDEST);
            }
            serde_json::json!({ topic: begin }).to_string()
        } else {
            // Nobody knows which partition has lost something. What is read twice counts once.
            "earliest".to_owned()
        };
        Self { number: self.number.saturating_add(1), begin: Some(begin) }
    }

    /// Makes it the checkpoint in use.
    ///
    /// # Errors
    /// The table refuses, or another console has changed it at the same moment.
    pub(super) async fn publish(&self, session: &Session, root: &Root) -> Result<(), ConnectError> {
        let begin = self.begin.as_deref().unwrap_or_default();
        let statement = format!(
            "ALTER TABLE delta.`{root}/clicks` SET TBLPROPERTIES ('{NUMBER}' = '{}', '{BEGIN}' = '{begin}')",
            self.number
        );
        session.command(statement).await.map(drop)
    }
}

/// The offsets of `topic` in a line of a checkpoint, `{"topic":{"0":12}}`; `None` if the line is of another kind.
pub(super) fn parsed_offsets(line: &str, topic: &str) -> Option<BTreeMap<i32, i64>> {
    let line: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    let offsets = line.get(topic)?.as_object()?;
    offsets.iter().map(|(partition, offset)| Some((partition.parse().ok()?, offset.as_i64()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Checkpoint = Checkpoint { number: 0, begin: None };

    fn lost(partition: Option<i32>, recreated: bool) -> Lost {
        Lost { partition, offset: Some(10), recreated, told: "gone".to_owned() }
    }

    fn after(lost: &Lost, choice: OnLostOffset, oldest: &[(i32, i64)]) -> String {
        let stored = BTreeMap::from([(0, 10), (1, 20), (2, 30)]);
        let oldest = oldest.iter().copied().collect();
        let next = FIRST.after(lost, choice, "clicks", &stored, &oldest);
        assert_eq!(next.number, 1);
        next.begin.unwrap()
    }

    #[test]
    fn a_new_topic_is_read_as_the_operator_says_and_an_old_one_goes_on_where_nothing_is_lost() {
        use OnLostOffset::{Earliest, Latest};
        assert_eq!(after(&lost(Some(1), true), Earliest, &[]), "earliest");
        assert_eq!(after(&lost(Some(1), true), Latest, &[]), "latest");
        assert_eq!(after(&lost(Some(1), false), Earliest, &[]), r#"{"clicks":{"0":10,"1":-2,"2":30}}"#);
        assert_eq!(after(&lost(Some(1), false), Latest, &[]), r#"{"clicks":{"0":10,"1":-1,"2":30}}"#);
        // The console sees that another partition has lost something, too, and that there is a new one.
        let oldest = [(0, 11), (1, 25), (2, 0), (3, 0)];
        assert_eq!(after(&lost(Some(1), false), Latest, &oldest), r#"{"clicks":{"0":-1,"1":-1,"2":30,"3":-2}}"#);
        assert_eq!(after(&lost(None, false), Latest, &oldest), "earliest");
        assert_eq!(after(&lost(Some(9), false), Latest, &[]), "earliest");
    }

    #[test]
    fn each_checkpoint_has_a_folder_of_its_own() {
        let root: Root = "s3a://bucket/x".parse().unwrap();
        assert_eq!(FIRST.path(&root), "s3a://bucket/x/checkpoint");
        assert_eq!(Checkpoint { number: 2, ..FIRST }.path(&root), "s3a://bucket/x/checkpoint-2");
    }

    #[test]
    fn a_line_of_offsets_is_told_from_the_others() {
        let line = r#"{"clicks":{"0":12,"10":5}}"#;
        assert_eq!(parsed_offsets(line, "clicks"), Some(BTreeMap::from([(0, 12), (10, 5)])));
        for other in ["v1", r#"{"batchWatermarkMs":0,"conf":{}}"#, r#"{"others":{"0":1}}"#, r#"{"clicks":{"x":1}}"#, ""]
        {
            assert_eq!(parsed_offsets(other, "clicks"), None, "{other}");
        }
    }
}
