//! What becomes of a url: parts of it are removed or written in lower case. Nothing else changes, so percent-encoded text stays as it is.

use std::ops::Range;

use memchr::memchr;

use super::model::{Query, UrlRules};
use crate::click::fields::Piece;

/// Where the parts of a url lie.
struct Parts {
    /// The host, with user and port. Empty if there is none.
    authority: Range<usize>,
    /// Where the path begins.
    path: usize,
    /// Where the query begins, at its `?`.
    query: usize,
    /// Where the fragment begins, at its `#`.
    fragment: usize,
    end: usize,
}

impl Parts {
    fn of(url: &str) -> Self {
        let end = url.len();
        let bytes = url.as_bytes();
        let fragment = memchr(b'#', bytes).unwrap_or(end);
        let before = bytes.get(..fragment).unwrap_or_default();
        let query = memchr(b'?', before).unwrap_or(fragment);
        let before = bytes.get(..query).unwrap_or_default();
        let start = match memchr(b'/', before) {
            Some(0) if before.starts_with(b"//") => 2,
            Some(slash) if is_scheme(before.get(..slash)) && before.get(slash + 1) == Some(&b'/') => slash + 2,
            _ => return Self { authority: 0..0, path: 0, query, fragment, end },
        };
        let path = memchr(b'/', before.get(start..).unwrap_or_default()).map_or(query, |at| start + at);
        Self { authority: start..path, path, query, fragment, end }
    }
}

/// Whether `text` is a scheme with its colon, such as `https:`.
fn is_scheme(text: Option<&[u8]>) -> bool {
    let Some([first, rest @ .., b':']) = text else { return false };
    first.is_ascii_alphabetic() && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
}

/// Whether the rules change nothing.
pub(super) fn change_nothing(rules: &UrlRules) -> bool {
    *rules == UrlRules::default()
}

/// The url by the rules. It is borrowed if it is one piece of the old one. `buffer` is empty before and after.
pub(super) fn apply<'a>(rules: &UrlRules, url: Piece<'a>, scratch: &mut String, buffer: &mut String) -> Piece<'a> {
    let text = url.text(scratch);
    let at = |range: Range<usize>| text.get(range).unwrap_or_default();
    let parts = Parts::of(text);
    let query = at(parts.query..parts.fragment);
    let kept = match &rules.query {
        Query::Keep => Kept::All,
        Query::Drop => Kept::None,
        Query::Only(names) => Kept::of(query, names),
    };
    let start = if rules.path_only { parts.path } else { 0 };
    let needs_slash = rules.path_only && parts.path == parts.query && !parts.authority.is_empty();
    let host = host(at(parts.authority.clone()), parts.authority.start);
    let lowers = rules.lower_case_host && !rules.path_only && at(host.clone()).bytes().any(|b| b.is_ascii_uppercase());
    let end = if rules.drop_fragment { parts.fragment } else { parts.end };
    // The parts that stay are one piece, unless something before the last of them is changed.
    let is_one = match kept {
        Kept::All => true,
        Kept::None => query.is_empty() || end == parts.fragment,
        Kept::Some => false,
    };
    if is_one && !needs_slash && !lowers {
        let end = if matches!(kept, Kept::None) && end == parts.fragment { parts.query } else { end };
        return piece_of(url, start..end);
    }
    if needs_slash {
        buffer.push('/');
    }
    if lowers {
        buffer.push_str(at(start..host.start));
        buffer.extend(at(host.clone()).chars().map(|c| c.to_ascii_lowercase()));
        buffer.push_str(at(host.end..parts.query));
    } else {
        buffer.push_str(at(start..parts.query));
    }
    match (kept, &rules.query) {
        (Kept::All, _) => buffer.push_str(query),
        (Kept::Some, Query::Only(names)) => push_listed(query, names, buffer),
        _ => {}
    }
    buffer.push_str(at(parts.fragment..end));
    let from = scratch.len();
    scratch.push_str(buffer);
    buffer.clear();
    Piece::Scratch { start: from, end: scratch.len() }
}

/// The range of the host in the authority, which begins at `start`.
fn host(authority: &str, start: usize) -> Range<usize> {
    let from = authority.rfind('@').map_or(0, |at| at + 1);
    // The digits of a port have no case.
    start + from..start + authority.len()
}

/// A part of a piece.
fn piece_of(piece: Piece<'_>, range: Range<usize>) -> Piece<'_> {
    match piece {
        Piece::Message(text) => Piece::Message(text.get(range).unwrap_or_default()),
        Piece::Scratch { start, .. } => Piece::Scratch { start: start + range.start, end: start + range.end },
    }
}

/// What stays of a query.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    All,
    Some,
    None,
}

impl Kept {
    /// What stays of `query`, with its `?`, if only the parameters with these names do.
    fn of(query: &str, names: &[String]) -> Self {
        let (mut all, mut none) = (true, true);
        for parameter in parameters(query) {
            if is_listed(parameter, names) {
                none = false;
            } else {
                all = false;
            }
        }
        match (none, all) {
            (true, _) => Self::None,
            (_, true) => Self::All,
            _ => Self::Some,
        }
    }
}

/// The parameters of a query with its `?`.
fn parameters(query: &str) -> impl Iterator<Item = &str> {
    query.strip_prefix('?').unwrap_or_default().split('&')
}

/// Whether the name of a parameter, as it is written, is one of `names`.
fn is_listed(parameter: &str, names: &[String]) -> bool {
    let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
    names.iter().any(|listed| listed == name)
}

/// Appends the parameters with these names, in the order of the url.
fn push_listed(query: &str, names: &[String], out: &mut String) {
    let listed = parameters(query).filter(|parameter| is_listed(parameter, names));
    for (number, parameter) in listed.enumerate() {
        out.push(if number == 0 { '?' } else { '&' });
        out.push_str(parameter);
    }
}
