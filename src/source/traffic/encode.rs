//! Encodes generated clicks. Texts that repeat (urls, places, agents) are quoted once, when the tables are built.

use std::fmt::Write as _;

use crate::click::Timestamp;

/// The same text, ready for each wire form.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// As it is.
    pub(crate) plain: Box<str>,
    /// A CSV field.
    csv: Box<str>,
    /// A JSON string with its quotes.
    json: Box<str>,
}

impl Text {
    pub(crate) fn new(plain: &str) -> Self {
        Self { plain: plain.into(), csv: csv_field(plain).into(), json: json_string(plain).into() }
    }
}

/// RFC 4180: quotes only where a field needs them.
fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Country and city, ready for each wire form.
#[derive(Clone, Debug)]
pub(crate) struct PlaceText {
    pub(crate) country: &'static str,
    pub(crate) city: &'static str,
    csv: Box<str>,
    json: Box<str>,
}

impl PlaceText {
    pub(crate) fn new(country: &'static str, city: &'static str) -> Self {
        Self {
            country,
            city,
            csv: format!("{},{}", csv_field(country), csv_field(city)).into(),
            json: format!("\"country\":{},\"city\":{}", json_string(country), json_string(city)).into(),
        }
    }
}

/// Browser, operating system and device, ready for each wire form.
#[derive(Clone, Debug)]
pub(crate) struct AgentText {
    pub(crate) browser: &'static str,
    pub(crate) os: &'static str,
    pub(crate) device: &'static str,
    csv: Box<str>,
    json: Box<str>,
    nested: Box<str>,
}

impl AgentText {
    pub(crate) fn new(browser: &'static str, os: &'static str, device: &'static str) -> Self {
        let (b, o, d) = (json_string(browser), json_string(os), json_string(device));
        Self {
            browser,
            os,
            device,
            csv: format!("{},{},{}", csv_field(browser), csv_field(os), csv_field(device)).into(),
            json: format!("\"browser\":{b},\"os\":{o},\"device\":{d}").into(),
            nested: format!("\"browser\":{b},\"operating_system\":{o},\"device\":{d}").into(),
        }
    }
}

/// A click whose fields are ready to be written. Ids and time need no quoting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) click_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) time: &'a str,
    pub(crate) url: &'a Text,
    pub(crate) place: &'a PlaceText,
    pub(crate) agent: &'a AgentText,
}

impl Fields<'_> {
    /// `click_id,user_id,timestamp,url,country,city,browser,os,device`.
    pub(crate) fn csv(&self, out: &mut Vec<u8>) {
        let parts = [self.click_id, ",", self.user_id, ",", self.time, ",", &self.url.csv, ",", &self.place.csv, ","];
        append(out, &parts);
        append(out, &[&self.agent.csv]);
    }

    /// A flat object with the nine names.
    pub(crate) fn json(&self, out: &mut Vec<u8>) {
        append(out, &["{\"click_id\":\"", self.click_id, "\",\"user_id\":\"", self.user_id]);
        append(out, &["\",\"timestamp\":\"", self.time, "\",\"url\":", &self.url.json, ",", &self.place.json]);
        append(out, &[",", &self.agent.json, "}"]);
    }

    /// The row key and three families.
    pub(crate) fn nested(&self, out: &mut Vec<u8>) {
        append(out, &["{\"row_key\":\"", self.click_id, "\",\"click_data\":{\"user_id\":\"", self.user_id]);
        append(out, &["\",\"timestamp\":\"", self.time, "\",\"url\":", &self.url.json, "},\"geo_data\":{"]);
        append(out, &[&self.place.json, "},\"user_agent_data\":{", &self.agent.nested, "}}"]);
    }
}

fn append(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Writes times as RFC 3339 in UTC with milliseconds. The day is kept from one to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimeWriter {
    day: Option<i64>,
    /// The time last written; its first eleven bytes are the kept day, `2026-01-31T`.
    text: String,
}

const DAY_MS: i64 = 86_400_000;
/// `2026-01-31T`. Times before year 0 or after year 9999 are longer and are not kept.
const DAY_BYTES: usize = 11;
const TIME_BYTES: usize = 24;

impl TimeWriter {
    pub(crate) fn write(&mut self, time: Timestamp) -> &str {
        let (day, rest) = (time.as_millis().div_euclid(DAY_MS), time.as_millis().rem_euclid(DAY_MS));
        if self.day == Some(day) {
            self.text.truncate(DAY_BYTES);
            let (seconds, millis) = (rest / 1000, rest % 1000);
            let digits = [
                two(seconds / 3600),
                two(seconds / 60 % 60),
                two(seconds % 60),
                [digit(millis / 100), digit(millis / 10 % 10)],
            ];
            let [[h1, h2], [m1, m2], [s1, s2], [f1, f2]] = digits;
            for c in [h1, h2, ':', m1, m2, ':', s1, s2, '.', f1, f2, digit(millis % 10), 'Z'] {
                self.text.push(c);
            }
        } else {
            self.text.clear();
            // Writing to a String cannot fail.
            let _ = write!(self.text, "{time}");
            self.day = (self.text.len() == TIME_BYTES).then_some(day);
        }
        &self.text
    }

    /// The time last written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

fn two(n: i64) -> [char; 2] {
    [digit(n / 10), digit(n % 10)]
}

/// Of a number from 0 to 9.
fn digit(n: i64) -> char {
    u32::try_from(n).ok().and_then(|n| char::from_digit(n, 10)).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_what_the_timestamp_itself_prints() {
        let mut writer = TimeWriter::default();
        for millis in
            [0, 1, 999, 86_399_999, 86_400_000, 1_767_225_599_999, 1_767_225_600_000, 1_709_164_800_123, -1, 50]
        {
            let time = Timestamp::from_millis(millis);
            for _ in 0..2 {
                assert_eq!(writer.write(time), time.to_string());
            }
        }
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(csv_field("/a"), "/a");
        assert_eq!(csv_field("/a,b"), "\"/a,b\"");
        assert_eq!(csv_field("/q=\"a\""), "\"/q=\"\"a\"\"\"");
        assert_eq!(json_string("/q=\"a\""), "\"/q=\\\"a\\\"\"");
    }
}
