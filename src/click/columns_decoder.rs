//! Decodes the records under a header.

use super::columns::{Columns, RecordError};
use super::csv;
use super::error::DecodeError;
use super::event::{Click, FIELD_NAMES, MAX_MESSAGE_BYTES};
use super::fields::{self, FieldLimits, Piece};

/// Decodes CSV records whose columns a header names, with one buffer for all.
#[derive(Debug)]
pub struct ColumnsDecoder {
    columns: Columns,
    /// Of each column, the field that it holds, by its number in [`FIELD_NAMES`].
    fields: Box<[Option<usize>]>,
    limits: FieldLimits,
    scratch: String,
}

impl ColumnsDecoder {
    /// A decoder of records with these `columns`.
    pub fn new(columns: Columns, limits: FieldLimits) -> Self {
        let mut fields = vec![None; columns.width()];
        for (field, column) in columns.indices().iter().enumerate() {
            if let Some(place) = column.and_then(|column| fields.get_mut(column)) {
                *place = Some(field);
            }
        }
        Self { columns, fields: fields.into(), limits, scratch: String::new() }
    }

    /// Decodes one record. Allocates nothing, except for fields with quotes in them.
    ///
    /// # Errors
    /// [`RecordError`] says what is wrong, in words for the `rejects` table.
    pub fn decode<'a>(&'a mut self, record: &'a [u8]) -> Result<Click<'a>, RecordError> {
        if record.len() > MAX_MESSAGE_BYTES {
            return Err(DecodeError::TooLong { bytes: record.len(), limit: MAX_MESSAGE_BYTES }.into());
        }
        let text = std::str::from_utf8(record).map_err(|error| DecodeError::Utf8 { at: error.valid_up_to() })?;
        let text = csv::without_bom(text);
        self.scratch.clear();
        let mut pieces = [Piece::EMPTY; FIELD_NAMES.len()];
        let fields = &self.fields;
        let found = csv::each_field(text, self.columns.separator(), &mut self.scratch, |column, piece| {
            if let Some(Some(field)) = fields.get(column)
                && let Some(place) = pieces.get_mut(*field)
            {
                *place = piece;
            }
        })?;
        if found != fields.len() {
            return Err(RecordError::Width { found, width: fields.len() });
        }
        let click = fields::click(&pieces, &self.scratch)?;
        if record.len() > self.limits.smallest() {
            self.limits.check(&click)?;
        }
        Ok(click)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::click::Decoder;

    fn decoder(header: &str) -> ColumnsDecoder {
        let columns = Columns::of_header(header.as_bytes()).expect("read").expect("a header");
        ColumnsDecoder::new(columns, FieldLimits::default())
    }

    #[test]
    fn fields_are_taken_by_the_names_of_their_columns() {
        let mut decoder = decoder("time;note;page;user;id;country");
        let click =
            decoder.decode(b"2026-01-01T00:00:00Z;\"a \"\"b\"\";\";\"/a;\"\"b\"\"\";u1;c1;FR\r").expect("a click");
        assert_eq!((click.click_id, click.user_id, click.url), ("c1", "u1", "/a;\"b\""));
        assert_eq!((click.country, click.city), ("FR", crate::click::UNKNOWN));
    }

    #[test]
    fn a_record_that_does_not_fit_says_why() {
        let mut decoder = decoder("id,user,time,url");
        for (record, words) in [
            ("c1,u1", "2 fields where the header has 4"),
            ("c1,u1,soon,/", "timestamp `soon`"),
            ("c1,,2026-01-01T00:00:00Z,/", "user_id"),
            ("c1,\"u1,2026-01-01T00:00:00Z,/", "quote"),
        ] {
            let reason = decoder.decode(record.as_bytes()).expect_err(record).to_string();
            assert!(reason.contains(words), "{reason}");
        }
        let long = format!("c1,u1,2026-01-01T00:00:00Z,/{}", "x".repeat(9_000));
        assert!(decoder.decode(long.as_bytes()).expect_err("long").to_string().contains("events.max_url_bytes"));
    }

    proptest! {
        /// What a record means does not depend on the way: by the message that it is rewritten to, or at once.
        #[test]
        fn a_record_is_the_click_of_its_message(record in "[a-c\",;\r\n 0-9:TZ/-]{0,60}", semicolons: bool) {
            let header = if semicolons { "url;id;time;extra;user" } else { "url,id,time,extra,user" };
            let columns = Columns::of_header(header.as_bytes()).expect("read").expect("a header");
            let (mut scratch, mut message, mut plain) = (String::new(), Vec::new(), Decoder::default());
            let rewritten = columns.write_message(record.as_bytes(), &mut scratch, &mut message).is_ok();
            let wanted = if rewritten { plain.decode(&message).ok() } else { None };
            let mut decoder = ColumnsDecoder::new(columns.clone(), FieldLimits::default());
            prop_assert_eq!(decoder.decode(record.as_bytes()).ok(), wanted);
        }
    }
}
