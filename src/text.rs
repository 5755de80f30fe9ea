//! Text from events made safe to print: it is data, and must never steer a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with every control and formatting character (escape, bell, newline, bidi override, …) written as an escape,
/// `\u{1b}`; borrowed where there is none.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_unsafe(c) => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// The first `chars` characters of `text` as [`printable`], with `…` where that cuts something off. For quoting in
/// errors.
pub fn excerpt(text: &str, chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars) {
        None => printable(text),
        Some((end, _)) => Cow::Owned(printable(text.get(..end).unwrap_or_default()).into_owned() + "…"),
    }
}

/// Whether a character may not be printed as it is: C0 and C1 controls, and the invisible characters that reorder or hide what is printed. The joiners U+200C and U+200D
/// stay: emoji and several scripts are written with them.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            // Soft hyphen, Arabic letter mark, Mongolian vowel separator.
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            // Zero-width space, direction marks, line and paragraph separators, bidi embeddings and overrides.
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            // Word joiner, invisible operators, bidi isolates, deprecated format characters.
            | '\u{2060}'..='\u{206f}'
            // Zero-width no-break space, interlinear annotation, and tags: text in text that no one sees.
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(printable("/häß?a=b,c"), Cow::Borrowed(_)));
    }

    #[test]
    fn escapes_and_controls_are_spelled_out() {
        assert_eq!(printable("/a\u{1b}[2J\u{9b}1m\r\n\u{202e}x"), "/a\\u{1b}[2J\\u{9b}1m\\r\\n\\u{202e}x");
    }

    #[test]
    fn invisible_text_is_spelled_out() {
        for hidden in ["\u{ad}", "\u{61c}", "\u{200b}", "\u{2066}", "\u{feff}", "\u{fff9}", "\u{e0041}"] {
            assert!(printable(hidden).starts_with("\\u{"), "{}", hidden.escape_unicode());
        }
        // Emoji and scripts that join their letters stay whole.
        assert!(matches!(printable("👩‍💻 می‌خواهم"), Cow::Borrowed(_)));
    }

    #[test]
    fn an_excerpt_is_cut_by_characters_and_says_so() {
        assert_eq!(excerpt("häß", 3), "häß");
        assert_eq!(excerpt("häßlich", 3), "häß…");
        assert_eq!(excerpt("a\nb\nc", 2), "a\\n…");
    }
}
