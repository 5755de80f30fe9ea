//! What a value looks like: a time, a url, an address, a user agent, a country, a number …

use std::net::IpAddr;

use crate::click::Timestamp;
use crate::world::locate;

/// What a value looks like. The first kind that fits counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `true` or `false`.
    Truth,
    /// Unix time: a number with as many digits as seconds, milliseconds, microseconds or nanoseconds of this century have.
    UnixTime,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// A time in a form that clicktop reads by itself.
    Time,
    /// A UUID.
    Uuid,
    /// A url with its scheme.
    Url,
    /// A path from `/` on.
    Path,
    /// An IP address.
    Address,
    /// A user agent.
    Agent,
    /// The code or the name of a country.
    Country,
    /// Any other text.
    Text,
}

impl Kind {
    /// Every kind, in the order of the type.
    pub const ALL: [Self; 12] = [
        Self::Truth,
        Self::UnixTime,
        Self::Whole,
        Self::Number,
        Self::Time,
        Self::Uuid,
        Self::Url,
        Self::Path,
        Self::Address,
        Self::Agent,
        Self::Country,
        Self::Text,
    ];

    /// Its name as a type of values.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Truth => "true/false",
            Self::UnixTime => "unix time",
            Self::Whole => "whole number",
            Self::Number => "number",
            Self::Time => "time",
            Self::Uuid => "uuid",
            Self::Url => "url",
            Self::Path => "path",
            Self::Address => "address",
            Self::Agent => "user agent",
            Self::Country => "country",
            Self::Text => "text",
        }
    }

    /// What `value` looks like.
    pub fn of(value: &str) -> Self {
        let text = value.trim();
        match text {
            "true" | "false" | "True" | "False" | "TRUE" | "FALSE" => Self::Truth,
            _ if is_number(text) && is_unix_time(text) => Self::UnixTime,
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Self::Whole,
            _ if is_number(text) => Self::Number,
            _ if text.parse::<Timestamp>().is_ok() => Self::Time,
            _ if is_uuid(text) => Self::Uuid,
            _ if is_url(text) => Self::Url,
            _ if text.starts_with('/') && !text.contains(char::is_whitespace) => Self::Path,
            _ if is_address(text) => Self::Address,
            _ if is_agent(text) => Self::Agent,
            _ if is_country(text) => Self::Country,
            _ => Self::Text,
        }
    }
}

/// A decimal number without an exponent.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction)
}

/// The years whose Unix times are taken for times: a number beyond them is more often an id.
const YEARS: [i64; 2] = [1_000_000_000, 2_208_988_800];

fn is_unix_time(text: &str) -> bool {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let scale = match whole.len() {
        10 => 1,
        13 => 1_000,
        16 => 1_000_000,
        19 => 1_000_000_000,
        _ => return false,
    };
    let [first, last] = YEARS;
    whole.parse::<i64>().is_ok_and(|number| (first..last).contains(&(number / scale)))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let known = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    !scheme.is_empty() && known(scheme) && !rest.is_empty() && !text.contains(char::is_whitespace)
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// Nearly every user agent names a product with a version and, in parentheses, a system.
fn is_agent(text: &str) -> bool {
    const PRODUCTS: [&str; 8] =
        ["Mozilla/", "Opera/", "curl/", "Wget/", "python-requests/", "okhttp/", "Dalvik/", "Googlebot"];
    PRODUCTS.iter().any(|product| text.starts_with(product)) || (text.contains("Mozilla/5.0") && text.contains('('))
}

/// A code of a country in capital letters, or its name in English. Small letters are more often a language.
fn is_country(text: &str) -> bool {
    let is_code = matches!(text.len(), 2 | 3) && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_name = text.len() > 3 && text.starts_with(|c: char| c.is_uppercase());
    (is_code || is_name) && locate(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_by_their_look() {
        for (value, kind) in [
            ("true", Kind::Truth),
            ("1569888000", Kind::UnixTime),
            ("1646861401.5241024", Kind::UnixTime),
            ("1569888000123456", Kind::UnixTime),
            ("42", Kind::Whole),
            ("9999999999", Kind::Whole),
            ("-7", Kind::Number),
            ("21.5", Kind::Number),
            ("2019-10-01 00:00:00 UTC", Kind::Time),
            ("2026-01-31T09:30:00Z", Kind::Time),
            ("10/Oct/2000:13:55:36 -0700", Kind::Time),
            ("e2b1b156-935a-4d74-8c89-e02d6fb2ca48", Kind::Uuid),
            ("https://shop.example/cart?x=1", Kind::Url),
            ("/products/42", Kind::Path),
            ("203.0.113.7", Kind::Address),
            ("2001:db8::1", Kind::Address),
            ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0", Kind::Agent),
            ("FR", Kind::Country),
            ("United States", Kind::Country),
            ("fr", Kind::Text),
            ("Lyon", Kind::Text),
            ("", Kind::Text),
            ("hello world", Kind::Text),
        ] {
            assert_eq!(Kind::of(value), kind, "{value}");
        }
    }
}
