//! Whether an element of an array is the one that `[key=text]` names.

use super::json_scan::{Scan, Stop};
use super::trie::Selected;
use crate::click::json::unescape;

/// Whether the first member `key` of an object, which is valid JSON, is the wanted text.
pub(super) fn is_selected(object: &str, selected: &Selected) -> bool {
    let Ok(Some(json)) = member(object, &selected.key) else { return false };
    match json.strip_prefix('"').and_then(|json| json.strip_suffix('"')) {
        Some(text) if !text.contains('\\') => *text == *selected.text,
        Some(_) => is_text(json, &selected.text),
        None => *json == *selected.text,
    }
}

/// The first member of an object with this name.
fn member<'a>(object: &'a str, key: &str) -> Result<Option<&'a str>, Stop> {
    let mut scan = Scan::new(object);
    scan.kind()?;
    let mut more = scan.enter(b'}')?;
    while more {
        let (name, escaped) = scan.name()?;
        let is_key = if escaped { is_name(name, key) } else { name == key.as_bytes() };
        scan.kind()?;
        let start = scan.position();
        scan.skip()?;
        if is_key {
            return Ok(Some(scan.since(start)));
        }
        more = scan.more(b'}')?;
    }
    Ok(None)
}

/// Whether a name with escapes is this one.
#[cold]
fn is_name(name: &[u8], key: &str) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| is_text(&format!("\"{name}\""), key))
}

/// Whether a JSON string with escapes is this text.
#[cold]
fn is_text(json: &str, wanted: &str) -> bool {
    let mut text = String::new();
    unescape(json, &mut text).is_some() && text == wanted
}
