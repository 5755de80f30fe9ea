//! Rows as CSV or JSON.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::format::ExportFormat;
use crate::text::{no_formula, safe_json};

/// A table to be exported.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TableRows {
    /// The names of the columns.
    pub(crate) names: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl TableRows {
    /// The table as CSV or JSON.
    pub(crate) fn text(&self, format: ExportFormat) -> io::Result<String> {
        let mut writer = RowWriter::new(Vec::new(), format, &self.names)?;
        for row in &self.rows {
            writer.row(row)?;
        }
        Ok(String::from_utf8_lossy(&writer.finish()?).into_owned())
    }
}

/// Writes rows one by one.
pub(super) enum RowWriter<'a, W: Write> {
    /// RFC 4180 with a header. A text that a spreadsheet would take for a formula begins with `'`.
    Csv(Box<csv::Writer<W>>),
    /// An array of objects, each in a line of its own.
    Json { out: W, names: &'a [&'static str], is_empty: bool },
}

impl<'a, W: Write> RowWriter<'a, W> {
    /// Begins a table with the columns `names`. Any format but JSON becomes CSV, since a picture has no rows.
    pub(super) fn new(mut out: W, format: ExportFormat, names: &'a [&'static str]) -> io::Result<Self> {
        if format == ExportFormat::Json {
            out.write_all(b"[")?;
            return Ok(Self::Json { out, names, is_empty: true });
        }
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(names)?;
        Ok(Self::Csv(Box::new(writer)))
    }

    /// Writes one row, with a cell for each column.
    pub(super) fn row(&mut self, cells: &[Value]) -> io::Result<()> {
        match self {
            Self::Csv(writer) => Ok(writer.write_record(cells.iter().map(csv_cell))?),
            Self::Json { out, names, is_empty } => {
                let named = names.iter().map(|name| (*name).to_owned()).zip(cells.iter().cloned());
                let row = serde_json::to_string(&Value::Object(named.collect::<Map<_, _>>()))?;
                out.write_all(if std::mem::take(is_empty) { b"\n" } else { b",\n" })?;
                out.write_all(safe_json(&row).as_bytes())
            }
        }
    }

    /// Ends the table.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Csv(writer) => writer.into_inner().map_err(|error| error.into_error()),
            Self::Json { mut out, .. } => {
                out.write_all(b"\n]\n")?;
                Ok(out)
            }
        }
    }
}

fn csv_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => no_formula(text).into_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TableRows {
        TableRows {
            names: vec!["url", "clicks", "avg"],
            rows: vec![
                vec![Value::from("/a,\"b\""), Value::from(3), Value::Null],
                vec![Value::from("=HYPERLINK(1)"), Value::from(-1), Value::from(1.5)],
            ],
        }
    }

    #[test]
    fn a_spreadsheet_runs_nothing_in_a_csv() {
        let csv = table().text(ExportFormat::Csv).expect("text");
        assert_eq!(csv, "url,clicks,avg\n\"/a,\"\"b\"\"\",3,\n'=HYPERLINK(1),-1,1.5\n");
        for risky in ["+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(csv_cell(&Value::from(risky)), format!("'{risky}"));
        }
    }

    #[test]
    fn json_is_an_array_of_objects_with_a_line_for_each_row() {
        let rows: Value = serde_json::from_str(&table().text(ExportFormat::Json).expect("text")).expect("JSON");
        assert_eq!(rows[0], serde_json::json!({"url": "/a,\"b\"", "clicks": 3, "avg": null}));
        assert_eq!(table().text(ExportFormat::Json).expect("text").lines().count(), 4);
        assert_eq!(TableRows::default().text(ExportFormat::Json).expect("text"), "[\n]\n");
    }
}
