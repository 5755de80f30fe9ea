//! Tells whether a refusal concerns the index, which somebody must repair while all documents wait, or a single document, which is
//! rejected.

use serde_json::Value;

/// The type of an error, a part of its reason, and what to do. These errors concern the index, whatever is in a document.
const INDEX_ERRORS: [(&str, &str, &str); 12] = [
    ("cluster_block_exception", "flood-stage", "free the engine's disk: then it lifts the block itself"),
    ("cluster_block_exception", "cluster read-only", "lift the block: set cluster.blocks.read_only to false"),
    (
        "cluster_block_exception",
        "",
        "lift the block: set index.blocks.write, or the one that is named, to false in the index's settings",
    ),
    ("index_closed_exception", "", "open the index (POST INDEX/_open)"),
    ("index_not_found_exception", "", "clicktop creates the index and fills it again at the next try"),
    (
        "routing_missing_exception",
        "",
        "the index's mapping requires a _routing, which clicktop does not send: set index.name to another index, or \
         create this one again without it",
    ),
    ("illegal_argument_exception", "no write index", WRITE_INDEX),
    ("illegal_argument_exception", "more than one ind", WRITE_INDEX),
    (
        "illegal_argument_exception",
        "op_type of create",
        "it is a data stream, whose documents cannot be replaced: set index.name to an index",
    ),
    (
        "illegal_argument_exception",
        "creates data streams only",
        "a template makes a data stream of that name, whose documents cannot be replaced: set index.name to another",
    ),
    (
        "illegal_argument_exception",
        "pipeline with id",
        "create that ingest pipeline, or take it out of the index's settings",
    ),
    ("strict_dynamic_mapping_exception", "", MAPPING),
];

const WRITE_INDEX: &str = "give the alias a write index (is_write_index), or set index.name to one index";

/// The advice for an index that refuses every document.
pub(super) const MAPPING: &str = "correct the index's mapping or settings, or set index.name to another index";

/// The advice if an error with a status of 4xx concerns the index and not a document.
pub(super) fn of_the_index(error: &Value) -> Option<&'static str> {
    let reasons = reasons(error);
    let found = INDEX_ERRORS.iter().find(|(kind, part, _)| is_type(error, kind) && reasons.contains(part));
    found.map(|(_, _, advice)| *advice)
}

/// The reasons of the error and of its root causes, in one text.
fn reasons(error: &Value) -> String {
    let roots = error.get("root_cause").and_then(Value::as_array).into_iter().flatten();
    std::iter::once(error).chain(roots).filter_map(|error| error.get("reason").and_then(Value::as_str)).collect()
}

/// Whether the error's type, or that of its first root cause, is `wanted`.
pub(super) fn is_type(error: &Value, wanted: &str) -> bool {
    let roots = error.get("root_cause").and_then(Value::as_array).into_iter().flatten();
    std::iter::once(error).chain(roots).any(|error| error.get("type").and_then(Value::as_str) == Some(wanted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_of_the_index_are_distinguished_from_those_of_a_document() {
        // The texts of Elasticsearch 8 and 9 and OpenSearch 2 and 3.
        for (kind, reason, advice) in [
            ("cluster_block_exception", "index [c] blocked by: [FORBIDDEN/8/index write (api)];", "index.blocks.write"),
            ("cluster_block_exception", "index [c] blocked by: [FORBIDDEN/5/index read-only (api)];", "index.blocks"),
            (
                "cluster_block_exception",
                "blocked by: [FORBIDDEN/6/cluster read-only (api)];",
                "cluster.blocks.read_only",
            ),
            (
                "cluster_block_exception",
                "index [c] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has \
                 read-only-allow-delete block];",
                "disk",
            ),
            ("index_closed_exception", "closed", "_open"),
            ("index_not_found_exception", "no such index [c] and [action.auto_create_index] is [false]", "creates"),
            ("routing_missing_exception", "routing is required for [c]/[88af27c9]", "_routing"),
            (
                "illegal_argument_exception",
                "no write index is defined for alias [c]. The write index may",
                "write index",
            ),
            (
                "illegal_argument_exception",
                "only write ops with an op_type of create are allowed in data streams",
                "data stream",
            ),
            (
                "illegal_argument_exception",
                "cannot create index with name [c], because it matches with template [t] that creates data streams only",
                "a template",
            ),
            ("illegal_argument_exception", "pipeline with id [nope] does not exist", "ingest pipeline"),
            ("strict_dynamic_mapping_exception", "mapping set to strict, dynamic introduction of [x]", "mapping"),
        ] {
            let error = json!({"type": kind, "reason": reason});
            let found = of_the_index(&error);
            assert!(found.is_some_and(|found| found.contains(advice)), "{found:?} for {error}");
            let wrapped = json!({"type": "exception", "reason": "see root cause", "root_cause": [error]});
            assert_eq!(of_the_index(&wrapped), found, "{wrapped}");
        }
        for (kind, reason) in [
            ("document_parsing_exception", "[1:8] failed to parse field [url] of type [keyword]"),
            ("mapper_parsing_exception", "failed to parse field [clicks] of type [long]"),
            ("illegal_argument_exception", "Document contains at least one immense term in field=\"url\""),
            ("fail_processor_exception", "no shoes"),
            ("version_conflict_engine_exception", "version conflict"),
        ] {
            assert_eq!(of_the_index(&json!({"type": kind, "reason": reason})), None, "{kind}");
        }
        for nonsense in [json!(null), json!("closed"), json!({"type": 1}), json!([])] {
            assert_eq!(of_the_index(&nonsense), None, "{nonsense}");
        }
    }
}
