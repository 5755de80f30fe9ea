//! Paths into a JSON object, such as `context.page.url`, `events[0].id` and `event_params[key=page_location].value.string_value`.
//!
//! | part | means |
//! |---|---|
//! | `name` | the member with this name |
//! | `"a.b"` | the member with this name, which is written as a JSON string |
//! | `[0]` | the element with this index, from 0 |
//! | `[key=text]` | the first element that is an object whose member `key` is this text |
//! | `[]` | each element: the message holds one click for each of them |

/// A path into a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Part>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The member with this name.
    Member(Box<str>),
    /// The element with this index.
    Index(usize),
    /// The first element whose member `key` is `text`.
    Where { key: Box<str>, text: Box<str> },
    /// Each element.
    Each,
}

impl Path {
    /// Reads a path. The error continues after the path and "is not a path: ".
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let name;
            (name, rest) = member(rest, parts.is_empty())?;
            parts.push(Part::Member(name));
            while let Some(inner) = rest.strip_prefix('[') {
                let part;
                (part, rest) = element(inner)?;
                if part == Part::Each && parts.contains(&Part::Each) {
                    return Err("it has `[]` twice; only one array can hold the clicks");
                }
                parts.push(part);
            }
            if rest.is_empty() {
                return Ok(Self(parts));
            }
            rest = rest.strip_prefix('.').ok_or("a dot is missing between two names")?;
        }
    }

    /// How many parts come before and with `[]`; `None` if the path has no `[]`.
    pub(super) fn each(&self) -> Option<usize> {
        self.0.iter().position(|part| *part == Part::Each).map(|at| at + 1)
    }
}

/// Reads the name of a member, and what follows.
fn member(text: &str, is_first: bool) -> Result<(Box<str>, &str), &'static str> {
    if text.starts_with('"') {
        return quoted(text);
    }
    let end = text.find(['.', '[', ']', '"']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or_default();
    match rest.chars().next() {
        _ if name.is_empty() && rest.starts_with('[') => Err("a name is missing before `[`"),
        Some('.') if name.is_empty() && is_first => Err("it begins with a dot"),
        Some('.') if name.is_empty() => Err("a name is empty between two dots"),
        None if name.is_empty() && !is_first => Err("it ends with a dot"),
        _ if name.is_empty() => Err("a name is empty"),
        Some(']') => Err("`]` has no `[`; put a name with brackets in quotes"),
        Some('"') => Err("a quote stands inside a name; put the whole name in quotes"),
        _ => Ok((name.into(), rest)),
    }
}

/// Reads a JSON string, and what follows.
fn quoted(text: &str) -> Result<(Box<str>, &str), &'static str> {
    const WRONG: &str = "a name in quotes is not a JSON string, or its quote is never closed";
    let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let name = strings.next().and_then(Result::ok).ok_or(WRONG)?;
    let rest = text.get(strings.byte_offset()..).ok_or(WRONG)?;
    Ok((name.into_boxed_str(), rest))
}

/// Reads what stands in brackets, from behind `[`, and what follows `]`.
fn element(text: &str) -> Result<(Part, &str), &'static str> {
    const OPEN: &str = "`[` is never closed with `]`";
    if let Some(rest) = text.strip_prefix(']') {
        return Ok((Part::Each, rest));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let (index, rest) = text.split_once(']').ok_or(OPEN)?;
        let index = index.parse().map_err(|_| "the index in brackets is not a whole number")?;
        return Ok((Part::Index(index), rest));
    }
    let (key, rest) = term(text, '=').ok_or("brackets hold neither an index, nor `name=text`, nor nothing")?;
    let (text, rest) = term(rest, ']').ok_or(OPEN)?;
    if key.is_empty() || text.is_empty() {
        return Err("a side of `=` in brackets is empty");
    }
    Ok((Part::Where { key, text }, rest))
}

/// Reads a text, in quotes or not, that ends before `end`, and what follows `end`.
fn term(text: &str, end: char) -> Option<(Box<str>, &str)> {
    if text.starts_with('"') {
        let (term, rest) = quoted(text).ok()?;
        return Some((term, rest.strip_prefix(end)?));
    }
    let (term, rest) = text.split_once(end)?;
    Some((term.into(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Part {
        Part::Member(name.into())
    }

    #[test]
    fn a_path_names_members_and_elements() {
        let cases: [(&str, Vec<Part>); 8] = [
            ("url", vec![member("url")]),
            ("$current url", vec![member("$current url")]),
            ("context.page.url", vec![member("context"), member("page"), member("url")]),
            (r#"a."b.c"[0]"#, vec![member("a"), member("b.c"), Part::Index(0)]),
            (r#""say \"hi\"".x"#, vec![member("say \"hi\""), member("x")]),
            ("a[1][2].b", vec![member("a"), Part::Index(1), Part::Index(2), member("b")]),
            ("actions[].url", vec![member("actions"), Part::Each, member("url")]),
            (
                r#"p[key=page.location][name="a]b"]"#,
                vec![
                    member("p"),
                    Part::Where { key: "key".into(), text: "page.location".into() },
                    Part::Where { key: "name".into(), text: "a]b".into() },
                ],
            ),
        ];
        for (text, parts) in cases {
            assert_eq!(Path::read(text), Ok(Path(parts)), "{text}");
        }
    }

    #[test]
    fn a_wrong_path_says_what_is_wrong() {
        let cases = [
            ("", "empty"),
            ("a..b", "between two dots"),
            (".a", "begins with a dot"),
            ("a.", "ends with a dot"),
            ("[0]", "before `[`"),
            ("a.[0]", "before `[`"),
            ("a[", "neither"),
            ("a[0", "never closed"),
            ("a[0x]", "whole number"),
            ("a[99999999999999999999999]", "whole number"),
            ("a[k=]", "empty"),
            ("a[=v]", "empty"),
            ("a[k=v", "never closed"),
            ("a[0]b", "dot is missing"),
            ("a]b", "has no `[`"),
            ("a\"b", "quotes"),
            ("\"ab", "never closed"),
            ("a[].b[]", "twice"),
        ];
        for (text, reason) in cases {
            assert!(Path::read(text).is_err_and(|error| error.contains(reason)), "{text}: {:?}", Path::read(text));
        }
    }
}
