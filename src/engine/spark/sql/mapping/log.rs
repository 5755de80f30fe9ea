//! Lines of access logs.

use super::slots::{Slots, Text};
use crate::click::mapping::compiled::{FIELDS, Line, Names};
use crate::engine::spark::sql::literal::text;
use crate::engine::spark::sql::program::Program;

/// The number of the request among the fields, from 0.
const REQUEST: usize = 4;

/// Adds the columns of a line to `program`: the texts of the slots, and `log_fault`.
pub(super) fn read(program: &mut Program, names: &Names, line: &Line, slots: &mut Slots) {
    program.read(include_str!("log.sql"));
    let text_of = |program: &mut Program, slot: u16, field: &str, escaped: Option<&str>| {
        let shown = names.shown(slot);
        let raw = program.define(format!("f{slot}"), format!("nullif({field}, '-')"));
        let none = || "CAST(NULL AS STRING)".to_owned();
        let (found, fault) = match escaped {
            None => (raw, none()),
            Some(escaped) => {
                let bytes = program.define(format!("h{slot}"), unescaped(&raw, escaped));
                let problem = |problem: &str| text(&format!("H`{shown}` {problem}"));
                let fault = format!(
                    "CASE WHEN NOT {escaped} OR NOT {raw} RLIKE r'\\\\' THEN NULL \
                     WHEN NOT {raw} RLIKE {ESCAPED} THEN {} WHEN NOT is_valid_utf8({bytes}) THEN {} END",
                    problem("has a backslash that begins no escape of an access log"),
                    problem("is not UTF-8 once its escapes are undone"),
                );
                (bytes, program.define(format!("e{slot}"), fault))
            }
        };
        Text { text: found, fault }
    };
    if let Some(slot) = line.host {
        let text =
            text_of(program, slot, "IF(@hosted, regexp_replace(get(@client, 0), r':[0-9]++\\z', ''), NULL)", None);
        slots.texts.insert(slot, text);
    }
    for (number, slot) in line.fields.iter().enumerate() {
        let Some(slot) = *slot else { continue };
        let at = number.saturating_sub(REQUEST);
        let (field, escaped) = match number {
            0 => ("IF(@hosted, get(@client, 1), get(@client, 0))".to_owned(), None),
            1 => ("IF(@hosted, substring_index(get(@client, 2), ' ', 1), get(@client, 1))".to_owned(), None),
            2 => (
                "IF(@hosted, substring(get(@client, 2), instr(get(@client, 2), ' ') + 1), get(@client, 2))".to_owned(),
                None,
            ),
            3 => ("left(@behind, @closing - 1)".to_owned(), None),
            _ => (format!("get(@contents, {at})"), Some(format!("startswith(get(@tokens, {at}), '\"')"))),
        };
        let text = text_of(program, slot, &field, escaped.as_deref());
        slots.texts.insert(slot, text);
    }
    for (part, slot) in line.request.into_iter().enumerate() {
        let Some(slot) = slot else { continue };
        let group = part + 1;
        let field =
            format!("nullif(regexp_extract(@request, r'(?s)\\A([A-Za-z_-]++) (.+) (HTTP/[^ ]*+)\\z', {group}), '')");
        let mut found = text_of(program, slot, &field, Some("true"));
        // The part is missing if the whole request has another shape.
        let name = text(&format!(", so it has no {}", names.shown(slot)));
        let request = "get(@contents, 0)";
        let quoted = format!(
            "CASE WHEN {request} RLIKE '[^ -~]' THEN '' WHEN length({request}) > 80 THEN concat('`', left({request}, 80), '…` ') \
             ELSE concat('`', {request}, '` ') END"
        );
        let shape = format!("concat('H', 'the request ', {quoted}, 'is not like `GET /path HTTP/1.1`', {name})");
        let fault = format!("IF(@request = '' AND @log_fault IS NULL, {shape}, {})", found.fault);
        found.fault = program.define(format!("q{slot}"), fault);
        slots.texts.insert(slot, found);
    }
    debug_assert_eq!(FIELDS.get(REQUEST), Some(&"request"));
}

/// A text all of whose backslashes begin an escape.
const ESCAPED: &str = r#"r'(?s)\A(?:[^\\]++|\\x[0-9a-fA-F]{2}|\\["\\/nrtbfv])*+\z'"#;

/// The text without its escapes, which stand for bytes.
fn unescaped(raw: &str, escaped: &str) -> String {
    format!(
        "CASE WHEN NOT {escaped} OR instr({raw}, r'\\') = 0 THEN {raw} WHEN NOT {raw} RLIKE {ESCAPED} THEN NULL ELSE \
         CAST(unhex(array_join(transform(regexp_extract_all({raw}, r'(?s)([^\\\\]++|\\\\x[0-9a-fA-F]{{2}}|\\\\.)', 1), p -> \
         CASE WHEN startswith(p, r'\\x') THEN substring(p, 3) WHEN startswith(p, r'\\') THEN \
         CASE substring(p, 2) WHEN 'n' THEN '0A' WHEN 'r' THEN '0D' WHEN 't' THEN '09' WHEN 'b' THEN '08' WHEN 'f' THEN '0C' \
         WHEN 'v' THEN '0B' ELSE hex(substring(p, 2)) END ELSE hex(p) END), '')) AS STRING) END"
    )
}
