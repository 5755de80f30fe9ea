//! Recognizes messages in a foreign format, if it is certain. The decoder's own reason would mislead: for gzip it may be a quote in the
//! wrong place.

use serde::de::IgnoredAny;

use super::csv::is_csv_header;
use super::event::FIELD_NAMES;

/// The format of a message that is not a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForeignFormat {
    /// Compressed by the producer's own code, not by Kafka's.
    Compressed(&'static str),
    /// UTF-16, with or without a byte order mark.
    Utf16,
    /// A frame of a schema registry: a zero byte, the number of a schema, and content of that schema.
    SchemaFrame,
    /// The content of a file in this format.
    File(&'static str),
    /// Java's own serialization.
    Java,
    /// Several events in an array.
    JsonArray,
    /// Several objects, one after the other.
    JsonObjects,
    /// JSON inside a JSON string.
    JsonInString,
    /// A JSON text sequence (RFC 7464): each object begins with a record separator, U+001E.
    JsonSequence,
    /// The envelope of a Kafka Connect converter, with schema and payload.
    ConnectEnvelope,
    /// Nine fields with this separator.
    Separated(char),
    /// The header of a CSV file.
    Header,
    /// A line of a web server's access log.
    AccessLog,
    /// XML or HTML.
    Markup,
}

/// The first bytes of formats.
const MAGIC: [(&[u8], ForeignFormat); 15] = [
    (b"\x1f\x8b\x08", ForeignFormat::Compressed("gzip")),
    (b"\x28\xb5\x2f\xfd", ForeignFormat::Compressed("zstd")),
    (b"\x04\x22\x4d\x18", ForeignFormat::Compressed("lz4")),
    (b"\xff\x06\x00\x00sNaPpY", ForeignFormat::Compressed("snappy")),
    (b"\x82SNAPPY\x00", ForeignFormat::Compressed("snappy")),
    (b"BZh91AY&SY", ForeignFormat::Compressed("bzip2")),
    (b"\xfd7zXZ\x00", ForeignFormat::Compressed("xz")),
    (b"PK\x03\x04", ForeignFormat::Compressed("zip")),
    (b"\xff\xfe", ForeignFormat::Utf16),
    (b"\xfe\xff", ForeignFormat::Utf16),
    (b"Obj\x01", ForeignFormat::File("Avro")),
    (b"PAR1", ForeignFormat::File("Parquet")),
    (b"\xac\xed\x00\x05", ForeignFormat::Java),
    (b"<?xml", ForeignFormat::Markup),
    (b"<!DOCTYPE", ForeignFormat::Markup),
];

/// Separators other than the comma.
const SEPARATORS: [char; 4] = [';', '\t', '|', '\u{1}'];

impl ForeignFormat {
    /// The format of `payload`, which is not a click; `None` if no format is certain.
    pub fn detect(payload: &[u8]) -> Option<Self> {
        if let Some((_, format)) = MAGIC.iter().find(|(begin, _)| payload.starts_with(begin)) {
            return Some(*format);
        }
        if is_utf16_without_mark(payload) {
            return Some(Self::Utf16);
        }
        if is_schema_frame(payload) {
            return Some(Self::SchemaFrame);
        }
        let line = std::str::from_utf8(payload).ok()?.trim_end_matches(['\r', '\n']);
        let text = line.trim();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match text.as_bytes().first()? {
            b'[' if is_json(text) => Some(Self::JsonArray),
            b'"' if is_json_in_string(text) => Some(Self::JsonInString),
            0x1e if is_json(text.trim_start_matches('\u{1e}')) => Some(Self::JsonSequence),
            b'{' => of_object(text),
            // Blanks may be separators.
            _ => of_line(text, line),
        }
    }

    /// The format of `payload`, which does not fit a mapping; `None` if no format is certain, or if a mapping could read it.
    pub fn detect_beside_mapping(payload: &[u8]) -> Option<Self> {
        Self::detect(payload).filter(|format| {
            !matches!(format, Self::Separated(_) | Self::Header | Self::AccessLog | Self::ConnectEnvelope)
        })
    }

    /// A short name of the format. The names are stable.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Compressed(name) | Self::File(name) => name,
            Self::Utf16 => "UTF-16",
            Self::SchemaFrame => "schema frame",
            Self::Java => "Java",
            Self::JsonArray => "JSON array",
            Self::JsonObjects => "JSON objects",
            Self::JsonInString => "JSON in a string",
            Self::JsonSequence => "JSON sequence",
            Self::ConnectEnvelope => "Connect envelope",
            Self::Separated(_) => "separator",
            Self::Header => "header",
            Self::AccessLog => "access log",
            Self::Markup => "markup",
        }
    }
}

/// Prints the format and what to do.
impl std::fmt::Display for ForeignFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Compressed(name) => {
                write!(f, "{name}, not a click: send events uncompressed, and let Kafka compress them (compression.type)")
            }
            Self::Utf16 => f.write_str("UTF-16 text: send UTF-8"),
            Self::SchemaFrame => f.write_str(
                "a frame of a schema registry (a zero byte, a schema's id): set schema_registry.urls to the registry",
            ),
            Self::File(name) => write!(f, "{name}, which clicktop does not read: send CSV or JSON, one event in each message"),
            Self::Java => f.write_str("a Java object (ObjectOutputStream): send CSV or JSON, one event in each message"),
            Self::JsonArray => f.write_str("a JSON array: send its events one by one, one object in each message"),
            Self::JsonObjects => f.write_str("several JSON objects: send one object in each message"),
            Self::JsonInString => f.write_str("JSON inside a JSON string: send the object itself"),
            Self::JsonSequence => {
                f.write_str("JSON with record separators (RFC 7464): send each object without the character U+001E before it")
            }
            Self::ConnectEnvelope => f.write_str(
                "a Kafka Connect envelope of schema and payload: set value.converter.schemas.enable=false in the connector",
            ),
            Self::Separated(sign) => {
                write!(f, "nine fields with {} between them: separate them with commas", sign.escape_debug())
            }
            Self::Header => f.write_str("the header of a CSV file: send only its records"),
            Self::AccessLog => f.write_str("a line of a web server's log: set events.preset = \"combined\""),
            Self::Markup => f.write_str("XML or HTML: send CSV or JSON, one event in each message"),
        }
    }
}

/// Whether the payload begins with ASCII characters that each have a zero byte beside them.
fn is_utf16_without_mark(payload: &[u8]) -> bool {
    let Some(head) = payload.get(..16) else {
        return false;
    };
    let (pairs, _) = head.as_chunks::<2>();
    let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    pairs.iter().all(|&[low, high]| is_text(low) && high == 0)
        || pairs.iter().all(|&[high, low]| is_text(low) && high == 0)
}

/// Whether the payload begins with a zero byte and a plausible number of a schema, with content behind them.
fn is_schema_frame(payload: &[u8]) -> bool {
    const MAX_SCHEMA: u32 = 1 << 24;
    let Some((&[zero, a, b, c, d], rest)) = payload.split_first_chunk::<5>() else {
        return false;
    };
    zero == 0 && (1..MAX_SCHEMA).contains(&u32::from_be_bytes([a, b, c, d])) && !rest.is_empty()
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn is_json_in_string(text: &str) -> bool {
    serde_json::from_str::<String>(text).is_ok_and(|inner| inner.trim_start().starts_with('{') && is_json(&inner))
}

fn of_object(text: &str) -> Option<ForeignFormat> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        schema: Option<IgnoredAny>,
        payload: Option<IgnoredAny>,
    }
    if let Ok(Envelope { schema: Some(_), payload: Some(_) }) = serde_json::from_str(text) {
        return Some(ForeignFormat::ConnectEnvelope);
    }
    let objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let (whole, broken) = objects.fold((0, 0), |(whole, broken), object| match object {
        Ok(_) => (whole + 1, broken),
        Err(_) => (whole, broken + 1),
    });
    (whole > 1 && broken == 0).then_some(ForeignFormat::JsonObjects)
}

/// `text` is `line` without the blanks around it.
fn of_line(text: &str, line: &str) -> Option<ForeignFormat> {
    if is_csv_header(text.as_bytes()) {
        return Some(ForeignFormat::Header);
    }
    if is_access_log(text) {
        return Some(ForeignFormat::AccessLog);
    }
    if text.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("<html")) {
        return Some(ForeignFormat::Markup);
    }
    if text.contains(['\n', '\r']) {
        return None;
    }
    let separators = FIELD_NAMES.len() - 1;
    SEPARATORS.into_iter().find(|&sign| line.matches(sign).count() == separators).map(ForeignFormat::Separated)
}

/// Whether the text is a line like `host identity user [10/Oct/2000:13:55:36 -0700] "GET …`.
fn is_access_log(text: &str) -> bool {
    let Some((before, after)) = text.split_once(" [") else {
        return false;
    };
    let Some((time, request)) = after.split_once("] \"") else {
        return false;
    };
    let is_time = time.len() == "10/Oct/2000:13:55:36 -0700".len()
        && time.bytes().enumerate().all(|(at, byte)| match at {
            2 | 6 => byte == b'/',
            11 | 14 | 17 => byte == b':',
            3..=5 => byte.is_ascii_alphabetic(),
            20 => byte == b' ',
            21 => matches!(byte, b'+' | b'-'),
            _ => byte.is_ascii_digit(),
        });
    before.split(' ').count() == 3 && is_time && request.contains('"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Decoder;

    const CLICK: &str = "c1,u1,2026-01-31T09:30:00Z,/a,FR,Paris,Firefox,Linux,desktop";

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn certain_formats_are_named_with_what_to_do() {
        let json = r#"{"click_id":"c1"}"#;
        let frame = [&[0, 0, 0, 0, 7][..], json.as_bytes()].concat();
        let tabs = CLICK.replace(',', "\t");
        let semicolons = CLICK.replace(',', ";");
        let [little, big] = [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes].map(|order| utf16(CLICK, order));
        let marked = utf16("\u{feff}é", u16::to_le_bytes);
        let cases: [(&[u8], ForeignFormat); 24] = [
            (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", ForeignFormat::Compressed("gzip")),
            (b"\x28\xb5\x2f\xfd\x24\x3d", ForeignFormat::Compressed("zstd")),
            (b"\x04\x22\x4d\x18\x64", ForeignFormat::Compressed("lz4")),
            (b"PK\x03\x04\x14\x00", ForeignFormat::Compressed("zip")),
            (&little, ForeignFormat::Utf16),
            (&big, ForeignFormat::Utf16),
            (&marked, ForeignFormat::Utf16),
            (&frame, ForeignFormat::SchemaFrame),
            (b"\x00\x00\x00\x00\x01\x06abc", ForeignFormat::SchemaFrame),
            (b"Obj\x01\x04\x16avro.schema", ForeignFormat::File("Avro")),
            (b"PAR1\x15\x04", ForeignFormat::File("Parquet")),
            (b"\xac\xed\x00\x05sr", ForeignFormat::Java),
            (br#" [{"click_id":"c1"},{"click_id":"c2"}] "#, ForeignFormat::JsonArray),
            (b"{\"click_id\":\"c1\"}\n{\"click_id\":\"c2\"}\n", ForeignFormat::JsonObjects),
            (br#""{\"click_id\":\"c1\"}""#, ForeignFormat::JsonInString),
            (br#"{"schema":{"type":"struct"},"payload":{"click_id":"c1"}}"#, ForeignFormat::ConnectEnvelope),
            (semicolons.as_bytes(), ForeignFormat::Separated(';')),
            (tabs.as_bytes(), ForeignFormat::Separated('\t')),
            (b"c1\tu1\t1767225600\t/a\tFR\t\t\t\t\r\n", ForeignFormat::Separated('\t')),
            (b"\x1e{\"click_id\":\"c1\"}\n", ForeignFormat::JsonSequence),
            (
                br#"93.180.71.3 - - [17/May/2015:08:05:32 +0000] "GET /downloads HTTP/1.1" 304 0 "-" "Debian APT-HTTP/1.3""#,
                ForeignFormat::AccessLog,
            ),
            (b"click_id,user_id,timestamp,url,country,city,browser,os,device", ForeignFormat::Header),
            (b"<?xml version=\"1.0\"?><click/>", ForeignFormat::Markup),
            (b"<HTML><body>", ForeignFormat::Markup),
        ];
        for (payload, looks) in cases {
            assert_eq!(ForeignFormat::detect(payload), Some(looks), "{}", String::from_utf8_lossy(payload));
            assert!(Decoder::default().decode(payload).is_err(), "{looks:?} is no click");
            let text = looks.to_string();
            assert!(!text.contains(char::is_control) && text.contains(':'), "{text:?}");
        }
    }

    #[test]
    fn messages_without_a_certain_format_keep_the_decoders_reason() {
        let kept: [&[u8]; 14] = [
            b"",
            b"hello",
            b"c1,u1,2026-01-31T09:30:00Z,/a,FR",
            b"c1,u1,yesterday,/a?b=1;c=2,FR,Paris,Firefox,Linux,desktop",
            br#"{"click_id":"c1"}"#,
            br#"{"click_id":"c1""#,
            br#"{"schema":1}"#,
            b"[1, 2",
            br#""c1","u1"#,
            b"\x00\x00\x00\x00\x00\x00\x00",
            b"\x00\x00",
            b"\x1f\x8b",
            b"<a>,b,c",
            b"caf\xe9",
        ];
        for payload in kept {
            assert_eq!(ForeignFormat::detect(payload), None, "{}", String::from_utf8_lossy(payload));
        }
    }
}
