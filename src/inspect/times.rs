//! Patterns of times that clicktop does not read by itself.

use jiff::fmt::strtime;

/// Patterns, those with the day first before those with the month first: a value that fits only one of two tells which is meant.
const PATTERNS: [&str; 13] = [
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m-%d-%Y %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
];

/// The pattern that fits all `values`, and whether a second pattern fits them too. Then the values do not tell days from months.
pub fn pattern_of(values: &[String]) -> Option<(&'static str, bool)> {
    if values.is_empty() {
        return None;
    }
    let fits = |pattern: &&str| {
        values.iter().all(|value| strtime::parse(pattern, value.trim()).is_ok_and(|time| time.to_datetime().is_ok()))
    };
    let mut fitting = PATTERNS.into_iter().filter(fits);
    let first = fitting.next()?;
    Some((first, fitting.next().is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[&str]) -> Option<(&'static str, bool)> {
        pattern_of(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn one_value_tells_days_from_months() {
        assert_eq!(found(&["31.01.2026 09:30:00", "01.02.2026 10:00:00"]), Some(("%d.%m.%Y %H:%M:%S", false)));
        assert_eq!(found(&["02/01/2026 09:30", "01/31/2026 10:00"]), Some(("%m/%d/%Y %H:%M", false)));
        assert_eq!(found(&["31/01/2026 09:30", "01/02/2026 10:00"]), Some(("%d/%m/%Y %H:%M", false)));
        assert_eq!(found(&["02/01/2026 09:30"]), Some(("%d/%m/%Y %H:%M", true)));
        assert_eq!(found(&["20260131093000"]), Some(("%Y%m%d%H%M%S", false)));
        assert_eq!(found(&["yesterday"]), None);
        assert_eq!(found(&[]), None);
    }
}
