//! The mapping of the index, and the check whether an existing index fits.

use serde_json::{Map, Value, json};

/// The version of the mapping, which is stored in its `_meta`.
const VERSION: u64 = 1;

/// Lucene refuses a term of more than 32,766 bytes, and with it the whole document. A character takes up to four bytes. Longer texts are
/// stored and returned, but a search for a part of them does not find them.
const MAX_KEYWORD_CHARS: u32 = 8191;

/// Each field with the type that it is created with, and every type that accepts its values.
const FIELDS: [(&str, &str, &[&str]); 8] = [
    ("url", "keyword", &["keyword", "wildcard"]),
    ("country", "keyword", &["keyword", "wildcard"]),
    ("clicks", "long", &["long", "unsigned_long"]),
    ("unique_users", "long", &["long", "unsigned_long"]),
    ("avg_time_spent", "double", &["double", "float"]),
    ("first_seen", "date", &["date", "date_nanos"]),
    ("last_seen", "date", &["date", "date_nanos"]),
    ("updated_at", "date", &["date", "date_nanos"]),
];

/// The body that creates the index.
///
/// A search for a part of a url is a `wildcard` query on the `keyword` field. There are two alternatives. OpenSearch before 2.15 does not
/// have the `wildcard` field type. An n-gram field takes some ten times the space, slows down every write and cannot find parts that are
/// shorter than its grams, and minimal distributions do not include its analyzer. A wildcard query takes one pass over the distinct
/// urls, only when somebody searches; it ignores the case of exactly the ASCII letters, and works the same in every version.
///
/// With `dynamic: false`, fields that an ingest pipeline adds to documents are stored and change nothing.
pub(super) fn creation() -> Value {
    let field = |kind: &str| match kind {
        "keyword" => json!({"type": kind, "ignore_above": MAX_KEYWORD_CHARS}),
        _ => json!({"type": kind}),
    };
    let properties: Map<String, Value> =
        FIELDS.iter().map(|(name, kind, _)| ((*name).to_owned(), field(kind))).collect();
    json!({
        "mappings": {
            "dynamic": false,
            "_meta": {"clicktop": {"mapping_version": VERSION}},
            "properties": properties,
        }
    })
}

/// Checks the answer to "get mapping".
///
/// # Errors
/// Which field is wrong and what to do, in one line.
pub(super) fn check(answer: &Value) -> Result<(), String> {
    let indices = answer.as_object().filter(|indices| !indices.is_empty());
    let indices = indices.ok_or("the engine did not show its mapping")?;
    indices.iter().try_for_each(|(index, content)| check_index(index, &content["mappings"]))
}

fn check_index(index: &str, mappings: &Value) -> Result<(), String> {
    let advice = "choose another index name, or delete the index and let clicktop create it";
    if let Some(found) = mappings["_meta"]["clicktop"]["mapping_version"].as_u64()
        && found > VERSION
    {
        return Err(format!(
            "index {index} was made by a newer clicktop (mapping {found}; this one reads up to mapping {VERSION}): use that version, or {advice}"
        ));
    }
    if mappings["_source"]["enabled"] == json!(false) {
        return Err(format!("index {index} does not keep _source, which searches read: {advice}"));
    }
    for (name, wanted, accepted) in FIELDS {
        let field = &mappings["properties"][name];
        // A field with subfields and without a type is an object.
        match field["type"].as_str().or_else(|| field.is_object().then_some("object")) {
            Some(kind) if accepted.contains(&kind) => {}
            Some(kind) => {
                return Err(format!("field {name} of index {index} is {kind}, not {wanted}: {advice}"));
            }
            None => return Err(format!("field {name} is missing from the mapping of index {index}: {advice}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(change: impl FnOnce(&mut Value)) -> Value {
        let mut mappings = creation()["mappings"].clone();
        change(&mut mappings);
        json!({"clicks": {"mappings": mappings}})
    }

    #[test]
    fn the_created_mapping_fits() {
        assert_eq!(check(&answer(|_| ())), Ok(()));
    }

    #[test]
    fn the_error_names_the_wrong_field() {
        let text = check(&answer(|m| m["properties"]["url"]["type"] = json!("text"))).unwrap_err();
        assert!(text.starts_with("field url of index clicks is text, not keyword:"), "{text}");
        let object = check(&answer(|m| m["properties"]["country"] = json!({"properties": {}}))).unwrap_err();
        assert!(object.starts_with("field country of index clicks is object"), "{object}");
        let missing = check(&answer(|m| m["properties"]["last_seen"] = Value::Null)).unwrap_err();
        assert!(missing.starts_with("field last_seen is missing"), "{missing}");
    }

    #[test]
    fn other_mappings_that_cannot_work_are_refused() {
        let newer = check(&answer(|m| m["_meta"]["clicktop"]["mapping_version"] = json!(2))).unwrap_err();
        assert!(newer.contains("newer clicktop"), "{newer}");
        let sourceless = check(&answer(|m| m["_source"] = json!({"enabled": false}))).unwrap_err();
        assert!(sourceless.contains("_source"), "{sourceless}");
        for nonsense in [json!({}), json!([]), json!(null), json!({"clicks": 1})] {
            assert!(check(&nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_mapping_made_by_hand_with_accepted_types_fits() {
        let made = answer(|m| {
            m["_meta"] = Value::Null;
            m["properties"]["url"] = json!({"type": "wildcard"});
            m["properties"]["extra"] = json!({"type": "text"});
        });
        assert_eq!(check(&made), Ok(()));
    }
}
