//! The header of a CSV file: which column holds which field.
//!
//! Of a name only letters and digits count, and not their case, so `User ID`, `user-id`, `[userId]` and `#user_id` are one name.
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
//! A name may stand behind that of its family, as in `geo_data.country`, or all names behind that of their table, as in
//! `clicks.user_id`. The first four must be there. Other columns are passed over.
//!
//! A header that is not understood must not be passed over either: the columns under it would be taken by their position. So
//! a first line of nine words that hold no value is a header, whatever the words.

use super::encode::{write_csv_field, write_csv_record};
use super::error::DecodeError;
use super::fields::Field;
use super::names::FIELD_NAMES;
use super::{Timestamp, csv};
use crate::text::{excerpt, is_unsafe};

/// The names of each field's column, in the order of [`FIELD_NAMES`]; the first is ours.
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

/// What may stand before a name.
const FAMILIES: [&str; 3] = ["clickdata", "geodata", "useragentdata"];

/// Words that headers use and data hardly ever does. They hold no field of ours, but tell a header.
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

/// Each name of a user's column holds one of these, and each of a time's column one of those.
const USER_WORDS: [&str; 3] = ["user", "uid", "visitor"];
const TIME_WORDS: [&str; 3] = ["time", "ts", "stamp"];

const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// The longest header that is looked at.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Longest name in a message, in characters, and how many are told.
const NAME_CHARS: usize = 40;
const NAMES_TOLD: usize = 20;

/// Where the fields of a CSV file stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    separator: char,
    /// Columns in all.
    width: usize,
    /// The column of each field, in the order of [`FIELD_NAMES`].
    places: [Option<usize>; FIELD_NAMES.len()],
    passed_over: Box<[Box<str>]>,
}

/// Why a header cannot be used. Reads on after the file's name and a colon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A header that lacks a required column.
    #[error("its header names {names}; {missing}. Rename the columns that hold them in its first line")]
    Missing {
        /// What it names.
        names: Box<str>,
        /// What is missing, and the names it may have.
        missing: Box<str>,
    },
    /// Two columns for one field.
    #[error("its header names both `{first}` and `{second}`, and either may be {field}; rename the one that is not")]
    Twice {
        /// The field.
        field: &'static str,
        /// One column's name.
        first: Box<str>,
        /// The other's.
        second: Box<str>,
    },
}

/// Why a record does not fit its header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It cannot be split into fields.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is wider or narrower than the header.
    #[error("{found} fields where the header has {width}")]
    Width {
        /// Fields of the record.
        found: usize,
        /// Columns of the header.
        width: usize,
    },
}

impl Columns {
    /// The columns that `record` names if it is a header, with or without a line end and a byte order mark; `None` if it is
    /// none.
    ///
    /// # Errors
    /// It is a header, but not one of clicks.
    pub fn of_header(record: &[u8]) -> Result<Option<Self>, HeaderError> {
        if record.len() > MAX_HEADER_BYTES {
            return Ok(None);
        }
        // A name in another encoding is none of ours, but those beside it may be.
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

    /// Whether `record` may name our columns: whether a user and a time are named in it at all. Cheap, for records by the
    /// million.
    pub fn may_be_header(record: &[u8]) -> bool {
        if record.len() > MAX_HEADER_BYTES {
            return false;
        }
        let letters: Vec<u8> =
            record.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        let any = |words: [&str; 3]| words.iter().any(|word| memchr::memmem::find(&letters, word.as_bytes()).is_some());
        any(USER_WORDS) && any(TIME_WORDS)
    }

    /// Whether the columns are the nine of a message in their order, so that records are messages as they are.
    pub fn are_ours(&self) -> bool {
        self.separator == ','
            && self.width == FIELD_NAMES.len()
            && self.places.iter().copied().eq((0..self.width).map(Some))
    }

    /// What parts the columns; always ASCII.
    pub fn separator(&self) -> u8 {
        u8::try_from(self.separator).unwrap_or(b',')
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The names of the columns that hold no field, fit to print.
    pub fn passed_over(&self) -> &[Box<str>] {
        &self.passed_over
    }

    /// Makes `out` the message of `record`: its nine fields as CSV in our order.
    ///
    /// # Errors
    /// The record is no CSV, or of another width than the header.
    pub fn write_message(&self, record: &[u8], scratch: &mut String, out: &mut Vec<u8>) -> Result<(), RecordError> {
        let text = std::str::from_utf8(record).map_err(|error| DecodeError::Utf8 { at: error.valid_up_to() })?;
        scratch.clear();
        let pieces = csv::fields(text, self.separator, scratch)?;
        if pieces.len() != self.width {
            return Err(RecordError::Width { found: pieces.len(), width: self.width });
        }
        let text = |place: Option<usize>| place.and_then(|at| pieces.get(at)).map_or("", |piece| piece.text(scratch));
        out.clear();
        write_csv_record(self.places.map(text), out);
        Ok(())
    }
}

/// Makes `out` a message that holds `record` and is no click, whatever stands in it: one quoted field.
pub fn write_no_click(record: &[u8], out: &mut Vec<u8>) {
    out.clear();
    write_csv_field(&String::from_utf8_lossy(record), true, out);
}

/// A record read as names.
struct Header {
    separator: char,
    names: Vec<String>,
    /// The field that each name stands for.
    fields: Vec<Option<Field>>,
}

impl Header {
    fn read(text: &str, separator: char) -> Self {
        let mut scratch = String::new();
        let names: Vec<String> = match csv::fields(text, separator, &mut scratch) {
            Ok(pieces) => pieces.iter().map(|piece| piece.text(&scratch).trim().to_owned()).collect(),
            // Blanks beside the quotes, or quotes inside: no record, but names all the same.
            Err(_) => text.split(separator).map(|name| name.trim_matches(is_around).to_owned()).collect(),
        };
        let table = table_of(&names).map_or(0, str::len);
        let fields = names.iter().map(|name| field(name).or_else(|| field(name.get(table..)?))).collect();
        Self { separator, names, fields }
    }

    /// How much speaks for this reading.
    fn weight(&self) -> (usize, usize) {
        (self.known(), self.names.len())
    }

    /// Fields that it names.
    fn known(&self) -> usize {
        Field::ALL.iter().filter(|field| self.places(**field).next().is_some()).count()
    }

    fn places(&self, field: Field) -> impl Iterator<Item = usize> {
        self.fields.iter().enumerate().filter(move |(_, known)| **known == Some(field)).map(|(at, _)| at)
    }

    fn columns(self) -> Result<Option<Columns>, HeaderError> {
        // A record of clicks has a time, and no header is one.
        if self.names.iter().any(|name| name.parse::<Timestamp>().is_ok()) {
            return Ok(None);
        }
        let missing: Vec<Field> =
            Field::REQUIRED.into_iter().filter(|field| self.places(*field).next().is_none()).collect();
        if !missing.is_empty() {
            return if self.looks_like_names() { Err(self.lacks(&missing)) } else { Ok(None) };
        }
        for field in Field::ALL {
            let mut places = self.places(field);
            if let (Some(first), Some(second)) = (places.next(), places.next()) {
                let name = |at: usize| excerpt(self.names.get(at).map_or("", String::as_str), NAME_CHARS).into();
                return Err(HeaderError::Twice { field: field.name(), first: name(first), second: name(second) });
            }
        }
        let passed_over = self.names.iter().zip(&self.fields).filter(|(_, field)| field.is_none());
        let told = |name: &str| if name.is_empty() { "(no name)".into() } else { excerpt(name, NAME_CHARS).into() };
        Ok(Some(Columns {
            separator: self.separator,
            width: self.names.len(),
            places: Field::ALL.map(|field| self.places(field).next()),
            passed_over: passed_over.map(|(name, _)| told(name)).collect(),
        }))
    }

    /// Whether these are names, though not ours: words and no values, each once, with enough among them that headers use. A
    /// broken first record of a file without a header must not be taken for one.
    fn looks_like_names(&self) -> bool {
        self.are_nine_words() || self.are_known_as_names()
    }

    /// Whether records under these names would be taken for clicks by their position, and nothing here is a value: a record
    /// has digits somewhere, or a path, or an empty field.
    fn are_nine_words(&self) -> bool {
        let commas = self.separator == ',' && self.names.len() == FIELD_NAMES.len();
        let distinct = self.names.iter().collect::<std::collections::BTreeSet<_>>().len() == self.names.len();
        commas && self.names.iter().all(|name| is_word(name)) && (distinct || self.known() >= 2)
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
            self.names.iter().take(NAMES_TOLD).map(|name| excerpt(name, NAME_CHARS).into_owned()).collect();
        if self.names.len() > NAMES_TOLD {
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

/// The characters that count.
fn squeeze(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase())
}

/// What programs put around a name that is not part of it.
fn is_around(c: char) -> bool {
    c.is_whitespace() || c == '"'
}

/// The table that all of `names` begin with, its dot or colon included: `clicks.` of `clicks.url`, `ga:` of `ga:url`.
fn table_of(names: &[String]) -> Option<&str> {
    let first = names.first()?;
    let table = first.get(..first.find(['.', ':'])? + 1)?;
    names.iter().all(|name| name.starts_with(table)).then_some(table)
}

/// A word as names are, not a value.
fn is_name(name: &str) -> bool {
    let mut counted = name.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '{')).chars();
    counted.next().is_some_and(char::is_alphabetic) && counted.all(is_of_name) && name.chars().count() <= 64
}

/// What may stand in a name. A letter in another encoding is U+FFFD here.
fn is_of_name(c: char) -> bool {
    let sign = "_-. ()#%?*@:'`\"[]$&\u{fffd}".contains(c);
    c.is_alphanumeric() || sign || is_unsafe(c)
}

/// A name without a digit, or with a slash inside: `user/visitor`.
fn is_word(name: &str) -> bool {
    is_name(&name.replace('/', " ")) && !name.starts_with('/') && !name.chars().any(char::is_numeric)
}

/// Words joined as those of names are: `product_id`, `productId`.
fn is_compound(name: &str) -> bool {
    let joint = |c: char| c.is_alphabetic();
    name.split('_').count() > 1 && name.split('_').all(|part| part.chars().next().is_some_and(joint))
        || name.chars().zip(name.chars().skip(1)).any(|(one, next)| one.is_lowercase() && next.is_uppercase())
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
