//! Encodes a [`Click`] in each wire format. Decoding returns the same click.

use serde::{Serialize, Serializer};

use super::event::Click;
use super::timestamp::Timestamp;

impl Click<'_> {
    /// Appends the click as one CSV record without a line end. Quotes a field only if RFC 4180 requires it, or if the record would not
    /// be recognized as CSV otherwise.
    pub fn write_csv(&self, out: &mut Vec<u8>) {
        let timestamp = self.timestamp.to_string();
        let [url, country, city] = [self.url, self.country, self.city];
        let [browser, os, device] = [self.browser, self.os, self.device];
        write_csv_record([self.click_id, self.user_id, &timestamp, url, country, city, browser, os, device], out);
    }

    /// Appends the click as a flat JSON object.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        write_json_value(
            &Flat {
                click_id: self.click_id,
                user_id: self.user_id,
                timestamp: Display(self.timestamp),
                url: self.url,
                country: self.country,
                city: self.city,
                browser: self.browser,
                os: self.os,
                device: self.device,
            },
            out,
        );
    }

    /// Appends the click as a JSON object nested by family.
    pub fn write_nested_json(&self, out: &mut Vec<u8>) {
        write_json_value(
            &Nested {
                row_key: self.click_id,
                click_data: ClickData { user_id: self.user_id, timestamp: Display(self.timestamp), url: self.url },
                geo_data: GeoData { country: self.country, city: self.city },
                user_agent_data: UserAgentData {
                    browser: self.browser,
                    operating_system: self.os,
                    device: self.device,
                },
            },
            out,
        );
    }
}

/// Appends nine texts as one CSV record without a line end, which is recognized as CSV.
pub(super) fn write_csv_record(fields: [&str; 9], out: &mut Vec<u8>) {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        // Without quotes, a record that begins with `{` would be read as JSON, and a byte order mark would be dropped.
        let is_ambiguous = at == 0 && (field.starts_with('\u{feff}') || field.trim_start().starts_with('{'));
        write_csv_field(field, is_ambiguous, out);
    }
}

/// Appends `field`, with quotes if RFC 4180 requires them or `quote` is set.
pub(super) fn write_csv_field(field: &str, quote: bool, out: &mut Vec<u8>) {
    if !quote && !field.bytes().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n')) {
        out.extend_from_slice(field.as_bytes());
        return;
    }
    out.push(b'"');
    for (number, part) in field.split('"').enumerate() {
        if number > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

fn write_json_value(value: &impl Serialize, out: &mut Vec<u8>) {
    // Serializing strings and structs into a Vec cannot fail.
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok());
}

#[derive(Serialize)]
struct Flat<'a> {
    click_id: &'a str,
    user_id: &'a str,
    timestamp: Display,
    url: &'a str,
    country: &'a str,
    city: &'a str,
    browser: &'a str,
    os: &'a str,
    device: &'a str,
}

#[derive(Serialize)]
struct Nested<'a> {
    row_key: &'a str,
    click_data: ClickData<'a>,
    geo_data: GeoData<'a>,
    user_agent_data: UserAgentData<'a>,
}

#[derive(Serialize)]
struct ClickData<'a> {
    user_id: &'a str,
    timestamp: Display,
    url: &'a str,
}

#[derive(Serialize)]
struct GeoData<'a> {
    country: &'a str,
    city: &'a str,
}

#[derive(Serialize)]
struct UserAgentData<'a> {
    browser: &'a str,
    operating_system: &'a str,
    device: &'a str,
}

struct Display(Timestamp);

impl Serialize for Display {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLICK: Click<'_> = Click {
        click_id: "c1",
        user_id: "u1",
        timestamp: Timestamp::from_millis(1_769_851_800_125),
        url: "/a?b=\"c\",d",
        country: "FR",
        city: "Paris",
        browser: "Firefox",
        os: "Linux",
        device: "desktop",
    };

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn csv_quotes_only_what_needs_it() {
        assert_eq!(
            written(|out| CLICK.write_csv(out)),
            "c1,u1,2026-01-31T09:30:00.125Z,\"/a?b=\"\"c\"\",d\",FR,Paris,Firefox,Linux,desktop"
        );
        let braced = Click { click_id: " {c", ..CLICK };
        assert!(written(|out| braced.write_csv(out)).starts_with("\" {c\",u1"));
    }

    #[test]
    fn json_is_flat_or_nested_by_family() {
        assert_eq!(
            written(|out| CLICK.write_json(out)),
            r#"{"click_id":"c1","user_id":"u1","timestamp":"2026-01-31T09:30:00.125Z","url":"/a?b=\"c\",d","country":"FR","city":"Paris","browser":"Firefox","os":"Linux","device":"desktop"}"#
        );
        assert_eq!(
            written(|out| CLICK.write_nested_json(out)),
            r#"{"row_key":"c1","click_data":{"user_id":"u1","timestamp":"2026-01-31T09:30:00.125Z","url":"/a?b=\"c\",d"},"geo_data":{"country":"FR","city":"Paris"},"user_agent_data":{"browser":"Firefox","operating_system":"Linux","device":"desktop"}}"#
        );
    }
}
