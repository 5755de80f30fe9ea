//! The fields of events between separators, and of the lines of W3C logs.

use super::stats::Fields;
use crate::click::mapping::Source;

/// The fields of one record, without their quotes. What is not CSV becomes one field for each separator.
pub fn split(record: &str, separator: char, is_quoted: bool) -> Vec<String> {
    let record = record.trim_end_matches(['\n', '\r']);
    let plain = || record.split(separator).map(str::to_owned).collect();
    let Some(delimiter) = u8::try_from(separator).ok().filter(|_| is_quoted) else { return plain() };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(record.as_bytes());
    match reader.records().next() {
        Some(Ok(fields)) => fields.iter().map(str::to_owned).collect(),
        _ => plain(),
    }
}

/// Adds the fields of one record: under the names of a header, or by the numbers of the columns.
pub fn add(fields: &mut Fields, values: &[String], names: Option<&[String]>) {
    for (at, value) in values.iter().enumerate() {
        // Databases write NULL like this.
        let value = if value == r"\N" { "" } else { value.as_str() };
        match names.map(|names| names.get(at)) {
            Some(Some(name)) => fields.add(name, value, || Source::Field(name.clone())),
            // A record that is too long.
            Some(None) => return,
            None => {
                let Some(number) = std::num::NonZeroUsize::new(at + 1) else { return };
                fields.add(&format!("column {number}"), value, || Source::Column(number));
            }
        }
    }
}

/// The names in the line `#Fields:` of a W3C log.
pub fn w3c_names(line: &str) -> Option<Vec<String>> {
    let names = line.strip_prefix("#Fields:")?;
    Some(names.split_whitespace().map(str::to_owned).collect())
}

/// The fields of a line of a W3C log. CloudFront separates them by tabs, IIS by blanks; `-` stands for an absent one.
pub fn w3c_fields(line: &str) -> Vec<String> {
    let line = line.trim_end_matches(['\n', '\r']);
    let separator = if line.contains('\t') { '\t' } else { ' ' };
    line.split(separator).map(|field| if field == "-" { String::new() } else { field.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_split_with_their_quotes_or_without() {
        assert_eq!(split("a,\"b,c\",d\r\n", ',', true), ["a", "b,c", "d"]);
        assert_eq!(split("a\t\"b\tc", '\t', false), ["a", "\"b", "c"]);
        assert_eq!(w3c_fields("2026-01-31 09:30:00 / - curl/8"), ["2026-01-31", "09:30:00", "/", "", "curl/8"]);
        assert_eq!(w3c_names("#Fields: date time").unwrap(), ["date", "time"]);
        assert_eq!(w3c_names("#Software: IIS"), None);
    }
}
