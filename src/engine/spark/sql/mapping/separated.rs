//! Separated forms: CSV and TSV.

use super::slots::{Slots, Text};
use crate::click::mapping::compiled::{Columns, Name, Plan, Separated, Width};
use crate::engine::spark::sql::literal::text;
use crate::engine::spark::sql::program::Program;
use crate::engine::spark::sql::template::Template;

/// Adds the columns of a record to `program`: the texts of the slots, and `record_fault`.
pub(super) fn read(program: &mut Program, plan: &Plan, separated: Separated, slots: &mut Slots) {
    let Some(columns) = &plan.columns else {
        let fault = text(&no_header(plan));
        program.define("record_fault", format!("IF(@form = 'text', {fault}, NULL)"));
        return;
    };
    let sign = format!("\\x{:02x}", separated.separator);
    let file = if separated.quotes { include_str!("csv.sql") } else { include_str!("tsv.sql") };
    let separator = text(&char::from(separated.separator).to_string());
    program.read(&Template::new(file).sql("sign", sign).sql("separator", separator).filled());
    program.define("record_fault", format!("coalesce(@quote_fault, {})", misfit(columns)));
    for (column, slot) in &columns.wanted {
        // A message has fewer bytes.
        let field =
            if *column < 1 << 30 { format!("get(@record, {column})") } else { "CAST(NULL AS STRING)".to_owned() };
        let text = program.define(format!("f{slot}"), field);
        slots.texts.insert(*slot, Text { text, fault: "CAST(NULL AS STRING)".to_owned() });
    }
}

/// Why a record has the wrong number of fields, or NULL.
fn misfit(columns: &Columns) -> String {
    let (wrong, expected) = match columns.width {
        Width::Header(width) => (format!("<> {width}"), format!("the header has {width}")),
        Width::Setting(width) => (format!("<> {width}"), format!("events.columns names {width}")),
        Width::Least(width) => (format!("< {width}"), format!("the mapping names column {width}")),
    };
    format!(
        "IF(size(@record) {wrong}, concat(size(@record), IF(size(@record) = 1, ' field', ' fields'), ' where {expected}'), NULL)"
    )
}

fn no_header(plan: &Plan) -> String {
    let named = plan.names.iter().find(|(_, wanted)| matches!(wanted.name, Name::Text(_)));
    let (column, setting) = named.map_or_else(Default::default, |(_, wanted)| (wanted.shown(), &*wanted.setting));
    crate::click::mapping::EventFault::NoHeader { column: column.into(), setting: setting.into() }.to_string()
}
