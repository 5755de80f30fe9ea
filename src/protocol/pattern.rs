//! The filters that a user types: a text, or a regular expression after `~`. A `!` in front keeps what does not match.

use std::fmt;

use memchr::memchr2_iter;
use regex::bytes::{Regex, RegexBuilder};

/// Maximum size of a compiled regular expression in bytes. Its lazily built automaton may take as much again.
const REGEX_BYTES: usize = 1 << 20;

/// A filter of texts. A plain text ignores the case of ASCII letters; a regular expression ignores the case of every letter.
///
/// | the user types | the filter keeps texts that |
/// |---|---|
/// | `cart?` | contain `cart?`; the characters that are special in a regular expression are plain here |
/// | `~^/(cart\|checkout)` | match the expression |
/// | `!cart`, `!~^/cart` | do not match |
///
/// `~` or `!` with nothing after it keeps every text. To look for a text that starts with one of these two, write an
/// expression: `~!`, `~~`.
#[derive(Clone, Default)]
pub struct Pattern {
    text: String,
    negated: bool,
    matcher: Matcher,
}

#[derive(Clone, Default)]
enum Matcher {
    #[default]
    Anything,
    /// The text, which is not empty.
    Text(Box<[u8]>),
    Regex(Regex),
}

/// Why a text is not a pattern, in one short line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The expression is not valid.
    #[error("{0}")]
    Syntax(String),
    /// The expression would take too much memory.
    #[error("the expression is too large")]
    TooLarge,
}

impl Pattern {
    /// Parses `text`.
    ///
    /// # Errors
    /// The regular expression is not valid or too large.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let (negated, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let matcher = match rest.strip_prefix('~') {
            Some("") => Matcher::Anything,
            Some(expression) => Matcher::Regex(regex(expression)?),
            None if rest.is_empty() => Matcher::Anything,
            None => Matcher::Text(rest.as_bytes().into()),
        };
        Ok(Self { text: text.to_owned(), negated, matcher })
    }

    /// The text that the user typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the user typed nothing.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text that the filter looks for, if it is no expression, with whether it keeps what contains the text (`true`) or what does not.
    pub fn plain_text(&self) -> Option<(bool, &str)> {
        match &self.matcher {
            Matcher::Text(text) => Some((!self.negated, std::str::from_utf8(text).ok()?)),
            Matcher::Anything | Matcher::Regex(_) => None,
        }
    }

    /// Whether the filter is a regular expression.
    pub fn is_expression(&self) -> bool {
        matches!(self.matcher, Matcher::Regex(_))
    }

    /// Whether the filter keeps `text`.
    pub fn keeps(&self, text: &str) -> bool {
        self.keeps_any([text])
    }

    /// Whether the filter keeps a row that consists of `parts`: one of them matches, or none does after a `!`.
    pub fn keeps_any<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> bool {
        let mut parts = parts.into_iter();
        match &self.matcher {
            Matcher::Anything => true,
            Matcher::Text(needle) => parts.any(|part| holds(part.as_bytes(), needle)) != self.negated,
            Matcher::Regex(regex) => parts.any(|part| regex.is_match(part.as_bytes())) != self.negated,
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

fn regex(expression: &str) -> Result<Regex, PatternError> {
    let built = RegexBuilder::new(expression)
        .case_insensitive(true)
        .size_limit(REGEX_BYTES)
        .dfa_size_limit(REGEX_BYTES)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
        // The text shows the expression first, then a line `error: …`.
        other => {
            let text = other.to_string();
            let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            PatternError::Syntax(last.strip_prefix("error: ").unwrap_or(last).to_owned())
        }
    })
}

fn holds(text: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text).any(|at| {
        let there = text.get(at..).and_then(|rest| rest.get(..needle.len()));
        there.is_some_and(|there| there.eq_ignore_ascii_case(needle))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keeps(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().keeps(text)
    }

    #[test]
    fn plain_text_is_a_part_whatever_its_characters_and_its_ascii_case() {
        assert!(keeps("CART?a=(", "/shop/cart?A=(1)"));
        assert!(!keeps("cart.a", "/cart?a"));
        assert!(keeps("caf\u{e9}", "/CAF\u{e9}") && !keeps("caf\u{e9}", "/CAF\u{c9}"));
        assert!(keeps("", "") && keeps("", "/a"));
        assert!(!keeps("/carts", "/cart"));
    }

    #[test]
    fn a_tilde_makes_an_expression_and_an_exclamation_mark_turns_it_round() {
        assert!(keeps("~^/(cart|checkout)$", "/Checkout") && !keeps("~^/(cart|checkout)$", "/cart/1"));
        assert!(keeps("!cart", "/home") && !keeps("!cart", "/CART"));
        assert!(keeps("!~^/c", "/home") && !keeps("!~^/c", "/cart"));
        assert!(keeps("~caf\u{e9}", "/CAF\u{c9}"), "an expression knows more than ASCII");
        assert!(keeps("~!", "wow!") && !keeps("~!", "wow"));
        for nothing_yet in ["~", "!", "!~"] {
            assert!(keeps(nothing_yet, "/a"), "{nothing_yet}");
        }
    }

    #[test]
    fn a_plain_text_is_told_and_an_expression_is_not() {
        let pattern = |text: &str| Pattern::parse(text).unwrap();
        assert_eq!(pattern("/Cart").plain_text(), Some((true, "/Cart")));
        assert_eq!(pattern("!caf\u{e9}").plain_text(), Some((false, "caf\u{e9}")));
        for (text, is_expression) in [("~cart", true), ("!~cart", true), ("", false), ("!", false), ("~", false)] {
            assert_eq!((pattern(text).plain_text(), pattern(text).is_expression()), (None, is_expression), "{text}");
        }
    }

    #[test]
    fn parts_count_together() {
        let parts = ["ingest", "12 rejected"];
        let keeps = |pattern: &str| Pattern::parse(pattern).unwrap().keeps_any(parts);
        assert!(keeps("ingest") && keeps("~^12") && !keeps("store"));
        assert!(!keeps("!ingest") && !keeps("!~rejected$") && keeps("!store"));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_short_line() {
        let error = |text: &str| Pattern::parse(text).unwrap_err().to_string();
        assert_eq!(error("~("), "unclosed group");
        assert_eq!(error("!~*"), "repetition operator missing expression");
        assert_eq!(error("~[z-a]"), "invalid character class range, the start must be <= the end");
        assert_eq!(error("~(?:(?:(?:\\w{100}){100}){100})"), "the expression is too large");
        assert_eq!(error(&format!("~{}", "(".repeat(500))).lines().count(), 1);
    }

    proptest! {
        #[test]
        fn nothing_that_can_be_typed_panics_or_is_told_in_more_than_a_line(text in "[~!]{0,2}[ -~é]{0,20}", on in ".{0,30}") {
            match Pattern::parse(&text) {
                Ok(pattern) => {
                    prop_assert_eq!(pattern.text(), text);
                    pattern.keeps(&on);
                }
                Err(error) => {
                    let error = error.to_string();
                    prop_assert!(!error.is_empty() && !error.contains('\n'), "{error:?}");
                }
            }
        }

        #[test]
        fn plain_text_finds_what_a_search_in_lower_case_finds(needle in "[aAbB/é]{1,3}", text in "[aAbB/é]{0,12}") {
            let lower = |text: &str| text.to_ascii_lowercase();
            prop_assert_eq!(keeps(&needle, &text), lower(&text).contains(&lower(&needle)));
        }
    }
}
