//! How events are written, told by the first of them.

use super::aliases::{Target, fit};
use super::kinds::Kind;
use super::separated::split;
use crate::click::mapping::Form;
use crate::text::counted;

/// How events are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// JSON objects.
    Json,
    /// Lines of an access log.
    Combined,
    /// Lines of a W3C extended log.
    W3c,
    /// Fields between separators.
    Separated(Separated),
}

/// How fields are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separated {
    /// The character between two fields.
    pub separator: char,
    /// Whether fields may be quoted. Between tabs, they usually are not.
    pub is_quoted: bool,
    /// Whether the first line names the columns.
    pub has_header: bool,
    /// Fields of a record.
    pub width: usize,
}

impl Written {
    /// The form as a mapping names it.
    pub fn form(&self) -> Form {
        match self {
            Self::Json => Form::Json,
            Self::Combined => Form::Combined,
            Self::W3c => Form::W3c,
            Self::Separated(found) if found.separator == '\t' && !found.is_quoted => Form::Tsv,
            Self::Separated(_) => Form::Csv,
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Json => "JSON".to_owned(),
            Self::Combined => "an access log, common or combined format".to_owned(),
            Self::W3c => "a W3C extended log".to_owned(),
            Self::Separated(found) => {
                let form = if self.form() == Form::Tsv { "TSV" } else { "CSV" };
                let between = match found.separator {
                    ',' => String::new(),
                    '\t' if form == "TSV" => String::new(),
                    '\t' => " between tabs".to_owned(),
                    other => format!(" between {other}"),
                };
                let header = if found.has_header { "with a header" } else { "without a header" };
                format!("{form}{between}, {}, {header}", counted(found.width, "column", "columns"))
            }
        }
    }
}

/// The lines that are looked at.
const LINES: usize = 200;

/// How events are written that begin with `lines`, the lines of a file or the messages of a topic. Only a file may have a header.
/// `None` if it is nothing that clicktop reads.
pub fn detect<'a>(lines: impl Iterator<Item = &'a str>, may_have_header: bool) -> Option<Written> {
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).take(LINES).collect();
    let first = lines.first()?.trim_start_matches('\u{feff}').trim_start();
    let is_array = first.strip_prefix('[').is_some_and(|rest| {
        let next = if rest.trim().is_empty() { lines.get(1).copied().unwrap_or_default() } else { rest };
        next.trim_start().starts_with('{')
    });
    if first.starts_with('{') || is_array {
        return Some(Written::Json);
    }
    if lines.iter().take_while(|line| line.starts_with('#')).any(|line| line.starts_with("#Fields:")) {
        return Some(Written::W3c);
    }
    let data: Vec<&str> = lines.into_iter().filter(|line| !line.starts_with('#')).collect();
    if data.iter().filter(|line| is_access(line)).count() * 2 > data.len() {
        return Some(Written::Combined);
    }
    separated(&data, may_have_header).map(Written::Separated)
}

/// Whether a line has the time of an access log in brackets, and a quoted request behind it.
fn is_access(line: &str) -> bool {
    let Some((_, behind)) = line.split_once(" [") else { return false };
    let Some((time, rest)) = behind.split_once("] \"") else { return false };
    Kind::of(time) == Kind::Time && rest.contains('"')
}

fn separated(lines: &[&str], may_have_header: bool) -> Option<Separated> {
    let widths = |separator: char, is_quoted: bool| -> (usize, usize) {
        let widths: Vec<usize> = lines.iter().map(|line| split(line, separator, is_quoted).len()).collect();
        let count = |width: &usize| widths.iter().filter(|other| *other == width).count();
        let usual = widths.iter().filter(|width| **width > 1).max_by_key(|width| (count(width), **width)).copied();
        usual.map_or((0, 0), |width| (count(&width), width))
    };
    // Quotes frame fields only if a field begins with one.
    let quotes =
        |separator: char| lines.iter().any(|line| line.starts_with('"') || line.contains(&format!("{separator}\"")));
    let candidates = ['\t', ',', ';', '|'].map(|separator| {
        let is_quoted = separator != '\t' || quotes('\t');
        let (count, width) = widths(separator, is_quoted);
        (count, width, separator, is_quoted)
    });
    let (count, width, separator, is_quoted) =
        candidates.into_iter().max_by_key(|(count, width, ..)| (*count, *width))?;
    if count * 5 < lines.len() * 4 {
        return None;
    }
    let mut records = lines.iter().map(|line| split(line, separator, is_quoted));
    let has_header = may_have_header && is_header(&records.next()?, records.next().as_deref());
    Some(Separated { separator, is_quoted, has_header, width })
}

/// Whether `first` names the columns of what follows.
fn is_header(first: &[String], second: Option<&[String]>) -> bool {
    let is_name = |name: &String| {
        // Two capital letters are the code of a country, or a name such as OS.
        !name.trim().is_empty() && name.len() <= 100 && matches!(Kind::of(name), Kind::Text | Kind::Country)
    };
    let mut names: Vec<&str> = first.iter().map(|name| name.trim()).collect();
    names.sort_unstable();
    let differ = names.windows(2).all(|pair| pair.first() != pair.last());
    let known = first.iter().any(|name| Target::ALL.iter().any(|target| fit(*target, name) > 0.0));
    let unlike =
        second.is_some_and(|second| second.iter().any(|value| !matches!(Kind::of(value), Kind::Text | Kind::Country)));
    first.iter().all(is_name) && differ && (known || unlike)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Written> {
        detect(text.lines(), true)
    }

    fn csv(separator: char, has_header: bool, width: usize) -> Option<Written> {
        Some(Written::Separated(Separated { separator, is_quoted: separator != '\t', has_header, width }))
    }

    #[test]
    fn forms_are_told_by_the_first_lines() {
        for text in ["{\"a\":1}\n{\"a\":2}", "[{\"a\":1},\n{\"a\":2}]", "[\n  {\n \"a\": 1\n}\n]"] {
            assert_eq!(found(text), Some(Written::Json), "{text}");
        }
        let log = "203.0.113.7 - - [31/Jan/2026:09:30:00 +0000] \"GET / HTTP/1.1\" 200 12 \"-\" \"curl/8\"";
        assert_eq!(found(&format!("{log}\n{log}\ngarbage")), Some(Written::Combined));
        let w3c = "#Software: IIS\n#Fields: date time cs-uri-stem\n2026-01-31 09:30:00 /";
        assert_eq!(found(w3c), Some(Written::W3c));
        assert_eq!(found("a,user_id,\"c,d\"\n1,2,3\n4,5,6"), csv(',', true, 3));
        assert_eq!(found("1;2;3,5\n4;5;6,5"), csv(';', false, 3));
        assert_eq!(found("a\tb\n1\t2"), csv('\t', true, 2));
        assert_eq!(found("just words\nand more of them"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn a_message_is_no_header() {
        let Some(Written::Separated(found)) = detect("user_id,url\n1,/".lines(), false) else { panic!() };
        assert!(!found.has_header);
    }
}
