//! What the mapping takes from an event: one text for each slot and use.
//!
//! Such a text begins with `T`. One that begins with `S` or `H` is a fault (see `json.rs`), and NULL means that the event does not have it.

use std::collections::HashMap;

use super::json::{Token, string_of};
use crate::click::mapping::compiled::{Names, Use};
use crate::engine::spark::sql::literal::text;
use crate::engine::spark::sql::program::Program;

/// A column with a text; NULL if the event does not have it.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    /// Why it cannot be read, or NULL.
    pub(super) fault: String,
}

/// Where the values of the slots are: in JSON, in a text, or in either of both.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) json: HashMap<u16, Token>,
    pub(super) texts: HashMap<u16, Text>,
}

impl Slots {
    /// The text of a slot.
    pub(super) fn text(&self, program: &mut Program, names: &Names, slot: u16, of: Use) -> String {
        let name = format!("p{slot}_{}", label(of));
        if program.has(&name) {
            return format!("@{name}");
        }
        let of_json = self.json.get(&slot).map(|token| self.of_json(program, names, slot, of, token));
        let of_text = self.texts.get(&slot).map(|found| {
            let Text { text, fault } = found;
            format!("coalesce({fault}, IF({}, concat('T', {text}), NULL))", is_present(text))
        });
        let sql = match (of_json, of_text) {
            (Some(json), Some(text)) => format!("coalesce({json}, {text})"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => "CAST(NULL AS STRING)".to_owned(),
        };
        program.define(name, sql)
    }

    /// `T` if the slot has a value that is not empty, of whatever type; NULL if it has none; or a fault.
    pub(super) fn has(&self, program: &mut Program, names: &Names, slot: u16) -> String {
        let text = self.text(program, names, slot, Use::Part);
        let container = match self.json.get(&slot) {
            Some(Token { json, fault }) => {
                format!("WHEN {fault} IS NULL AND (startswith({json}, '{{') OR startswith({json}, '[')) THEN 'T'")
            }
            None => String::new(),
        };
        format!("CASE {container} WHEN startswith({text}, 'T') THEN 'T' WHEN startswith({text}, 'H') THEN {text} END")
    }

    fn of_json(&self, program: &mut Program, names: &Names, slot: u16, of: Use, token: &Token) -> String {
        let Token { json, fault } = token;
        let shown = names.shown(slot);
        let string = format!("x{slot}");
        let string = if program.has(&string) {
            format!("@{string}")
        } else {
            program.define(string, format!("IF(startswith({json}, '\"'), {}, NULL)", string_of(json)))
        };
        let wrong =
            |kind: char, found: &str| text(&format!("{kind}JSON: `{shown}` is {found} instead of {}", of.expected()));
        let half = text(&format!("HJSON: `{shown}` contains half of a surrogate pair, which is not a character"));
        let boolean = if of == Use::Part { format!("concat('T', {json})") } else { wrong('H', "a boolean") };
        let whole = whole_of(json);
        let number = match of {
            Use::Time => format!("concat('T', {json})"),
            Use::Url => wrong('H', "a number"),
            Use::Id => format!(
                "coalesce(concat('T', {whole}), {})",
                wrong('H', "a fraction, or a number of more than 40 digits")
            ),
            Use::Other | Use::Part => format!("concat('T', coalesce({whole}, {json}))"),
        };
        format!(
            "CASE WHEN {fault} IS NOT NULL THEN {fault} WHEN {json} IS NULL OR startswith({json}, 'n') THEN NULL \
             WHEN startswith({json}, '\"') THEN IF({string} IS NULL, {half}, IF({}, concat('T', {string}), NULL)) \
             WHEN startswith({json}, '{{') THEN {} WHEN startswith({json}, '[') THEN {} \
             WHEN left({json}, 1) IN ('t', 'f') THEN {boolean} ELSE {number} END",
            is_present(&string),
            wrong('S', "an object"),
            wrong('S', "an array"),
        )
    }
}

const fn label(of: Use) -> &'static str {
    match of {
        Use::Id => "id",
        Use::Time => "time",
        Use::Url => "url",
        Use::Other => "other",
        Use::Part => "part",
    }
}

/// Whether a text is there: it is not blank, and not the NULL of databases.
pub(super) fn is_present(text: &str) -> String {
    format!("{text} RLIKE r'[^{{{{white_class}}}}]' AND {text} <> r'\\N'")
}

/// The text of a whole number, without fraction and exponent; NULL for any other number.
fn whole_of(number: &str) -> String {
    format!(
        "CASE WHEN NOT {number} RLIKE '[.eE]' THEN IF({number} = '-0', '0', {number}) ELSE \
         get(transform(transform(array(split(regexp_replace({number}, r'{{{{decimal}}}}', '$1|$2|$3|$4|$5'), r'\\|', -1)), d -> struct(\
         get(d, 0) AS sign, trim(LEADING '0' FROM concat(get(d, 1), get(d, 2))) AS digits, \
         IF(length(get(d, 4)) > 9, NULL, IF(get(d, 3) = '-', -1, 1) * CAST(concat('0', get(d, 4)) AS INT)) \
         - length(get(d, 2)) + length(trim(LEADING '0' FROM concat(get(d, 1), get(d, 2)))) AS whole)), d -> \
         CASE WHEN d.digits = '' THEN '0' \
         WHEN d.whole <= 40 AND length(trim(TRAILING '0' FROM d.digits)) <= d.whole \
         THEN concat(d.sign, rpad(left(d.digits, d.whole), d.whole, '0')) END), 0) END"
    )
}
