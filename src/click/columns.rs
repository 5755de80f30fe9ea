//! The header of a CSV file: it tells which column holds which field.
//!
//! Only the letters and digits of a name matter, and not their case: `User ID`, `user-id`, `[userId]` and `#user_id` are the same name.
//!
//! | field | names of its column |
//! |---|---|
//! | `click_id` | `click_id`, `event_id`, `row_key`, `id`, `hit_id` |
//! | `user_id` | `user_id`, `user`, `uid`, `visitor_id`, `visitor` |
//! | `timestamp` | `timestamp`, `time`, `ts`, `event_time`, `event_timestamp`, `datetime` |
//! | `url` | `url`, `page`, `page_url`, `uri`, `path`, `page_path` |
//! | `country` | `country`, `country_code`, `geo_country` |
//! | `city` | `city`, `geo_city` |
//! | `browser` | `browser`, `browser_name` |
//! | `os` | `os`, `operating_system`, `os_name` |
//! | `device` | `device`, `device_type`, `device_class`, `device_category` |
//!
//! A name may have the prefix of its family, as in `geo_data.country`, or all names may have the prefix of their table, as in
//! `clicks.user_id`. The first four fields are required. Other columns are skipped.
//!
//! An unknown header must not be skipped, because its columns would then be read by position. So a first line of nine words that are
//! not values is a header, whatever the words are.

use super::csv;
use super::encode::{write_csv_field, write_csv_record};
use super::error::DecodeError;
use super::event::FIELD_NAMES;
use super::fields::Field;
use super::timestamp::Timestamp;
use crate::text::plural;
use crate::text::{excerpt, is_unsafe};

/// The accepted names of each field's column, in the order of [`FIELD_NAMES`]. The first name is the field's own.
const NAMES: [&[&str]; FIELD_NAMES.len()] = [
    &["click_id", "event_id", "row_key", "id", "hit_id"],
    &["user_id", "user", "uid", "visitor_id", "visitor"],
    &["timestamp", "time", "ts", "event_time", "event_timestamp", "datetime"],
    &["url", "page", "page_url", "uri", "path", "page_path"],
    &["country", "country_code", "geo_country"],
    &["city", "geo_city"],
    &["browser", "browser_name"],
    &["os", "operating_system", "os_name"],
    &["device", "device_type", "device_class", "device_category"],
];

/// Prefixes of names.
const FAMILIES: [&str; 3] = ["clickdata", "geodata", "useragentdata"];

/// Names of other columns. They are common in headers and rare in data, so they help to recognize a header.
const HEADER_WORDS: &[&str] = &[
    "action",
    "amount",
    "brand",
    "campaign",
    "category",
    "category_id",
    "date",
    "email",
    "event",
    "event_name",
    "event_type",
    "index",
    "ip",
    "ip_address",
    "item_id",
    "language",
    "method",
    "name",
    "price",
    "product_id",
    "quantity",
    "referer",
    "referrer",
    "session",
    "session_id",
    "source",
    "status",
    "title",
    "type",
    "user_agent",
    "user_session",
    "value",
];

/// Every accepted name of the user's column contains one of these words.
const USER_WORDS: [&str; 3] = ["user", "uid", "visitor"];

/// Every accepted name of the time's column contains one of these words.
const TIME_WORDS: [&str; 3] = ["time", "ts", "stamp"];

const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// The longest header that is read.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Longer names are cut in messages, after this many characters.
const NAME_CHARS: usize = 40;

/// A message lists at most this many names.
const MAX_LISTED_NAMES: usize = 20;

/// The columns of a CSV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    separator: char,
    /// The number of columns.
    width: usize,
    /// The column of each field, in the order of [`FIELD_NAMES`].
    indices: [Option<usize>; FIELD_NAMES.len()],
    skipped: Box<[Box<str>]>,
}

/// Why a header cannot be used. The message continues after the file's name and a colon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A required column is missing.
    #[error("its header names {names}; {missing}. Rename the columns that hold them in its first line")]
    Missing {
        /// The names in the header.
        names: Box<str>,
        /// The missing fields, with the accepted names.
        missing: Box<str>,
    },
    /// Two columns may hold the same field.
    #[error("its header names both `{first}` and `{second}`, and either may be {field}; rename the one that is not")]
    Twice {
        /// The field.
        field: &'static str,
        /// The name of one column.
        first: Box<str>,
        /// The name of the other.
        second: Box<str>,
    },
}

/// Why a record does not fit its header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The record cannot be split into fields.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The record has more or fewer fields than the header has columns.
    #[error("{found} {} where the header has {width}", plural(*found, "field", "fields"))]
    Width {
        /// The number of fields.
        found: usize,
        /// The number of columns.
        width: usize,
    },
}

impl Columns {
    /// The columns of `record` if it is a header, with or without a line end and a byte order mark; `None` if it is not a header.
    ///
    /// # Errors
    /// It is a header, but not of clicks.
    pub fn of_header(record: &[u8]) -> Result<Option<Self>, HeaderError> {
        if record.len() > MAX_HEADER_BYTES {
            return Ok(None);
        }
        // A name in another encoding is unknown, but the other names may be known.
        let text = String::from_utf8_lossy(record);
        let text = csv::without_bom(&text);
        let mut best: Option<Header> = None;
        for separator in SEPARATORS {
            let header = Header::read(text, separator);
            if best.as_ref().is_none_or(|best| header.weight() > best.weight()) {
                best = Some(header);
            }
        }
        best.map_or(Ok(None), Header::columns)
    }

    /// Whether `record` contains the words of a user's and of a time's column, as every usable header does. Cheap enough for millions of
    /// records.
    pub fn may_be_header(record: &[u8]) -> bool {
        if record.len() > MAX_HEADER_BYTES {
            return false;
        }
        let letters: Vec<u8> =
            record.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        let any = |words: [&str; 3]| words.iter().any(|word| memchr::memmem::find(&letters, word.as_bytes()).is_some());
        any(USER_WORDS) && any(TIME_WORDS)
    }

    /// Whether the columns are the nine fields of a message in their order, so that records need no conversion.
    pub fn are_message_fields(&self) -> bool {
        self.separator == ','
            && self.width == FIELD_NAMES.len()
            && self.indices.iter().copied().eq((0..self.width).map(Some))
    }

    /// The separator of the columns, which is always ASCII.
    pub fn separator(&self) -> u8 {
        u8::try_from(self.separator).unwrap_or(b',')
    }

    /// The column of each field, in the order of [`FIELD_NAMES`].
    pub(super) fn indices(&self) -> &[Option<usize>; FIELD_NAMES.len()] {
        &self.indices
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The printable names of the columns that hold no field.
    pub fn skipped(&self) -> &[Box<str>] {
        &self.skipped
    }

    /// Writes the message of `record` into `out`: its nine fields as CSV in the order of a message.
    ///
    /// # Errors
    /// The record is not CSV, or has another number of fields than the header has columns.
    pub fn write_message(&self, record: &[u8], scratch: &mut String, out: &mut Vec<u8>) -> Result<(), RecordError> {
        let text = std::str::from_utf8(record).map_err(|error| DecodeError::Utf8 { at: error.valid_up_to() })?;
        scratch.clear();
        let pieces = csv::fields(text, self.separator, scratch)?;
        if pieces.len() != self.width {
            return Err(RecordError::Width { found: pieces.len(), width: self.width });
        }
        let text = |index: Option<usize>| index.and_then(|at| pieces.get(at)).map_or("", |piece| piece.text(scratch));
        out.clear();
        write_csv_record(self.indices.map(text), out);
        Ok(())
    }
}

/// Writes a message into `out` that holds `record` as one quoted field, so that it is never a click.
pub fn write_no_click(record: &[u8], out: &mut Vec<u8>) {
    out.clear();
    write_csv_field(&String::from_utf8_lossy(record), true, out);
}

/// A record, read as a list of names.
struct Header {
    separator: char,
    names: Vec<String>,
    /// The field of each name, if it is known.
    fields: Vec<Option<Field>>,
}

impl Header {
    fn read(text: &str, separator: char) -> Self {
        let mut scratch = String::new();
        let names: Vec<String> = match csv::fields(text, separator, &mut scratch) {
            Ok(pieces) => pieces.iter().map(|piece| piece.text(&scratch).trim().to_owned()).collect(),
            // Blanks beside quotes or quotes inside a name: not a valid record, but the names can be read.
            Err(_) => text.split(separator).map(|name| name.trim_matches(is_around).to_owned()).collect(),
        };
        let table = table_of(&names).map_or(0, str::len);
        let fields = names.iter().map(|name| field(name).or_else(|| field(name.get(table..)?))).collect();
        Self { separator, names, fields }
    }

    /// How likely this separator is: more known fields, then more columns.
    fn weight(&self) -> (usize, usize) {
        (self.known(), self.names.len())
    }

    /// How many fields have a column.
    fn known(&self) -> usize {
        Field::ALL.iter().filter(|field| self.indices(**field).next().is_some()).count()
    }

    fn indices(&self, field: Field) -> impl Iterator<Item = usize> {
        self.fields.iter().enumerate().filter(move |(_, known)| **known == Some(field)).map(|(at, _)| at)
    }

    fn columns(self) -> Result<Option<Columns>, HeaderError> {
        // A record of clicks holds a time; a header does not.
        if self.names.iter().any(|name| name.parse::<Timestamp>().is_ok()) {
            return Ok(None);
        }
        let missing: Vec<Field> =
            Field::REQUIRED.into_iter().filter(|field| self.indices(*field).next().is_none()).collect();
        if !missing.is_empty() {
            return if self.looks_like_names() { Err(self.lacks(&missing)) } else { Ok(None) };
        }
        for field in Field::ALL {
            let mut indices = self.indices(field);
            if let (Some(first), Some(second)) = (indices.next(), indices.next()) {
                let name = |at: usize| excerpt(self.names.get(at).map_or("", String::as_str), NAME_CHARS).into();
                return Err(HeaderError::Twice { field: field.name(), first: name(first), second: name(second) });
            }
        }
        let skipped = self.names.iter().zip(&self.fields).filter(|(_, field)| field.is_none());
        let printable =
            |name: &str| if name.is_empty() { "(no name)".into() } else { excerpt(name, NAME_CHARS).into() };
        Ok(Some(Columns {
            separator: self.separator,
            width: self.names.len(),
            indices: Field::ALL.map(|field| self.indices(field).next()),
            skipped: skipped.map(|(name, _)| printable(name)).collect(),
        }))
    }

    /// Whether these are the names of other columns: distinct words that are not values, with enough typical words of headers. The
    /// broken first record of a file without a header must not count as a header.
    fn looks_like_names(&self) -> bool {
        self.are_nine_names() || self.are_known_as_names()
    }

    /// Whether these are nine names, so that records under them would be read by position. A record of clicks is not: it has digits
    /// in its ids or its time, a path, or an empty field.
    fn are_nine_names(&self) -> bool {
        let commas = self.separator == ',' && self.names.len() == FIELD_NAMES.len();
        let distinct = self.names.iter().collect::<std::collections::BTreeSet<_>>().len() == self.names.len();
        let words = |names: &[String]| names.iter().all(|name| is_word(name));
        let ids_and_time = self.names.get(..3).is_some_and(words) && self.names.iter().all(|name| is_own_name(name));
        commas
            && (words(&self.names) && (distinct || self.known() >= 2)
                || ids_and_time && distinct
                || self.are_numbered())
    }

    /// Whether the names are one word with the number of its column: `c1`, `c2` … or `Column 0`, `Column 1` …
    fn are_numbered(&self) -> bool {
        let split = |name: &'_ String| {
            let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
            Some((word.to_owned(), name.get(word.len()..)?.parse::<usize>().ok()?))
        };
        let Some(Some((word, first))) = self.names.first().map(split) else { return false };
        let follows = |(at, name): (usize, &String)| split(name) == Some((word.clone(), first + at));
        first <= 1 && is_word(&word) && self.names.iter().enumerate().all(follows)
    }

    fn are_known_as_names(&self) -> bool {
        let words = self.names.iter().filter(|name| HEADER_WORDS.iter().any(|word| same(name, word))).count();
        let known = self.known() + words;
        let compound = self.names.iter().filter(|name| is_compound(name)).count();
        let all_names = self.names.iter().all(|name| is_name(name) || (name.is_empty() && known >= 2));
        let mut sorted: Vec<&String> = self.names.iter().filter(|name| !name.is_empty()).collect();
        sorted.sort_unstable();
        let distinct = sorted.windows(2).all(|pair| pair.first() != pair.last());
        self.names.len() > 1 && all_names && distinct && (known >= 2 || compound >= 3)
    }

    fn lacks(&self, missing: &[Field]) -> HeaderError {
        let mut names: Vec<String> =
            self.names.iter().take(MAX_LISTED_NAMES).map(|name| excerpt(name, NAME_CHARS).into_owned()).collect();
        if self.names.len() > MAX_LISTED_NAMES {
            names.push(format!("… ({} in all)", self.names.len()));
        }
        let missing: Vec<String> = missing.iter().map(|field| format!("no column is {}", or_else(*field))).collect();
        HeaderError::Missing { names: names.join(", ").into(), missing: missing.join(", ").into() }
    }
}

/// `url (or page, page_url, uri, path, page_path)`.
fn or_else(field: Field) -> String {
    let others = NAMES.get(field as usize).and_then(|names| names.get(1..)).unwrap_or_default();
    format!("{} (or {})", field.name(), others.join(", "))
}

/// The field whose column has this name.
fn field(name: &str) -> Option<Field> {
    if name.len() > 4 * NAME_CHARS {
        return None;
    }
    let squeezed: String = squeeze(name).collect();
    let rest = FAMILIES.iter().find_map(|family| squeezed.strip_prefix(family));
    let name = rest.unwrap_or(&squeezed);
    Field::ALL.into_iter().find(|field| {
        NAMES.get(*field as usize).is_some_and(|names| names.iter().any(|known| squeeze(known).eq(name.chars())))
    })
}

fn same(name: &str, word: &str) -> bool {
    squeeze(name).eq(squeeze(word))
}

/// The characters of a name that matter.
fn squeeze(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase())
}

/// Whether programs put this character around names.
fn is_around(c: char) -> bool {
    c.is_whitespace() || c == '"'
}

/// The prefix of all `names`, with its dot or colon: `clicks.` of `clicks.url`, `ga:` of `ga:url`.
fn table_of(names: &[String]) -> Option<&str> {
    let first = names.first()?;
    let table = first.get(..first.find(['.', ':'])? + 1)?;
    names.iter().all(|name| name.starts_with(table)).then_some(table)
}

/// Whether this is a name and not a value.
fn is_name(name: &str) -> bool {
    let mut counted = name.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '{')).chars();
    counted.next().is_some_and(char::is_alphabetic) && counted.all(is_of_name) && name.chars().count() <= 64
}

/// Whether a name may contain this character. U+FFFD replaces letters in another encoding.
fn is_of_name(c: char) -> bool {
    let sign = "_-. ()#%?*@:'`\"[]$&\u{fffd}".contains(c);
    c.is_alphanumeric() || sign || is_unsafe(c)
}

/// Whether this is a name that may have a slash inside, as in `user/visitor`.
fn is_own_name(name: &str) -> bool {
    is_name(&name.replace('/', " ")) && !name.starts_with('/')
}

/// Whether this is such a name without digits.
fn is_word(name: &str) -> bool {
    is_own_name(name) && !name.chars().any(char::is_numeric)
}

/// Whether words are joined as in names: `product_id`, `productId`.
fn is_compound(name: &str) -> bool {
    let joint = |c: char| c.is_alphabetic();
    name.split('_').count() > 1 && name.split('_').all(|part| part.chars().next().is_some_and(joint))
        || name.chars().zip(name.chars().skip(1)).any(|(one, next)| one.is_lowercase() && next.is_uppercase())
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
