//! A mapping as the table `[events]` of a config file.

use toml::Value;

use super::event_serde::{of_conditions, of_query, of_source, of_time_form};
use super::preset_layer::preset_mapping;
use super::toml_text::toml;
use crate::click::mapping::{Form, Mapping, Source};

/// The table `[events]` for `mapping`: only what differs from the preset, if one is named, else from the defaults.
pub fn events_block(preset: Option<&str>, mapping: &Mapping) -> String {
    let base = preset.and_then(preset_mapping).unwrap_or_default();
    let mut lines = vec!["[events]".to_owned()];
    let mut line = |name: &str, value: Value| {
        let value = serde_json::to_value(value).unwrap_or_default();
        lines.push(format!("{name} = {}", toml(&value, "")));
    };
    if let Some(preset) = preset {
        line("preset", Value::from(preset));
    }
    let (now, then) = (entries(mapping), entries(&base));
    for ((name, value), (_, before)) in now.into_iter().zip(then) {
        if value != before {
            line(name, value);
        }
    }
    lines.join("\n") + "\n"
}

/// Each setting with its value; an empty text stands for one that is not set.
fn entries(mapping: &Mapping) -> [(&'static str, Value); 21] {
    let Mapping { form, separator, columns, fields, time, time_zone, conditions, url_rules } = mapping;
    let text = |text: Option<String>| Value::from(text.unwrap_or_default());
    let source = |source: &Option<Source>| source.as_ref().map_or_else(|| Value::from(""), of_source);
    [
        ("form", Value::from(form_name(*form))),
        ("separator", text(separator.map(String::from))),
        ("columns", Value::from(columns.clone())),
        ("click_id", source(&fields.click_id)),
        ("user_id", source(&fields.user_id)),
        ("timestamp", source(&fields.timestamp)),
        ("url", source(&fields.url)),
        ("country", source(&fields.country)),
        ("city", source(&fields.city)),
        ("browser", source(&fields.browser)),
        ("os", source(&fields.os)),
        ("device", source(&fields.device)),
        ("ip", source(&fields.ip)),
        ("user_agent", source(&fields.user_agent)),
        ("time_form", of_time_form(time)),
        ("time_zone", text(time_zone.clone())),
        ("where", of_conditions(conditions)),
        ("url_path_only", Value::Boolean(url_rules.path_only)),
        ("url_query", of_query(&url_rules.query)),
        ("url_fragment", Value::from(if url_rules.drop_fragment { "drop" } else { "keep" })),
        ("url_lower_case_host", Value::Boolean(url_rules.lower_case_host)),
    ]
}

const fn form_name(form: Form) -> &'static str {
    match form {
        Form::Auto => "auto",
        Form::Csv => "csv",
        Form::Tsv => "tsv",
        Form::Json => "json",
        Form::Combined => "combined",
        Form::W3c => "w3c",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::mapping::{Condition, Fields, Query, Test, TimeForm, UrlRules};
    use crate::config::{Sources, load};

    /// The mapping that clicktop reads from a file with this text.
    fn read(text: &str) -> Mapping {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clicktop.toml");
        std::fs::write(&file, text).unwrap();
        load(&Sources { file: Some(file), ..Sources::default() }).unwrap().settings.events.as_mapping()
    }

    #[test]
    fn a_written_mapping_is_read_as_it_was() {
        let field = |name: &str| Source::Field(name.into());
        let mapping = Mapping {
            form: Form::Csv,
            separator: Some(';'),
            columns: ["a", "b.c", "d", "t", "p[key=\"x]\"].v", "ua", "type"].map(String::from).to_vec(),
            fields: Fields {
                click_id: Some(Source::Column(3.try_into().unwrap())),
                user_id: Some(Source::First(vec![field("a"), field("b.c")])),
                timestamp: Some(Source::Join { parts: vec![field("d"), field("t")], with: "T".into() }),
                url: Some(field("p[key=\"x]\"].v")),
                country: Some(Source::Constant("FR".into())),
                user_agent: Some(Source::Hash(vec![field("ua")])),
                ..Fields::default()
            },
            time: TimeForm::Pattern("%d.%m.%Y".into()),
            time_zone: Some("Europe/Paris".into()),
            conditions: vec![Condition { field: field("type"), test: Test::IsNot(vec!["a".into(), "b".into()]) }],
            url_rules: UrlRules { path_only: true, query: Query::Drop, drop_fragment: true, lower_case_host: true },
        };
        assert_eq!(read(&events_block(None, &mapping)), mapping);
    }

    #[test]
    fn beside_a_preset_only_what_differs_is_written() {
        let mut mapping = preset_mapping("segment").unwrap();
        assert_eq!(events_block(Some("segment"), &mapping), "[events]\npreset = \"segment\"\n");
        mapping.fields.city = None;
        mapping.fields.url = Some(Source::Field("properties.path".into()));
        mapping.conditions.clear();
        let block = events_block(Some("segment"), &mapping);
        assert_eq!(block, "[events]\npreset = \"segment\"\nurl = \"properties.path\"\ncity = \"\"\nwhere = []\n");
        assert_eq!(read(&block), mapping);
    }
}
