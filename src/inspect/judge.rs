//! What a mapping makes of the sampled events: clicks, events left out, and rejects with their reasons.

use std::collections::{BTreeMap, HashSet};

use super::sample::Sample;
use crate::click::mapping::{EventDecoder, EventFault, HeaderError, Place, StreamId};
use crate::click::{Click, DecodeError, Timestamp, UNKNOWN};
use crate::text::excerpt;

/// The clicks that are shown.
const FIRST: usize = 5;
/// The longest example of a rejected event, in characters.
const EXAMPLE_CHARS: usize = 120;

/// What a mapping makes of the sampled events.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Clicks in all.
    pub clicks: usize,
    /// Events that the conditions left out.
    pub left_out: usize,
    /// Events that are no clicks.
    pub rejected: usize,
    /// The first clicks, each with its nine fields as text.
    pub first: Vec<[String; 9]>,
    /// Why events are no clicks, the most frequent reason first.
    pub reasons: Vec<Rejection>,
    /// The first and the last time.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Different users.
    pub users: usize,
    /// Different urls.
    pub urls: usize,
    /// Clicks of each known country, the most frequent first.
    pub countries: Vec<(String, usize)>,
}

/// A reason for which events are no clicks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The reason.
    pub reason: String,
    /// The events.
    pub count: usize,
    /// The beginning of the first such event, safe to print.
    pub example: String,
}

/// Decodes every event of the sample.
///
/// # Errors
/// The header of the file does not fit the mapping.
pub fn judge(sample: &Sample, decoder: &mut EventDecoder) -> Result<Judged, HeaderError> {
    if let Some(header) = sample.header.as_deref().filter(|_| decoder.needs_header()) {
        decoder.set_header(header)?;
    }
    let mut judged = Judged::default();
    let mut users = HashSet::new();
    let mut urls = HashSet::new();
    let mut countries = BTreeMap::<String, usize>::new();
    let mut reasons = BTreeMap::<String, (usize, String)>::new();
    let stream = StreamId::of_file(sample.records.first().map_or(b"", Vec::as_slice));
    for (number, record) in (0..).zip(&sample.records) {
        let left_out = decoder.decode_each(record, Place { stream, number }, &mut |decoded| match decoded {
            Ok(click) => {
                judged.click(&click);
                users.insert(click.user_id.to_owned());
                urls.insert(click.url.to_owned());
                if click.country != UNKNOWN {
                    *countries.entry(click.country.to_owned()).or_default() += 1;
                }
            }
            Err(error) => {
                judged.rejected += 1;
                let example = || excerpt(&String::from_utf8_lossy(record), EXAMPLE_CHARS).into_owned();
                reasons.entry(reason(&error)).or_insert_with(|| (0, example())).0 += 1;
            }
        });
        judged.left_out += usize::try_from(left_out).unwrap_or(usize::MAX);
    }
    (judged.users, judged.urls) = (users.len(), urls.len());
    judged.countries = countries.into_iter().collect();
    judged.countries.sort_by_key(|(_, clicks)| std::cmp::Reverse(*clicks));
    let rejection = |(reason, (count, example))| Rejection { reason, count, example };
    judged.reasons = reasons.into_iter().map(rejection).collect();
    judged.reasons.sort_by_key(|rejection| std::cmp::Reverse(rejection.count));
    Ok(judged)
}

impl Judged {
    fn click(&mut self, click: &Click<'_>) {
        self.clicks += 1;
        let time = click.timestamp;
        self.times = Some(self.times.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        if self.first.len() < FIRST {
            let time = time.to_string();
            let fields = [
                click.click_id,
                click.user_id,
                &time,
                click.url,
                click.country,
                click.city,
                click.browser,
                click.os,
                click.device,
            ];
            self.first.push(fields.map(str::to_owned));
        }
    }
}

/// The reason without what differs from event to event, so that equal reasons count together.
fn reason(error: &DecodeError) -> String {
    match error {
        DecodeError::Timestamp { reason, .. } => format!("the timestamp {reason}"),
        DecodeError::Json { .. } => "not valid JSON".to_owned(),
        DecodeError::Utf8 { .. } => "not UTF-8".to_owned(),
        DecodeError::TooLong { limit, .. } => format!("longer than {limit} bytes"),
        DecodeError::FieldTooLong { field, limit, setting, .. } => {
            format!("`{field}` is longer than the {limit} bytes that {setting} allows")
        }
        DecodeError::Event(fault) => match fault.as_ref() {
            EventFault::Time { reason, .. } => format!("the timestamp {reason}"),
            EventFault::Request { part, setting, .. } => {
                format!("the request is not like `GET /path HTTP/1.1`, so it has no {part} ({setting})")
            }
            fault => fault.to_string(),
        },
        error => error.to_string(),
    }
}
