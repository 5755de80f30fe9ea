//! From the settings of `[events]` to a mapping, and which of them fit together.

use super::check::Check;
use super::events::EventSettings;
use super::kafka::KafkaSettings;
use super::preset_layer::preset_mapping;
use super::presets::NINE;
use crate::click::Format;
use crate::click::mapping::{Form, Mapping};

impl EventSettings {
    /// The mapping; `None` if the events are clicks as clicktop itself writes them, which need none.
    pub fn mapping(&self) -> Option<Mapping> {
        let mapping = self.as_mapping();
        let own = [Some(Mapping::default()), preset_mapping(NINE)];
        let is_own = own.into_iter().flatten().any(|own| {
            let form = if matches!(mapping.form, Form::Csv | Form::Json) { mapping.form } else { own.form };
            mapping == Mapping { form, ..own }
        });
        (!is_own).then_some(mapping)
    }

    /// The format that `events.form` names, for events that need no mapping.
    pub fn format(&self) -> Format {
        match self.form {
            Form::Csv => Format::Csv,
            Form::Json => Format::Json,
            Form::Auto | Form::Tsv | Form::Combined | Form::W3c => Format::Auto,
        }
    }

    /// The format of messages that need no mapping: the one that `kafka.format` names, else that of `events.form`.
    pub fn own_format(&self, kafka: &KafkaSettings) -> Format {
        match kafka.format {
            Format::Auto => self.format(),
            format => format,
        }
    }

    pub(super) fn validate(&self, kafka: &KafkaSettings, check: &mut Check<'_>) {
        let Some(mapping) = self.mapping() else {
            if matches!((kafka.format, self.form), (Format::Csv, Form::Json) | (Format::Json, Form::Csv)) {
                check.refuse("kafka.format", "and events.form name different formats; keep one");
            }
            return;
        };
        if kafka.format != Format::Auto {
            let reason =
                "is for clicktop's own nine fields; with a mapping, set events.form instead, and this to \"auto\"";
            check.refuse("kafka.format", reason);
        }
        let fields = &mapping.fields;
        let mut is_whole = true;
        for (key, what, source) in [
            ("events.user_id", "the user", &fields.user_id),
            ("events.timestamp", "the time", &fields.timestamp),
            ("events.url", "the url", &fields.url),
        ] {
            if source.is_none() {
                let reason = format!(
                    "is not set, and a mapping needs it: name the field that holds {what}; `clicktop inspect` shows the fields"
                );
                check.refuse(key, reason);
                is_whole = false;
            }
        }
        if let Some(error) = mapping.compile().err().filter(|_| is_whole) {
            check.refuse(&error.setting, error.reason);
        }
    }
}
