//! Reads the time of an event as the mapping says it is written.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::error::MappingError;
use super::fault::EventFault;
use super::model::TimeForm;
use crate::click::error::DecodeError;
use crate::click::fields::EXCERPT_CHARS;
use crate::click::timestamp::{self, Timestamp, TimestampError, Utc, Zone, access_log, unix};
use crate::text::excerpt;

/// How the time is written.
#[derive(Debug)]
pub(crate) enum Clock {
    /// Any form of [`Timestamp`]; a time without an offset is UTC.
    Auto,
    /// Any form of [`Timestamp`], with the zone of times without an offset.
    AutoIn(Local),
    /// RFC 3339.
    Rfc3339,
    /// Unix time: the name of the unit, and the digits of a second in it.
    Unix { unit: &'static str, digits: u8 },
    /// A strptime pattern, with the zone of times without an offset.
    Pattern { pattern: Box<str>, zone: Local },
}

/// Why a text is not a time in the form of the mapping. It continues after the text.
type Reason = String;

impl Clock {
    pub(super) fn compile(form: &TimeForm, zone: Option<&str>) -> Result<Self, MappingError> {
        let local = zone.map(Local::compile).transpose()?;
        Ok(match (form, local) {
            (TimeForm::Auto, None) => Self::Auto,
            (TimeForm::Auto, Some(local)) => Self::AutoIn(local),
            (TimeForm::Rfc3339, _) => Self::Rfc3339,
            (TimeForm::Seconds, _) => Self::Unix { unit: "seconds", digits: 0 },
            (TimeForm::Millis, _) => Self::Unix { unit: "milliseconds", digits: 3 },
            (TimeForm::Micros, _) => Self::Unix { unit: "microseconds", digits: 6 },
            (TimeForm::Nanos, _) => Self::Unix { unit: "nanoseconds", digits: 9 },
            (TimeForm::Pattern(pattern), local) => {
                let zone = local.unwrap_or(Local(TimeZone::UTC));
                check_pattern(pattern, &zone)?;
                Self::Pattern { pattern: pattern.as_str().into(), zone }
            }
        })
    }

    /// The time that `text` tells.
    #[inline]
    pub(super) fn read(&self, text: &str) -> Result<Timestamp, DecodeError> {
        match self {
            Self::Auto => access_log::read(text.as_bytes())
                .map_or_else(|| timestamp::read(text, &Utc), Ok)
                .map_err(|reason| DecodeError::Timestamp { text: shown(text), reason }),
            Self::AutoIn(local) => {
                timestamp::read(text, local).map_err(|reason| DecodeError::Timestamp { text: shown(text), reason })
            }
            _ => self.given(text.trim()).map_err(|reason| {
                let reason = excerpt(&reason, 3 * EXCERPT_CHARS).into_owned().into_boxed_str();
                DecodeError::Event(Box::new(EventFault::Time { text: shown(text), reason }))
            }),
        }
    }

    /// Reads a time in a form that the mapping names.
    #[inline(never)]
    fn given(&self, text: &str) -> Result<Timestamp, Reason> {
        match self {
            Self::Auto => timestamp::read(text, &Utc).map_err(|error| error.to_string()),
            Self::AutoIn(local) => timestamp::read(text, local).map_err(|error| error.to_string()),
            Self::Rfc3339 => timestamp::rfc_3339(text.as_bytes(), &Required).map_err(|error| match error {
                TimestampError::Form => {
                    "is not RFC 3339 (2026-01-31T09:30:00.125Z), which events.time_form asks for".to_owned()
                }
                error => error.to_string(),
            }),
            Self::Unix { unit, digits } => match unix::in_unit(text.as_bytes(), *digits) {
                None => Err(format!("is not a number of {unit} since 1970, which events.time_form asks for")),
                Some(Err(TimestampError::Range)) => Err(format!(
                    "is outside the years 1 to 9999 as a number of {unit} since 1970; check events.time_form"
                )),
                Some(time) => time.map_err(|error| error.to_string()),
            },
            Self::Pattern { pattern, zone } => by_pattern(pattern, zone, text)
                .map_err(|reason| format!("does not fit the pattern `{pattern}` of events.time_form: {reason}")),
        }
    }
}

fn shown(text: &str) -> Box<str> {
    excerpt(text, EXCERPT_CHARS).into_owned().into_boxed_str()
}

/// Reads a time by a strptime pattern. An offset in the text decides; else the zone does.
fn by_pattern(pattern: &str, zone: &Local, text: &str) -> Result<Timestamp, String> {
    let parts = BrokenDownTime::parse(pattern, text).map_err(|error| error.to_string())?;
    let millis = if parts.iana_time_zone().is_some() {
        parts.to_zoned_datetime().map_err(|error| error.to_string())?.timestamp().as_millisecond()
    } else if parts.offset().is_some() || parts.timestamp().is_some() {
        parts.to_timestamp().map_err(|error| error.to_string())?.as_millisecond()
    } else {
        let civil = parts.to_datetime().map_err(|error| error.to_string())?;
        zone.millis(civil).map_err(|error| format!("it {error}"))?
    };
    Timestamp::in_range(millis).map_err(|error| format!("it {error}"))
}

/// Fails if a pattern is wrong, or if it does not tell day and time.
fn check_pattern(pattern: &str, zone: &Local) -> Result<(), MappingError> {
    let wrong = |reason: String| {
        let known = "write auto, rfc3339, s, ms, us, ns, or a pattern such as %d.%m.%Y %H:%M:%S";
        let pattern = excerpt(pattern, EXCERPT_CHARS);
        MappingError::new("events.time_form", format!("`{pattern}` is not the pattern of a time ({reason}): {known}"))
    };
    if !pattern.contains('%') {
        return Err(wrong("it has no %".to_owned()));
    }
    let sample = DateTime::constant(2026, 1, 31, 9, 30, 5, 0).to_zoned_datetime(TimeZone::UTC);
    let sample = sample.map_err(|error| wrong(error.to_string()))?;
    let text = BrokenDownTime::from(&sample).to_string(pattern).map_err(|error| wrong(error.to_string()))?;
    by_pattern(pattern, zone, &text).map(|_| ()).map_err(wrong)
}

/// The time zone of times without an offset.
#[derive(Debug)]
pub(crate) struct Local(TimeZone);

impl Local {
    /// The IANA name.
    #[cfg(feature = "spark")]
    pub(crate) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    fn compile(name: &str) -> Result<Self, MappingError> {
        TimeZone::get(name).map(Self).map_err(|_| {
            let name = excerpt(name, EXCERPT_CHARS);
            let reason = format!("`{name}` is not a time zone: write its IANA name, such as Europe/Paris");
            MappingError::new("events.time_zone", reason)
        })
    }
}

/// Where clocks go back, a time that occurs twice is the first of both. Where they go forward, a time that does not occur counts from
/// the offset before.
impl Zone for Local {
    fn millis(&self, civil: DateTime) -> Result<i64, TimestampError> {
        let instant = self.0.to_ambiguous_timestamp(civil).compatible().map_err(|_| TimestampError::Range)?;
        Ok(instant.as_millisecond())
    }
}

/// Times without an offset are refused.
struct Required;

impl Zone for Required {
    fn millis(&self, _: DateTime) -> Result<i64, TimestampError> {
        Err(TimestampError::NoOffset)
    }
}
