//! Statements with `{{name}}` where a value belongs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// The regular expressions of `patterns.txt`, by name.
static PATTERNS: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    let mut patterns: HashMap<&'static str, String> = HashMap::new();
    for line in include_str!("patterns.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, pattern)) = line.split_once(' ') {
            let pattern = filled(pattern, |name| patterns.get(name).cloned());
            patterns.insert(name, pattern);
        }
    }
    patterns
});

/// A statement that is being filled in.
pub(super) struct Template {
    text: Cow<'static, str>,
    values: HashMap<&'static str, String>,
}

impl Template {
    /// The statement `text`, in which every name is still open.
    pub(super) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), values: HashMap::new() }
    }

    /// The same statement with a number for `name`.
    #[must_use]
    pub(super) fn number(self, name: &'static str, number: impl Into<i64>) -> Self {
        self.sql(name, number.into().to_string())
    }

    /// The same statement with a list of numbers for `name`, separated by commas.
    #[must_use]
    pub(super) fn list(self, name: &'static str, numbers: impl IntoIterator<Item = i32>) -> Self {
        self.sql(name, comma_separated(numbers))
    }

    /// The same statement with a piece of SQL for `name`. The piece must be ours.
    #[must_use]
    pub(super) fn sql(mut self, name: &'static str, piece: impl Into<String>) -> Self {
        self.values.insert(name, piece.into());
        self
    }

    /// The statement. What is filled in is not searched for further names.
    pub(super) fn filled(&self) -> String {
        filled(&self.text, |name| self.values.get(name).or_else(|| PATTERNS.get(name)).cloned())
    }
}

/// `1,2,3`.
pub(super) fn comma_separated(numbers: impl IntoIterator<Item = i32>) -> String {
    let mut list = String::new();
    for number in numbers {
        // Writing to a String cannot fail.
        let _ = write!(list, "{}{number}", if list.is_empty() { "" } else { "," });
    }
    list
}

/// `text` with `{{name}}` replaced wherever there is a value. Regular expressions have braces of their own, which stay.
fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let name = after.get(2..).and_then(|after| after.split_once("}}")).map(|(name, _)| name);
        let is_name = |name: &&str| name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        match name.filter(is_name).and_then(|name| Some((name, value(name)?))) {
            Some((name, value)) => {
                out.push_str(&value);
                rest = after.get(name.len() + 4..).unwrap_or_default();
            }
            None => {
                out.push('{');
                rest = after.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}
