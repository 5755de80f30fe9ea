//! The values of flags: formats, rates, limits and counts as people write them.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use clap::ValueEnum;

use crate::click::Format;
use crate::config::parse_duration;
use crate::protocol::{Dimension, SortBy, Window};

/// How `top` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TopFormat {
    /// Columns for people
    #[default]
    Table,
    /// CSV with a header
    Csv,
    /// An array of JSON objects
    Json,
}

/// A format to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Detect the format from the first byte of each message
    #[default]
    Auto,
    /// Nine CSV fields; in a file with a header, the columns that it names
    Csv,
    /// JSON objects
    Json,
    /// Fields between tabs, without quotes
    Tsv,
    /// Lines of an access log of Apache or NGINX
    Combined,
    /// Lines of a W3C extended log, of IIS or CloudFront
    W3c,
}

impl FormatArg {
    /// As the settings `kafka.format` and `events.form` name it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            FormatArg::Auto => "auto",
            FormatArg::Csv => "csv",
            FormatArg::Json => "json",
            FormatArg::Tsv => "tsv",
            FormatArg::Combined => "combined",
            FormatArg::W3c => "w3c",
        }
    }

    /// The setting for it: clicks of our own have a format, and mapped events a form.
    pub(super) const fn setting(self, is_mapped: bool) -> &'static str {
        match self {
            FormatArg::Auto | FormatArg::Csv | FormatArg::Json if !is_mapped => "kafka.format",
            _ => "events.form",
        }
    }
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Auto | FormatArg::Tsv | FormatArg::Combined | FormatArg::W3c => Format::Auto,
            FormatArg::Csv => Format::Csv,
            FormatArg::Json => Format::Json,
        }
    }
}

/// A format to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MadeFormat {
    /// Nine CSV fields
    #[default]
    Csv,
    /// JSON objects
    Json,
}

impl From<MadeFormat> for Format {
    fn from(format: MadeFormat) -> Self {
        match format {
            MadeFormat::Csv => Format::Csv,
            MadeFormat::Json => Format::Json,
        }
    }
}

/// How fast a source sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// This many events a second.
    PerSecond(NonZeroU64),
    /// As fast as the pipeline takes them.
    Max,
}

impl std::str::FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match count(text) {
            Ok(rate) => Ok(Self::PerSecond(rate)),
            Err(_) => Err("a rate is a whole number above 0 such as 2000, 2k, 1.5k or 1M, or max".into()),
        }
    }
}

/// How many rows to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// At most this many.
    Rows(NonZeroUsize),
    /// All of them.
    All,
}

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        text.parse().map(Self::Rows).map_err(|_| "a limit is a whole number above 0, or all".into())
    }
}

/// Reads 2000, 2k, 1.5k, 1M, exactly: it refuses a fraction instead of rounding it.
pub(super) fn count(text: &str) -> Result<NonZeroU64, String> {
    let (number, zeros) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 3),
        None => match text.strip_suffix('M') {
            Some(number) => (number, 6),
            None => (text, 0),
        },
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(NOT_A_COUNT.into()),
        None => (number, ""),
    };
    let missing = usize::checked_sub(zeros, fraction.len()).ok_or(NOT_A_COUNT)?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NOT_A_COUNT.into());
    }
    digits.parse().map_err(|_| NOT_A_COUNT.into())
}

const NOT_A_COUNT: &str = "a count is a whole number above 0, such as 2000, 2k, 1.5k or 1M";

/// Reads a figure to sort by; the protocol knows nothing of flags.
pub(super) fn sort_by() -> impl TypedValueParser<Value = SortBy> {
    PossibleValuesParser::new(SortBy::ALL.map(SortBy::name))
        .map(|name| SortBy::ALL.into_iter().find(|sort| sort.name() == name).unwrap_or_default())
}

/// What `top` groups by.
pub(super) fn dimension() -> impl TypedValueParser<Value = Dimension> {
    PossibleValuesParser::new(Dimension::ALL.map(Dimension::name))
        .map(|name| Dimension::ALL.into_iter().find(|dimension| dimension.name() == name).unwrap_or_default())
}

/// A span of event time.
pub(super) fn window() -> impl TypedValueParser<Value = Window> {
    PossibleValuesParser::new(["all", "1h", "5m"]).map(|name| match name.as_str() {
        "1h" => Window::LastHour,
        "5m" => Window::LastFiveMinutes,
        _ => Window::AllTime,
    })
}

/// A time that `ctl` waits, up to a day.
pub(super) fn wait_time(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let time = if text == "0" { Some(Duration::ZERO) } else { parse_duration(text) };
    time.filter(|time| *time <= DAY).ok_or_else(|| "a time up to a day with its unit, such as 30s or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (text, rate) in [("2000", 2_000), ("2k", 2_000), ("1.5k", 1_500), ("1M", 1_000_000), ("0.25M", 250_000)] {
            assert_eq!(text.parse(), Ok(Rate::PerSecond(NonZeroU64::new(rate).unwrap())), "{text}");
        }
        assert_eq!("max".parse(), Ok(Rate::Max));
        for text in
            ["", "0", "0k", "-5", "+5", "1.5", "1.0001k", ".5k", "1.k", "k", "2 k", "1e3", "99999999999999999999M"]
        {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
