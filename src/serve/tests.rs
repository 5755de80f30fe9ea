//! The document of the API describes what the routes answer.

use std::collections::BTreeSet;

use serde_json::Value;

use super::router::ROUTES;
use crate::protocol::Snapshot;

fn document() -> Value {
    let text = include_str!("../../docs/openapi.json");
    serde_json::from_str(text).expect("docs/openapi.json is JSON")
}

/// The schema behind a reference.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let path = reference.strip_prefix('#').expect("a reference into the document");
            document.pointer(path).unwrap_or_else(|| panic!("nothing at {reference}"))
        }
        None => schema,
    }
}

/// Whether `value` fits `schema`: types, required members, listed words, and no member that the schema does not know.
fn fits(document: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let schema = resolve(document, schema);
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let fitting = choices.iter().filter(|choice| fits(document, choice, value, path).is_ok()).count();
        return if fitting > 0 { Ok(()) } else { Err(format!("{path}: none of the forms: {value}")) };
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |name: &&str| match *name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{path}: no type {other}"),
    };
    if !types.is_empty() && !types.iter().any(is) {
        return Err(format!("{path}: {value} is not {types:?}"));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        return Err(format!("{path}: {value} is not listed"));
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for (place, item) in items.iter().enumerate() {
            fits(document, schema, item, &format!("{path}[{place}]"))?;
        }
    }
    if let Some(members) = value.as_object() {
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                return Err(format!("{path}: {name} is missing"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, member) in members {
            match properties.and_then(|properties| properties.get(name)) {
                Some(schema) => fits(document, schema, member, &format!("{path}.{name}"))?,
                None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    return Err(format!("{path}: the document does not know {name}"));
                }
                None => {}
            }
        }
    }
    Ok(())
}

#[track_caller]
fn assert_fits(schema: &str, value: &Value) {
    let document = document();
    let schema = serde_json::json!({ "$ref": format!("#/components/schemas/{schema}") });
    fits(&document, &schema, value, "").unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn the_document_has_the_routes_that_there_are() {
    let document = document();
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            assert!(
                operation["summary"].is_string() && operation["responses"]["200"].is_object()
                    || operation["responses"]["202"].is_object()
                    || operation["responses"]["204"].is_object(),
                "{method} {path}"
            );
            described.insert((method.clone(), path.clone()));
        }
    }
    let there: BTreeSet<_> = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, there);
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn walk(document: &Value, value: &Value) {
        resolve(document, value);
        match value {
            Value::Object(members) => members.values().for_each(|member| walk(document, member)),
            Value::Array(items) => items.iter().for_each(|item| walk(document, item)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[test]
fn the_golden_snapshots_are_as_the_document_says() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/protocol/golden");
    let mut read = 0;
    for file in std::fs::read_dir(golden).unwrap() {
        let path = file.unwrap().path();
        let value: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap_or_default();
        if value.get("protocol").is_some() {
            assert_fits("Snapshot", &value);
            read += 1;
        }
    }
    assert!(read > 0, "there are golden snapshots");
    assert_fits("Snapshot", &serde_json::to_value(Snapshot::default()).unwrap());
}

#[test]
fn the_document_and_the_program_agree_on_requests() {
    use crate::protocol::alarm::AlarmId;
    use crate::protocol::question::{PageQuestion, RejectsQuestion, SearchQuestion};
    use crate::protocol::{Command, Question, RemoteWork, StageAction, View};

    let stage = |action| Command::Stage { id: "index".into(), action };
    let commands = [
        stage(StageAction::Start),
        stage(StageAction::Stop),
        stage(StageAction::Restart),
        Command::StartAll,
        Command::StopAll,
        Command::Reset,
        Command::Acknowledge(AlarmId { name: "behind".into(), stage: None }),
        Command::AcknowledgeAll,
        Command::Shutdown,
        Command::ShutdownAnd(RemoteWork::Leave),
    ];
    for command in commands {
        assert_fits("Command", &serde_json::to_value(command).unwrap());
    }
    let questions = [
        Question::Search(SearchQuestion::default()),
        Question::Rejects(RejectsQuestion::default()),
        Question::Page(PageQuestion::default()),
        Question::LastMinute,
        Question::Trends,
        Question::Cluster,
        Question::Rounds,
    ];
    for question in questions {
        assert_fits("Question", &serde_json::to_value(question).unwrap());
    }
    assert_fits("View", &serde_json::to_value(View::default()).unwrap());
    let wrong = serde_json::json!({ "stage": { "id": "index", "action": "explode" } });
    let document = document();
    assert!(fits(&document, &document["components"]["schemas"]["Command"], &wrong, "").is_err(), "the check can fail");
}
