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

/// `json` with every character that could steer a terminal as a JSON escape: the same document, safe to print.
///
/// JSON writers leave the C1 controls and the bidirectional overrides as they are. Outside of strings none of them occurs.
pub fn safe_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unsafe(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// `text` as a cell of a CSV file: with a `'` before it if a spreadsheet would take it for a formula, which can send what is
/// in the sheet to whoever made the click.
pub fn no_formula(text: &str) -> Cow<'_, str> {
    // Spreadsheets pass over white space in front, and some read the wide forms of the signs, too.
    let begins = text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if begins || text.starts_with(['\t', '\r', '\n']) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
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

    #[test]
    fn json_stays_the_same_document_and_steers_nothing() {
        let text = "/a\u{9b}31m\u{202e}é\u{1b}";
        let safe = safe_json(&serde_json::to_string(text).unwrap());
        assert!(!safe.chars().any(is_unsafe), "{safe:?}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r1", "\n=1", "\u{ff1d}1", "\u{a0}=1"] {
            assert_eq!(no_formula(formula), format!("'{formula}"));
        }
        for text in ["/a?b=1", "", "FR", "https://a/=", "é"] {
            assert_eq!(no_formula(text), text);
        }
    }
}
