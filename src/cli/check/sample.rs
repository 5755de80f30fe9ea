//! Reads the newest messages of a topic, and reports what is odd about them.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::cli::frames::{Frames, Unframed};
use crate::click::mapping::{EventDecoder, Place, StreamId};
use crate::click::{ForeignFormat, Timestamp};
use crate::engine::local::stages::ingest::batch_refusal;
use crate::engine::local::stages::ingest::plausibility::{SAMPLE, Sample};
use crate::text::{counted, grouped, plural};

/// Messages that were read for a look at their format.
pub(super) struct Looked {
    decoder: EventDecoder,
    sample: Sample,
    messages: usize,
    rejected: usize,
    /// Messages with an event that the conditions leave out.
    left_out: usize,
    /// Why the first of those that are no clicks is none.
    reason: String,
    foreign: BTreeMap<&'static str, (usize, ForeignFormat)>,
    /// Opens messages with a schema.
    frames: Option<Frames>,
    /// What schemas lack.
    lacks: Vec<String>,
    /// Messages whose schema the registry did not tell.
    unread: usize,
}

impl Looked {
    pub(super) fn new(decoder: EventDecoder, frames: Option<Frames>) -> Self {
        Self {
            decoder,
            frames,
            lacks: Vec::new(),
            unread: 0,
            sample: Sample::new(Timestamp::now()),
            messages: 0,
            rejected: 0,
            left_out: 0,
            reason: String::new(),
            foreign: BTreeMap::new(),
        }
    }

    /// The number of messages that it wants.
    pub(super) fn wanted(&self) -> usize {
        SAMPLE
    }

    pub(super) fn add(&mut self, payload: &[u8]) {
        let Some(frames) = &mut self.frames else { return self.add_text(payload) };
        match frames.open(payload) {
            Ok(Unframed::Text(text)) => return self.add_text(&text),
            Ok(Unframed::Refused(reason)) => {
                self.rejected += 1;
                if self.reason.is_empty() {
                    self.reason = reason;
                }
            }
            Ok(Unframed::LeftOut(line)) => {
                self.left_out += 1;
                self.lacks.extend(line);
            }
            // Another line tells of the registry.
            Err(_) => {
                self.unread += 1;
                self.frames = None;
            }
        }
        self.messages += 1;
    }

    fn add_text(&mut self, payload: &[u8]) {
        let place = Place { stream: StreamId::of_file(b""), number: self.messages as u64 };
        self.messages += 1;
        let (sample, mut error) = (&mut self.sample, None);
        let left_out = self.decoder.decode_each(payload, place, &mut |decoded| match decoded {
            Ok(click) => sample.add(&click),
            Err(broken) => {
                error.get_or_insert(broken);
            }
        });
        self.left_out += usize::from(left_out > 0);
        let Some(error) = error else { return };
        self.rejected += 1;
        // Ingest reads the same notice in place of a batch that it refused.
        let refusal = batch_refusal(payload);
        let detect = match self.decoder {
            EventDecoder::Nine(_) => ForeignFormat::detect,
            EventDecoder::Mapped(_) => ForeignFormat::detect_beside_mapping,
        };
        match detect(payload).filter(|_| refusal.is_none()) {
            Some(format) => self.foreign.entry(format.kind()).or_insert((0, format)).0 += 1,
            None if self.reason.is_empty() => self.reason = refusal.unwrap_or_else(|| error.to_string()),
            None => {}
        }
    }

    /// Warnings about them, a line each; they are messages of `topic`.
    pub(super) fn warnings(&self, topic: &str) -> Vec<String> {
        let newest = format!("of the newest {}", counted(self.messages, "message", "messages"));
        let mut warnings: Vec<String> = self
            .foreign
            .values()
            .map(|(count, format)| {
                format!("{} {newest} {} like {format}", grouped(count), plural(*count, "looks", "look"))
            })
            .collect();
        let others = self.rejected - self.foreign.values().map(|(count, _)| count).sum::<usize>();
        if others > 0 {
            warnings.push(format!(
                "{} {newest} {}, for example: {}",
                grouped(others),
                plural(others, "is no click", "are no clicks"),
                self.reason
            ));
        }
        if self.rejected * 2 > self.messages {
            warnings.push(format!(
                "most {newest} are no clicks: `clicktop inspect --topic {topic}` finds the settings for other events"
            ));
        }
        if self.left_out > 0 && self.left_out == self.messages && self.lacks.is_empty() {
            warnings.push(format!("events.where leaves out all {newest}"));
        }
        warnings.extend(self.lacks.iter().cloned());
        warnings.extend(self.sample.oddities().into_iter().map(|oddity| oddity.text));
        warnings
    }
}

/// The offset in each partition of `held` at which to begin, so that `wanted` messages are read in all, or all there are. Each
/// partition gives as many as the others, or all that it has.
pub(super) fn begins(held: &[(i32, Range<i64>)], wanted: usize) -> Vec<i64> {
    let length = |offsets: &Range<i64>| offsets.end.saturating_sub(offsets.start);
    let mut lengths: Vec<i64> = held.iter().map(|(_, offsets)| length(offsets)).collect();
    lengths.sort_unstable();
    let mut left = i64::try_from(wanted).unwrap_or(i64::MAX);
    let mut share = left;
    for (longer, length) in (1..=lengths.len()).rev().zip(&lengths) {
        // The longer partitions make up for a short one.
        share = i64::try_from(longer).map_or(0, |longer| left.saturating_add(longer - 1) / longer);
        if share < *length {
            break;
        }
        left = left.saturating_sub(*length);
    }
    held.iter().map(|(_, offsets)| offsets.start.max(offsets.end.saturating_sub(share))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::{FieldLimits, Format};
    use crate::engine::local::stages::ingest::plausibility::LEAST;

    #[test]
    fn what_is_no_click_and_what_is_odd_is_said() {
        let mut looked = Looked::new(EventDecoder::new(None, Format::Auto, FieldLimits::default()), None);
        assert_eq!(looked.warnings("clicks"), [""; 0]);
        for at in 0..LEAST {
            looked.add(format!("c{at},u{},1970-01-01T00:00:00Z,/,FR,,,,", at % 9).as_bytes());
        }
        looked.add(b"\x1f\x8b\x08\0");
        looked.add(b"\x1f\x8b\x08\0");
        looked.add(b"hello");
        let warnings = looked.warnings("clicks");
        let [gzip, other, times] = warnings.as_slice() else { panic!("{warnings:#?}") };
        assert!(gzip.starts_with("2 of the newest 203 messages look like gzip"), "{gzip}");
        assert!(
            other.starts_with("1 of the newest 203 messages is no click, for example: 1 CSV field instead"),
            "{other}"
        );
        assert!(times.starts_with("200 of the first 200 clicks are older than 1995"), "{times}");
    }
}
