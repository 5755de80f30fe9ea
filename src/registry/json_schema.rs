//! What a JSON Schema offers to a mapping. Its content needs no decoder.

use serde_json::Value;

use crate::click::mapping::Offered;

/// Keywords that may describe members elsewhere than `properties`.
const ELSEWHERE: [&str; 6] = ["$ref", "allOf", "anyOf", "oneOf", "patternProperties", "if"];

/// The most references that are followed from one place: they may lead in a circle.
const MAX_REFERENCES: usize = 16;

/// What a schema offers at one place. It offers everything where it does not say that it holds nothing else.
pub(super) struct JsonOffered<'s> {
    root: &'s Value,
    at: &'s Value,
}

impl<'s> JsonOffered<'s> {
    /// What the schema `root` offers.
    pub(super) fn new(root: &'s Value) -> Self {
        Self { root, at: behind_references(root, root) }
    }

    fn to(&self, at: &'s Value) -> Self {
        Self { root: self.root, at: behind_references(self.root, at) }
    }
}

/// The place that a `$ref` at `at` leads to, if it stays in the schema.
fn behind_references<'s>(root: &'s Value, mut at: &'s Value) -> &'s Value {
    for _ in 0..MAX_REFERENCES {
        let pointer = at.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        match pointer.and_then(|pointer| root.pointer(pointer)) {
            Some(target) => at = target,
            None => break,
        }
    }
    at
}

impl Offered for JsonOffered<'_> {
    fn member(&self, name: &str) -> Option<Self> {
        if let Some(member) = self.at.get("properties").and_then(|properties| properties.get(name)) {
            return Some(self.to(member));
        }
        let is_closed = self.at.get("additionalProperties") == Some(&Value::Bool(false));
        let is_whole = ELSEWHERE.iter().all(|keyword| self.at.get(keyword).is_none());
        (!(is_closed && is_whole)).then(|| self.to(&Value::Null))
    }

    fn element(&self) -> Option<Self> {
        Some(self.to(self.at.get("items").unwrap_or(&Value::Null)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_closed_schema_lacks_a_member() {
        let schema = json!({
            "type": "object",
            "properties": {"page": {"$ref": "#/$defs/page"}, "tags": {"type": "array", "items": {"$ref": "#/$defs/page"}}},
            "additionalProperties": false,
            "$defs": {
                "page": {"properties": {"url": {"type": "string"}}, "additionalProperties": false},
                "round": {"$ref": "#/$defs/round"},
            },
        });
        let root = JsonOffered::new(&schema);
        assert!(root.member("user").is_none());
        let page = root.member("page").unwrap();
        assert!(page.member("url").is_some() && page.member("path").is_none());
        assert!(root.member("tags").unwrap().element().unwrap().member("path").is_none());
        let open = json!({"properties": {"a": {"type": "object"}}});
        assert!(JsonOffered::new(&open).member("b").unwrap().member("c").is_some());
        assert!(JsonOffered::new(&json!({"$ref": "#"})).member("a").is_some(), "a circle ends");
    }
}
