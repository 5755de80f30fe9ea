//! The sources of a mapping: first of several, constants, joined texts and hashes, and the conditions.

use super::slots::Slots;
use crate::click::mapping::Test;
use crate::click::mapping::compiled::{CONDITION, Condition, HASHES, Names, Origin, Use};
use crate::engine::spark::sql::literal::{bytes, text};
use crate::engine::spark::sql::program::Program;

/// Makes columns of sources.
pub(super) struct Sources<'a> {
    pub(super) program: &'a mut Program,
    pub(super) names: &'a Names,
    pub(super) slots: &'a Slots,
    /// How many columns were made.
    pub(super) made: usize,
}

impl Sources<'_> {
    /// The text of a source, as `slots.rs` describes it.
    pub(super) fn text(&mut self, origin: &Origin, of: Use) -> String {
        match origin {
            Origin::Slot(slot) => self.slots.text(self.program, self.names, *slot, of),
            Origin::Constant(constant) => text(&format!("T{constant}")),
            Origin::First(origins) => {
                let texts = self.texts(origins, of);
                // What has another shape counts only if nothing else is there.
                let other = texts.iter().map(|text| format!("IF(startswith({text}, 'S'), NULL, {text})"));
                let all: Vec<String> = other.chain(texts.iter().cloned()).collect();
                self.column(format!("coalesce({})", all.join(", ")))
            }
            Origin::Join { parts, with } => {
                let parts = self.texts(parts, Use::Part);
                let joined: Vec<String> = parts.iter().map(|part| format!("substring({part}, 2)")).collect();
                let joined = format!("concat('T', concat_ws({}, {}))", text(with), joined.join(", "));
                let sql = format!(
                    "coalesce({}, IF(coalesce({}) IS NULL, NULL, {joined}))",
                    refusals(&parts),
                    parts.join(", ")
                );
                self.column(sql)
            }
            Origin::Hash(parts) => {
                let parts = self.texts(parts, Use::Part);
                let hashed: Vec<String> = parts
                    .iter()
                    .map(|part| format!("CAST(coalesce(substring({part}, 2), '') AS BINARY), X'ff'"))
                    .collect();
                let hash = format!("sha1(concat({}, {}))", bytes(HASHES.as_bytes()), hashed.join(", "));
                let hash = self.column(hash);
                // A UUID of version 5 has this number among its digits.
                let digits = format!("concat('T', left({hash}, 12), '5', substring({hash}, 14, 3))");
                let sql = format!(
                    "coalesce({}, IF(coalesce({}) IS NULL, NULL, {digits}))",
                    refusals(&parts),
                    parts.join(", ")
                );
                self.column(sql)
            }
        }
    }

    /// NULL if the event meets the condition, `L` if it does not, or else a fault that begins with `H`.
    pub(super) fn verdict(&mut self, condition: &Condition) -> String {
        let fault = |column: &str| format!("WHEN startswith({column}, 'H') THEN concat({column}, ' ({CONDITION})')");
        let sql = match &condition.test {
            Test::Exists(exists) => {
                let has = self.has(&condition.field);
                let has = self.column(has);
                format!("CASE {} WHEN ({has} IS NOT NULL) = {exists} THEN NULL ELSE 'L' END", fault(&has))
            }
            Test::Is(texts) => self.is_one_of(condition, texts, true, &fault),
            Test::IsNot(texts) => self.is_one_of(condition, texts, false, &fault),
        };
        self.column(sql)
    }

    fn is_one_of(
        &mut self,
        condition: &Condition,
        texts: &[String],
        wanted: bool,
        fault: &dyn Fn(&str) -> String,
    ) -> String {
        let found = self.text(&condition.field, Use::Part);
        let texts: Vec<String> = texts.iter().map(|one| text(&format!("T{one}"))).collect();
        let listed = if texts.is_empty() {
            "false".to_owned()
        } else {
            format!("coalesce({found} IN ({}), false)", texts.join(", "))
        };
        format!("CASE {} WHEN {listed} = {wanted} THEN NULL ELSE 'L' END", fault(&found))
    }

    /// `T` if the event has a value that is not empty, NULL if it has none, or a fault that begins with `H`.
    fn has(&mut self, origin: &Origin) -> String {
        match origin {
            Origin::Slot(slot) => self.slots.has(self.program, self.names, *slot),
            Origin::First(origins) => {
                let all: Vec<String> = origins.iter().map(|origin| self.has(origin)).collect();
                format!("coalesce({})", all.join(", "))
            }
            _ => {
                let text = self.text(origin, Use::Part);
                format!(
                    "CASE WHEN startswith({text}, 'T') THEN 'T' WHEN {text} IS NOT NULL THEN concat('H', substring({text}, 2)) END"
                )
            }
        }
    }

    fn texts(&mut self, origins: &[Origin], of: Use) -> Vec<String> {
        origins.iter().map(|origin| self.text(origin, of)).collect()
    }

    fn column(&mut self, sql: String) -> String {
        self.made += 1;
        self.program.define(format!("o{}", self.made), sql)
    }
}

/// The first of the parts that is a fault.
fn refusals(parts: &[String]) -> String {
    let faults: Vec<String> = parts.iter().map(|part| format!("IF(startswith({part}, 'T'), NULL, {part})")).collect();
    format!("coalesce({})", faults.join(", "))
}
