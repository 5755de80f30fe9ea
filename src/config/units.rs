//! Settings with a unit: how durations and sizes are written, read and printed.

use std::fmt;
use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::{Spacing, SpanParser, SpanPrinter};
use serde::de::{Deserialize, Deserializer, Error as _, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// A number of bytes, written `"64 MiB"`, `"5 MB"` or as a plain integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(u64);

/// Binary units first: most sizes that people choose are whole in them.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl Bytes {
    /// `count` bytes.
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// `count` × 1,048,576 bytes.
    pub const fn mib(count: u32) -> Self {
        Self((count as u64) << 20)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of bytes, at most what this machine can address.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Reads `64 MiB`, `5MB`, `1024`; `None` for anything else, fractions and sizes past 2⁶⁴ included.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (count, unit) = text.split_at_checked(digits)?;
        let count: u64 = count.parse().ok()?;
        let unit = unit.trim_start();
        if unit.is_empty() {
            return Some(Self(count));
        }
        let (_, size) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
        count.checked_mul(*size).map(Self)
    }
}

/// In the largest unit in which the size is whole.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size)) {
            Some((unit, size)) => write!(f, "{} {unit}", self.0 / size),
            None => f.write_str("0 B"),
        }
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;

        impl Visitor<'_> for BytesVisitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"64 MiB\"")
            }

            fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<Bytes, E> {
                Ok(Bytes(count))
            }

            fn visit_i64<E: serde::de::Error>(self, count: i64) -> Result<Bytes, E> {
                u64::try_from(count).map(Bytes).map_err(|_| E::invalid_value(Unexpected::Signed(count), &self))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bytes, E> {
                Bytes::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(BytesVisitor)
    }
}

/// Reads `30 min`, `500ms`, `1h 30m`, `90 days`; `None` for anything else, a number without a unit included. A day has 24
/// hours.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let parser = SpanParser::new();
    // Fractions are read by the first alone, days by the second alone.
    parser.parse_unsigned_duration(text).ok().or_else(|| {
        let span = parser.parse_span(text).ok()?;
        span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?.try_into().ok()
    })
}

/// As [`parse_duration`] reads it: `30m`, `500ms`, `1h 30m`.
pub fn format_duration(duration: &Duration) -> String {
    SpanPrinter::new().spacing(Spacing::BetweenUnits).unsigned_duration_to_string(duration)
}

/// `#[serde(with = "duration")]`: a [`Duration`] as friendly text.
pub mod duration {
    use super::*;

    /// Writes it as friendly text.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_duration(duration))
    }

    /// Reads friendly text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &"a duration such as \"30 s\""))
    }
}

/// `#[serde(default, with = "optional_duration")]`: as [`duration`]; a value that is absent is `None`.
pub mod optional_duration {
    use super::*;

    /// Writes it as friendly text.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => duration::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads friendly text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        duration::deserialize(deserializer).map(Some)
    }
}

/// The word for a switch that clicktop sets by itself.
pub(super) const AUTO: &str = "auto";

/// `#[serde(serialize_with = "auto_as_none::serialize")]`: a switch, or [`AUTO`] for `None`.
pub(super) mod auto_as_none {
    use serde::{Serialize, Serializer};

    use super::AUTO;

    /// Writes the switch or the word.
    pub(in crate::config) fn serialize<S: Serializer>(set: &Option<bool>, serializer: S) -> Result<S::Ok, S::Error> {
        match set {
            Some(on) => on.serialize(serializer),
            None => AUTO.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("64 MiB", 64 << 20),
            ("64mib", 64 << 20),
            ("5MB", 5_000_000),
            ("1 kB", 1_000),
            ("12 B", 12),
            (" 1024 ", 1024),
        ] {
            assert_eq!(Bytes::parse(text), Some(Bytes(bytes)), "{text}");
        }
        for text in ["", "MiB", "1.5 GiB", "-1", "64 M", "64 MiBs", "20000000 TiB", "99999999999999999999"] {
            assert_eq!(Bytes::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_print_as_they_are_read() {
        for (bytes, text) in [(64 << 20, "64 MiB"), (5_000_000, "5 MB"), (1_000, "1 kB"), (1_025, "1025 B"), (0, "0 B")]
        {
            assert_eq!(Bytes(bytes).to_string(), text);
            assert_eq!(Bytes::parse(text), Some(Bytes(bytes)));
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, millis) in [
            ("30 min", 1_800_000),
            ("500ms", 500),
            ("100 ms", 100),
            ("1h 30m", 5_400_000),
            ("1.5 s", 1_500),
            ("2 hours", 7_200_000),
            ("1 day", 86_400_000),
            ("2 weeks 1 d 12h", 1_339_200_000),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "100", "30 parsecs", "-5 s", "5 s ago", "-1 day", "1 month"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn durations_print_as_they_are_read() {
        for text in ["30m", "500ms", "1h 30m", "1s 500ms"] {
            assert_eq!(format_duration(&parse_duration(text).unwrap()), text);
        }
    }
}
