//! Puts everything together: what the events are, and a mapping for them.

use std::num::NonZeroUsize;

use super::form::Written;
use super::guess::{Guess, guess};
use super::sample::{Sample, fields, first_value};
use super::shapes::{SNOWPLOW, is_snowplow, known};
use super::stats::Fields;
use crate::click::mapping::{EventDecoder, Form, Mapping, Place, StreamId};
use crate::click::{FieldLimits, Format};
use crate::config::preset_mapping;

/// What sampled events are, and a mapping for them.
#[derive(Clone, Debug)]
pub struct Looked {
    /// How they are written.
    pub written: Written,
    /// Their fields.
    pub fields: Fields,
    /// Where the mapping comes from.
    pub found: Found,
}

/// Where a mapping comes from.
#[derive(Clone, Debug)]
pub enum Found {
    /// They are clicks of clicktop's own nine fields and need no mapping.
    Nine,
    /// They are a known clickstream.
    Known {
        /// The preset for it.
        preset: &'static str,
        /// What it is.
        name: &'static str,
        /// The preset's mapping.
        mapping: Mapping,
    },
    /// The mapping is guessed.
    Guessed(Guess),
}

/// Looks at the sampled events.
pub fn look(sample: &Sample, written: Written) -> Looked {
    let fields = fields(sample, &written);
    let found = known_preset(sample, &written, &fields)
        .and_then(|(preset, name)| Some(Found::Known { preset, name, mapping: preset_mapping(preset)? }))
        .or_else(|| are_nine(sample, &written).then_some(Found::Nine))
        .unwrap_or_else(|| Found::Guessed(guessed(&written, &fields)));
    Looked { written, fields, found }
}

fn known_preset(sample: &Sample, written: &Written, fields: &Fields) -> Option<(&'static str, &'static str)> {
    match written {
        Written::Combined => Some(("combined", "an access log of Apache or NGINX")),
        Written::W3c => {
            let has = |name: &str| fields.named(name).is_some();
            ["date", "time", "cs-uri-stem", "c-ip"]
                .into_iter()
                .all(has)
                .then_some(("w3c", "a log of IIS or CloudFront"))
        }
        Written::Separated(found) if !found.has_header => {
            let event_id = first_value(sample, written, NonZeroUsize::new(7)?)?;
            is_snowplow(found.width, &event_id).then_some(SNOWPLOW)
        }
        Written::Separated(_) | Written::Json => known(fields),
    }
}

/// Whether most records are clicks of clicktop's own nine fields.
fn are_nine(sample: &Sample, written: &Written) -> bool {
    if sample.header.is_some() || matches!(written.form(), Form::Tsv | Form::Combined | Form::W3c) {
        return false;
    }
    let mut decoder = EventDecoder::new(None, Format::Auto, FieldLimits::default());
    let mut clicks = 0;
    let stream = StreamId::of_file(b"");
    for (number, record) in (0..).zip(&sample.records) {
        decoder.decode_each(record, Place { stream, number }, &mut |decoded| clicks += usize::from(decoded.is_ok()));
    }
    clicks * 2 > sample.records.len()
}

fn guessed(written: &Written, fields: &Fields) -> Guess {
    let mut guess = guess(fields);
    guess.mapping.form = written.form();
    if let Written::Separated(found) = written
        && guess.mapping.form == Form::Csv
        && found.separator != ','
    {
        guess.mapping.separator = Some(found.separator);
    }
    guess
}
