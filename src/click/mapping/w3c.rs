//! Lines of W3C extended logs, as IIS and CloudFront write them: a line `#Fields:` names the fields of the lines that follow it.

use memchr::memchr;

use super::columns::Columns;
use super::error::HeaderError;
use super::plan::Plan;
use super::separated::Separated;

/// Begins the line with the names.
const FIELDS: &str = "#Fields:";

/// Whether a line is no event: it begins with `#`.
pub(super) fn is_directive(text: &str) -> bool {
    text.starts_with('#')
}

/// Whether a record is the line of a W3C log that names the fields of the lines behind it.
#[inline]
pub(crate) fn is_fields_line(record: &[u8]) -> bool {
    record.first() == Some(&b'#')
        && record.get(..FIELDS.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(FIELDS.as_bytes()))
}

/// The columns that a line tells; `None` if it is not the line `#Fields:`.
pub(super) fn columns(plan: &Plan, text: &str) -> Option<Result<Columns, HeaderError>> {
    if !is_fields_line(text.as_bytes()) {
        return None;
    }
    let names = text.get(FIELDS.len()..)?;
    let names: Vec<&str> = names.split_ascii_whitespace().collect();
    Some(Columns::of_header(&plan.names, &names, plan.origins()))
}

/// How the fields of a line are separated. IIS writes blanks, CloudFront writes tabs, and neither writes the other in a field.
pub(super) fn separated(text: &str) -> Separated {
    let separator = if memchr(b'\t', text.as_bytes()).is_some() { b'\t' } else { b' ' };
    Separated { separator, quotes: false, dash: true }
}
