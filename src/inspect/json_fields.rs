//! The fields of a JSON event, each under the path that a mapping names.

use serde_json::{Map, Value};

use super::stats::Fields;
use crate::click::mapping::Source;

/// How deep an event is looked into.
const MAX_DEPTH: usize = 8;
/// The most elements of an array that are looked at.
const MAX_ELEMENTS: usize = 100;

/// Adds the fields of one event.
pub fn add(fields: &mut Fields, event: &Map<String, Value>) {
    Walk { fields, depth: 0, in_each: false }.members("", event);
}

struct Walk<'a> {
    fields: &'a mut Fields,
    depth: usize,
    /// Whether the path passes through an array whose elements are the events. Only one may.
    in_each: bool,
}

impl Walk<'_> {
    fn members(&mut self, prefix: &str, members: &Map<String, Value>) {
        for (name, value) in members {
            let path = match prefix {
                "" => member(name),
                prefix => format!("{prefix}.{}", member(name)),
            };
            self.value(&path, value);
        }
    }

    fn value(&mut self, path: &str, value: &Value) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match value {
            Value::Null => self.scalar(path, ""),
            Value::Bool(truth) => self.scalar(path, &truth.to_string()),
            Value::Number(number) => self.scalar(path, &number.to_string()),
            Value::String(text) => self.scalar(path, text),
            Value::Object(members) => self.members(path, members),
            Value::Array(elements) => self.array(path, elements),
        }
        self.depth -= 1;
    }

    fn scalar(&mut self, path: &str, text: &str) {
        self.fields.add(path, text, || Source::Field(path.to_owned()));
    }

    fn array(&mut self, path: &str, elements: &[Value]) {
        let objects: Option<Vec<&Map<String, Value>>> = elements.iter().map(Value::as_object).collect();
        let Some(objects) = objects.filter(|objects| !objects.is_empty()) else {
            return elements.first().into_iter().for_each(|first| self.value(&format!("{path}[0]"), first));
        };
        if let Some(key) = key_of(&objects) {
            for object in objects.iter().take(MAX_ELEMENTS) {
                let Some(name) = object.get(key).and_then(Value::as_str).filter(|name| !name.is_empty()) else {
                    continue;
                };
                for (member_name, value) in object.iter().filter(|(name, _)| *name != key) {
                    self.value(&format!("{path}[{key}={}].{}", term(name), member(member_name)), value);
                }
            }
        } else if self.in_each {
            objects.first().into_iter().for_each(|first| self.members(&format!("{path}[0]"), first));
        } else {
            self.in_each = true;
            for object in objects.iter().take(MAX_ELEMENTS) {
                self.members(&format!("{path}[]"), object);
            }
            self.in_each = false;
        }
    }
}

/// The member that names the elements of a list of names and values: each element has this member and one other, and no name
/// comes twice.
fn key_of(objects: &[&Map<String, Value>]) -> Option<&'static str> {
    ["key", "name"].into_iter().find(|key| {
        let mut names: Vec<&str> =
            objects.iter().filter_map(|object| object.get(*key).and_then(Value::as_str)).collect();
        let complete = names.len() == objects.len() && objects.iter().all(|object| object.len() == 2);
        names.sort_unstable();
        complete && names.windows(2).all(|pair| pair.first() != pair.last())
    })
}

/// `name` as a part of a path.
pub fn member(name: &str) -> String {
    let is_plain = !name.is_empty() && !name.contains(['.', '[', ']', '"']);
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// `text` as the right side of `[key=text]`.
fn term(text: &str) -> String {
    if text.contains([']', '"']) { quoted(text) } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_that_a_mapping_names() {
        let event = serde_json::json!({
            "a": 1, "b": {"c.d": "x", "e": null},
            "params": [{"key": "page", "value": {"text": "/"}}, {"key": "id]", "value": {"text": "7"}}],
            "actions": [{"url": "/1", "tags": [{"x": 1, "y": 2, "z": 3}]}, {"url": "/2"}],
            "headers": {"User-Agent": ["curl/8"]},
            "empty": [],
        });
        let mut fields = Fields::default();
        fields.next_event();
        add(&mut fields, event.as_object().unwrap());
        let mut labels: Vec<&str> = fields.iter().map(|field| field.label.as_str()).collect();
        labels.sort_unstable();
        let mut expected = [
            "a",
            "b.\"c.d\"",
            "b.e",
            "params[key=page].value.text",
            "params[key=\"id]\"].value.text",
            "actions[].url",
            "actions[].tags[0].x",
            "actions[].tags[0].y",
            "actions[].tags[0].z",
            "headers.User-Agent[0]",
        ];
        expected.sort_unstable();
        assert_eq!(labels, expected);
        let url = fields.named("actions[].url").unwrap();
        assert_eq!((url.filled, url.seen), (1, 2));
        assert_eq!(fields.named("b.e").unwrap().filled, 0);
    }
}
