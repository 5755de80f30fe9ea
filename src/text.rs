//! Makes text from events safe to print. Such text is data, and must never control the terminal.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji, EmojiModifier, EmojiPresentation, ExtendedPictographic,
    JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
/// Asks for the coloured form of an emoji that is text by default.
const EMOJI_STYLE: char = '\u{fe0f}';
/// Encloses a digit in a key, an emoji.
const KEYCAP: char = '\u{20e3}';

/// `text` with every control, formatting and invisible character (escape, bell, newline, bidi override, …) written as an
/// escape, `\u{1b}`; borrowed where there is none. Two texts that differ never print alike because of a character that
/// takes no room: what joins or selects stays only where it does.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !characters(text).any(|(_, safe)| !safe) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len() + 16);
    for (c, safe) in characters(text) {
        match c {
            c if safe => printable.push(c),
            '\n' => printable.push_str("\\n"),
            '\r' => printable.push_str("\\r"),
            '\t' => printable.push_str("\\t"),
            c => {
                // Writing to a String cannot fail.
                let _ = write!(printable, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(printable)
}

/// The characters of `text`, and whether each may be printed as it is where it stands.
fn characters(text: &str) -> impl Iterator<Item = (char, bool)> {
    text.char_indices().map(|(at, c)| {
        let safe = match c {
            NON_JOINER | JOINER | EMOJI_STYLE => {
                let (before, rest) = text.split_at_checked(at).unwrap_or_default();
                has_effect(c, before, rest.strip_prefix(c).unwrap_or_default())
            }
            c => !is_unsafe(c),
        };
        (c, safe)
    })
}

/// Whether a joiner or a style selector between `before` and `after` changes how they look.
fn has_effect(c: char, before: &str, after: &str) -> bool {
    match c {
        EMOJI_STYLE => before.chars().next_back().is_some_and(|base| {
            // Digits are emoji only as keys; coloured ones need not be asked.
            CodePointSetData::new::<Emoji>().contains(base)
                && !CodePointSetData::new::<EmojiPresentation>().contains(base)
                && (!base.is_ascii() || after.starts_with(KEYCAP))
        }),
        JOINER => joins_emoji(before, after) || joins_letters(before, after),
        _ => joins_letters(before, after),
    }
}

/// Whether an emoji stands on both sides.
fn joins_emoji(before: &str, after: &str) -> bool {
    let is_emoji = |c: Option<char>| c.is_some_and(|c| CodePointSetData::new::<ExtendedPictographic>().contains(c));
    let skin = CodePointSetData::new::<EmojiModifier>();
    let mut before = before.chars().rev();
    is_emoji(before.find(|c| *c != EMOJI_STYLE && !skin.contains(*c))) && is_emoji(after.chars().next())
}

/// Whether the letters on both sides take another form with a joiner between them: the rule of RFC 5892, appendix A.1, for
/// both joiners.
fn joins_letters(before: &str, after: &str) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new();
    let virama = before.chars().next_back().is_some_and(|c| class.get(c) == CanonicalCombiningClass::Virama);
    if virama {
        return after.chars().next().is_some_and(char::is_alphabetic);
    }
    let joining = CodePointMapData::<JoiningType>::new();
    // What stands on a letter does not part it from its neighbour.
    let letter = |c: &JoiningType| *c != JoiningType::Transparent;
    let left = before.chars().rev().map(|c| joining.get(c)).find(letter);
    let right = after.chars().map(|c| joining.get(c)).find(letter);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
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
    for (c, is_safe) in characters(json) {
        if is_safe || c == '\n' {
            safe.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
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

/// Whether a character may never be printed as it is: C0 and C1 controls, line and paragraph separators, interlinear
/// annotation, and every character that Unicode says to show nothing for (Default_Ignorable_Code_Point: direction marks,
/// bidi overrides, fillers, tags, selectors, …). The two joiners and the emoji style are judged where they stand.
pub fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
        || (!matches!(c, NON_JOINER | JOINER | EMOJI_STYLE)
            && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c))
}

/// The word for `number` of something: `click`, `clicks`.
pub fn plural<'w, N: PartialEq + From<u8>>(number: N, one: &'w str, many: &'w str) -> &'w str {
    if number == N::from(1) { one } else { many }
}

/// A whole number with its digits in groups of three: `1,234,567`.
pub fn grouped(number: impl fmt::Display) -> String {
    let text = number.to_string();
    let digits = text.trim_start_matches('-');
    let mut out = String::with_capacity(text.len() + digits.len() / 3);
    out.push_str(text.strip_suffix(digits).unwrap_or_default());
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How many of something: `1 click`, `1,234 clicks`.
pub fn counted<N: PartialEq + From<u8> + Copy + fmt::Display>(number: N, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), plural(number, one, many))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!([0, 12, 123, 1_234].map(grouped), ["0", "12", "123", "1,234"]);
        assert_eq!((grouped(-1_234_567), grouped(-123)), ("-1,234,567".into(), "-123".into()));
        assert_eq!((counted(305_443_u64, "click", "clicks"), grouped(u64::MAX).len()), ("305,443 clicks".into(), 26));
    }

    #[test]
    fn one_of_something_is_singular() {
        assert_eq!([0_u64, 1, 2].map(|n| counted(n, "click", "clicks")), ["0 clicks", "1 click", "2 clicks"]);
        assert_eq!((plural(1_usize, "row", "rows"), plural(-1_i64, "row", "rows")), ("row", "rows"));
    }

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
        for hidden in [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{17b5}',
            '\u{180b}',
            '\u{180e}',
            '\u{180f}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2065}',
            '\u{2066}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0e}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff0}',
            '\u{fff9}',
            '\u{1bca0}',
            '\u{1bca3}',
            '\u{1d173}',
            '\u{1d17a}',
            '\u{e0000}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{e01ef}',
            '\u{e0fff}',
        ] {
            let shown = format!("/p\\u{{{:x}}}ay", u32::from(hidden));
            assert_eq!(printable(&format!("/p{hidden}ay")), shown);
            assert!(is_unsafe(hidden), "{}", hidden.escape_unicode());
        }
    }

    #[test]
    fn rows_that_differ_never_look_alike() {
        let rows = [
            "/pay",
            "/pay\u{200d}",
            "/p\u{200c}ay",
            "/pay\u{fe0f}",
            "/pay\u{3164}",
            "/p\u{200d}\u{200d}ay",
            "/pay\u{e0100}",
        ];
        let shown: std::collections::BTreeSet<String> = rows.iter().map(|row| printable(row).into_owned()).collect();
        assert_eq!(shown.len(), rows.len());
        assert!(shown.iter().all(|row| row.is_ascii()), "{shown:?}");
    }

    #[test]
    fn what_joins_or_selects_stays_where_it_does() {
        for text in ["/👩‍🔬/❤️", "👩🏽‍🔬", "🏳️‍🌈", "🤷‍♀️", "👨‍👩‍👧‍👦", "1️⃣", "می‌خواهم", "مَ‌ه", "क्‍ष", "ක්‍ෂ", "© é 日本"]
        {
            assert!(matches!(printable(text), Cow::Borrowed(_)), "{} is {}", text.escape_unicode(), printable(text));
        }
        for (text, shown) in [
            // At an end, beside a letter that does not join, twice.
            ("👩\u{200d}", "👩\\u{200d}"),
            ("\u{200d}👩", "\\u{200d}👩"),
            ("👩\u{200d}/", "👩\\u{200d}/"),
            ("👩\u{200d}\u{200d}🔬", "👩\\u{200d}\\u{200d}🔬"),
            ("👩\u{200c}🔬", "👩\\u{200c}🔬"),
            ("می\u{200c}", "می\\u{200c}"),
            ("क्\u{200d}", "क्\\u{200d}"),
            ("د\u{200c}م", "د\\u{200c}م"),
            // Nothing to select: a letter, a digit that is no key, an emoji that is coloured anyway.
            ("a\u{fe0f}", "a\\u{fe0f}"),
            ("/1\u{fe0f}/", "/1\\u{fe0f}/"),
            ("😀\u{fe0f}", "😀\\u{fe0f}"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}\\u{fe0f}"),
        ] {
            assert_eq!(printable(text), shown, "{}", text.escape_unicode());
        }
    }

    #[test]
    fn an_excerpt_is_cut_by_characters_and_says_so() {
        assert_eq!(excerpt("häß", 3), "häß");
        assert_eq!(excerpt("häßlich", 3), "häß…");
        assert_eq!(excerpt("a\nb\nc", 2), "a\\n…");
    }

    #[test]
    fn json_stays_the_same_document_and_steers_nothing() {
        let text = "/a\u{9b}31m\u{202e}é\u{1b}\u{200d}👩‍🔬\u{e0100}";
        let safe = safe_json(&serde_json::to_string(text).unwrap());
        assert_eq!(printable(&safe), safe);
        assert!(safe.contains("👩‍🔬"), "{safe:?}");
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
