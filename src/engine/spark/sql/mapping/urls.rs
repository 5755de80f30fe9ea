//! What becomes of a url.

use crate::click::mapping::{Query, UrlRules};
use crate::engine::spark::sql::literal::text;
use crate::engine::spark::sql::program::Program;

/// A url: what comes before its authority, the authority, the path, the query with its `?`, and the fragment with its `#`.
const PARTS: &str = r"(?s)\A(?:((?:[A-Za-z][A-Za-z0-9+.-]*+:)?+//)([^/?#]*+))?+([^?#]*+)(\?[^#]*+)?+(#.*)?+\z";

/// Adds columns for the parts of the url `found`. Returns the url by the rules.
pub(super) fn apply(program: &mut Program, rules: &UrlRules, found: &str) -> String {
    let UrlRules { path_only, query, drop_fragment, lower_case_host } = rules;
    let mut part = |name: &str, group: usize| {
        program.define(name, format!("coalesce(regexp_extract({found}, r'{PARTS}', {group}), '')"))
    };
    let (scheme, authority) = (part("scheme", 1), part("authority", 2));
    let (path, asked, fragment) = (part("path", 3), part("query", 4), part("fragment", 5));
    let begin = match (path_only, lower_case_host) {
        (true, _) => format!("IF({path} = '' AND {authority} <> '', '/', '')"),
        (false, false) => format!("{scheme}, {authority}"),
        (false, true) => {
            let (upper, lower) = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz");
            let user = format!("regexp_extract({authority}, r'(?s)\\A.*\\x40', 0)");
            format!("{scheme}, {user}, translate(substring({authority}, length({user}) + 1), '{upper}', '{lower}')")
        }
    };
    let asked = match query {
        Query::Keep => asked,
        Query::Drop => "''".to_owned(),
        Query::Only(names) if names.is_empty() => "''".to_owned(),
        Query::Only(names) => {
            let names: Vec<String> = names.iter().map(|name| text(name)).collect();
            let kept = format!(
                "filter(split(substring({asked}, 2), '&', -1), p -> substring_index(p, '=', 1) IN ({}))",
                names.join(", ")
            );
            format!("get(transform(array({kept}), k -> IF(size(k) = 0, '', concat('?', array_join(k, '&')))), 0)")
        }
    };
    let fragment = if *drop_fragment { "''" } else { &fragment };
    program.define("ruled_url", format!("IF({found} IS NULL, NULL, concat({begin}, {path}, {asked}, {fragment}))"))
}
