//! Times by a strptime pattern of jiff, as far as a regular expression can read them.

use super::refusal::Refusal;
use crate::engine::spark::sql::literal;
use crate::engine::spark::sql::program::Program;
use crate::engine::spark::sql::times::{BEYOND, JIFF_MAX_MS, in_zone};

/// What jiff skips before a number, and where a pattern has a blank.
const BLANKS: &str = r"[ \t\n\f\r]*+";
const MONTHS: &str = "January|February|March|April|May|June|July|August|September|October|November|December";
const WEEKDAYS: &str = "Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday";

/// A part of a time that a pattern tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    ShortYear,
    Month,
    Day,
    Weekday,
    Hour,
    HalfDayHour,
    HalfDay,
    Minute,
    Second,
    Fraction,
    Offset,
}

/// Adds columns that read the column `time` by `pattern`. Returns that of the milliseconds since 1970; NULL if the time does not fit.
pub(super) fn read(program: &mut Program, pattern: &str, zone: &str) -> Result<String, Refusal> {
    let mut reader = Reader::default();
    reader.read(&expanded(pattern))?;
    let Reader { regex, parts } = reader;
    for needed in [Part::Month, Part::Day] {
        if !parts.contains(&needed) {
            return Err(refused(&format!("the pattern {pattern} does not tell month and day")));
        }
    }
    let part = |part: Part| parts.iter().position(|one| *one == part).map(|at| format!("get(@parts, {at})"));
    // No time has this character.
    let groups: Vec<String> = (1..=parts.len()).map(|group| format!("${group}")).collect();
    program.define(
        "parts",
        format!(
            "IF(@time RLIKE r'{regex}', split(regexp_replace(@time, r'{regex}', '{}'), '\\u0001', -1), NULL)",
            groups.join("\\u0001")
        ),
    );
    let year = match (part(Part::Year), part(Part::ShortYear)) {
        (Some(year), None) => {
            format!("IF(startswith({year}, '-'), NULL, lpad(regexp_extract({year}, '[0-9]++', 0), 4, '0'))")
        }
        (None, Some(year)) => format!(
            "IF(CAST({year} AS INT) <= 68, concat('20', lpad({year}, 2, '0')), concat('19', lpad({year}, 2, '0')))"
        ),
        _ => return Err(refused(&format!("the pattern {pattern} does not tell the year once"))),
    };
    let month = part(Part::Month).unwrap_or_default();
    let month = format!(
        "IF({month} RLIKE '^[0-9]', {month}, \
         CAST((locate(lower(left({month}, 3)), 'janfebmaraprmayjunjulaugsepoctnovdec') + 2) DIV 3 AS STRING))"
    );
    let day = part(Part::Day).unwrap_or_default();
    program.define(
        "date",
        format!("try_cast(concat({year}, '-', lpad({month}, 2, '0'), '-', lpad({day}, 2, '0')) AS DATE)"),
    );
    let number = |of: Part| part(of).map_or_else(|| "0".to_owned(), |part| format!("CAST({part} AS INT)"));
    let hour = match (part(Part::Hour), part(Part::HalfDayHour), part(Part::HalfDay)) {
        (_, None, None) => number(Part::Hour),
        (None, Some(hour), Some(half)) => format!(
            "IF(CAST({hour} AS INT) BETWEEN 1 AND 12, CAST({hour} AS INT) % 12 + IF(lower({half}) = 'pm', 12, 0), 24)"
        ),
        _ => return Err(refused("%I and %p have to come together, and without %H")),
    };
    let weekday = part(Part::Weekday).map_or_else(
        || "false".to_owned(),
        |weekday| format!("lower(left({weekday}, 3)) <> lower(date_format(@date, 'E'))"),
    );
    let (minute, second) = (number(Part::Minute), number(Part::Second));
    program.define(
        "civil",
        format!(
            "IF({hour} > 23 OR {minute} > 59 OR {second} > 60 OR {weekday}, NULL, \
             ((unix_date(@date) * 24L + {hour}) * 60 + {minute}) * 60000 + least({second}, 59) * 1000)"
        ),
    );
    let start = match part(Part::Offset) {
        Some(offset) => {
            let digits = program.define("offset_digits", format!("replace(substring({offset}, 2), ':', '')"));
            let digit_pair = |at: usize| format!("CAST(concat('0', substring({digits}, {at}, 2)) AS INT)");
            let (hours, minutes, seconds) = (digit_pair(1), digit_pair(3), digit_pair(5));
            format!(
                "IF({hours} > 25 OR {minutes} > 59 OR {seconds} > 59, NULL, \
                 @civil - IF(startswith({offset}, '-'), -1, 1) * (({hours} * 60 + {minutes}) * 60 + {seconds}) * 1000L)"
            )
        }
        None if zone == "UTC" => "@civil".to_owned(),
        None => in_zone("@civil", &literal::text(zone)),
    };
    program.define("start", start);
    let nanos =
        part(Part::Fraction).map_or_else(|| "0".to_owned(), |part| format!("CAST(rpad({part}, 9, '0') AS INT)"));
    // Of a time before 1970, jiff cuts digits off towards 1970.
    let towards = format!("IF(@start < 0 AND {nanos} % 1000000 > 0, 1, 0)");
    let ms = format!("IF(@start > {JIFF_MAX_MS}, {BEYOND}, @start + {nanos} DIV 1000000 + {towards})");
    Ok(program.define("ms", ms))
}

/// The pattern without directives that stand for several others.
fn expanded(pattern: &str) -> String {
    [("%T", "%H:%M:%S"), ("%R", "%H:%M"), ("%F", "%Y-%m-%d"), ("%D", "%m/%d/%y")]
        .iter()
        .fold(pattern.replace("%%", "%\u{1}"), |pattern, (short, long)| pattern.replace(short, long))
}

fn refused(what: &str) -> Refusal {
    Refusal::new("events.time_form", format!("{what}; write the time in another form, such as %Y-%m-%d %H:%M:%S"))
}

/// A regular expression that grows with its pattern.
#[derive(Default)]
struct Reader {
    regex: String,
    /// What each group captures.
    parts: Vec<Part>,
}

impl Reader {
    fn read(&mut self, pattern: &str) -> Result<(), Refusal> {
        let mut rest = pattern;
        self.regex.push_str(r"\A");
        while let Some(first) = rest.chars().next() {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            if first == '%' {
                rest = self.directive(rest)?;
            } else if first.is_ascii_whitespace() {
                self.regex.push_str(BLANKS);
            } else {
                self.regex.push_str(&literal::pattern(&first.to_string()));
            }
        }
        self.regex.push_str(r"\z");
        Ok(())
    }

    /// Reads a directive behind its `%`. Returns what follows it.
    fn directive<'p>(&mut self, text: &'p str) -> Result<&'p str, Refusal> {
        // Flags do not change how jiff reads. A width matters for numbers other than fractions.
        let bare = text.trim_start_matches(['-', '_', '^', '#']);
        let digits = bare.trim_start_matches(|c: char| c.is_ascii_digit());
        let (dotted, rest) = match bare.strip_prefix('.') {
            Some(rest) => (true, rest.trim_start_matches(|c: char| c.is_ascii_digit())),
            None if digits.starts_with(['f', 'N']) => (false, digits),
            None => (false, bare),
        };
        let (name, rest) = match rest.strip_prefix(":z") {
            Some(rest) => (":z", rest),
            None => rest.split_at_checked(rest.chars().next().map_or(0, char::len_utf8)).unwrap_or_default(),
        };
        match (name, dotted) {
            ("f", true) => self.part(Part::Fraction, "", r"(?:\.([0-9]{1,9}+))?+")?,
            ("f" | "N", false) => self.part(Part::Fraction, "", "([0-9]{1,9}+)")?,
            ("Y", false) => self.part(Part::Year, "", &format!("([+-]?+{BLANKS}[0-9]{{1,4}}+)"))?,
            ("y", false) => self.number(Part::ShortYear)?,
            ("m", false) => self.number(Part::Month)?,
            ("b" | "h", false) => self.part(Part::Month, "", &format!("(?i:({}))", short(MONTHS)))?,
            ("B", false) => self.part(Part::Month, "", &format!("(?i:({MONTHS}))"))?,
            ("d" | "e", false) => self.number(Part::Day)?,
            ("a", false) => self.part(Part::Weekday, "", &format!("(?i:({}))", short(WEEKDAYS)))?,
            ("A", false) => self.part(Part::Weekday, "", &format!("(?i:({WEEKDAYS}))"))?,
            ("H" | "k", false) => self.number(Part::Hour)?,
            ("I" | "l", false) => self.number(Part::HalfDayHour)?,
            ("p" | "P", false) => self.part(Part::HalfDay, "", "(?i:(am|pm))")?,
            ("M", false) => self.number(Part::Minute)?,
            ("S", false) => self.number(Part::Second)?,
            ("z", false) => self.part(Part::Offset, "", "([+-][0-9]{4}(?:[0-9]{2})?+)")?,
            (":z", false) => self.part(Part::Offset, "", "([+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?+)")?,
            ("n" | "t", false) => self.regex.push_str(&format!(r"(?!\z){BLANKS}")),
            ("\u{1}", false) => self.regex.push_str(&literal::pattern("%")),
            _ => {
                let directive: String = text.chars().take(3).collect();
                return Err(refused(&format!("engine = \"spark\" does not know %{directive} in a pattern")));
            }
        }
        Ok(rest)
    }

    fn number(&mut self, part: Part) -> Result<(), Refusal> {
        self.part(part, BLANKS, "([0-9]{1,2}+)")
    }

    fn part(&mut self, part: Part, before: &str, regex: &str) -> Result<(), Refusal> {
        if self.parts.contains(&part) {
            return Err(refused("a pattern can tell each part of a time once with engine = \"spark\""));
        }
        self.parts.push(part);
        self.regex.push_str(before);
        self.regex.push_str(regex);
        Ok(())
    }
}

/// The first three letters of each name.
fn short(names: &str) -> String {
    let names: Vec<&str> = names.split('|').map(|name| name.get(..3).unwrap_or_default()).collect();
    names.join("|")
}
