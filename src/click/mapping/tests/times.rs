//! The forms of times.

use proptest::prelude::*;

use super::*;

/// A decoder of events whose time is a text in the first column, or a JSON value.
fn timed(time: TimeForm, zone: Option<&str>) -> EventDecoder {
    let mut mapping = mapping(Form::Auto, None, "user", "at", "url");
    mapping.columns = ["at", "user", "url"].map(str::to_owned).to_vec();
    mapping.time = time;
    mapping.time_zone = zone.map(str::to_owned);
    decoder(&mapping)
}

fn time(decoder: &mut EventDecoder, text: &str) -> Result<String, String> {
    read(decoder, &format!("\"{text}\",u,/a")).map(|click| click[2].clone())
}

fn pattern(pattern: &str) -> TimeForm {
    TimeForm::Pattern(pattern.to_owned())
}

#[test]
fn each_form_reads_its_times() {
    let cases = [
        (TimeForm::Auto, None, "2026-01-31 09:30:00", "2026-01-31T09:30:00.000Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "2026-01-31 09:30:00,5", "2026-01-31T08:30:00.500Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "2026-07-31T09:30:00.125", "2026-07-31T07:30:00.125Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "2026-01-31 09:30:00 UTC", "2026-01-31T09:30:00.000Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "2026-01-31T09:30:00[UTC]", "2026-01-31T09:30:00.000Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "31/Jan/2026:09:30:00 +0000", "2026-01-31T09:30:00.000Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "Sat Jan 31 09:30:00 2026", "2026-01-31T08:30:00.000Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "1769851800", "2026-01-31T09:30:00.000Z"),
        // The hour that occurs twice, and the one that does not occur.
        (TimeForm::Auto, Some("Europe/Paris"), "2026-10-25 02:30:00", "2026-10-25T00:30:00.000Z"),
        (TimeForm::Auto, Some("Europe/Paris"), "2026-03-29 02:30:00", "2026-03-29T01:30:00.000Z"),
        (TimeForm::Rfc3339, None, " 2026-01-31T10:30:00.125+01:00", "2026-01-31T09:30:00.125Z"),
        (TimeForm::Seconds, None, "1769851800", "2026-01-31T09:30:00.000Z"),
        (TimeForm::Seconds, None, "1769851800.1259", "2026-01-31T09:30:00.125Z"),
        (TimeForm::Seconds, None, "1.7698518001259e9", "2026-01-31T09:30:00.125Z"),
        (TimeForm::Seconds, None, "0", "1970-01-01T00:00:00.000Z"),
        (TimeForm::Seconds, None, "-1", "1969-12-31T23:59:59.000Z"),
        (TimeForm::Seconds, None, "-0.0001", "1969-12-31T23:59:59.999Z"),
        (TimeForm::Millis, None, "86400000", "1970-01-02T00:00:00.000Z"),
        (TimeForm::Millis, None, "1769851800125.9", "2026-01-31T09:30:00.125Z"),
        (TimeForm::Micros, None, "1769851800125999", "2026-01-31T09:30:00.125Z"),
        (TimeForm::Nanos, None, "1769851800125999999", "2026-01-31T09:30:00.125Z"),
        (TimeForm::Nanos, None, "999999", "1970-01-01T00:00:00.000Z"),
        (pattern("%d.%m.%Y %H:%M:%S"), None, "31.01.2026 09:30:00", "2026-01-31T09:30:00.000Z"),
        (pattern("%d.%m.%Y %H:%M:%S"), Some("Europe/Paris"), "31.01.2026 09:30:00", "2026-01-31T08:30:00.000Z"),
        (
            pattern("%d.%m.%Y %H:%M:%S %z"),
            Some("Europe/Paris"),
            "31.01.2026 09:30:00 -0500",
            "2026-01-31T14:30:00.000Z",
        ),
        (pattern("%m/%d/%Y %I:%M %p"), Some("America/New_York"), "01/31/2026 04:30 AM", "2026-01-31T09:30:00.000Z"),
        (pattern("%Y-%m-%d"), None, "2026-01-31", "2026-01-31T00:00:00.000Z"),
        (pattern("%Y%m%d%H%M%S%.f"), None, "20260131093000.125", "2026-01-31T09:30:00.125Z"),
        (pattern("@%s"), None, "@1769851800", "2026-01-31T09:30:00.000Z"),
    ];
    for (form, zone, text, expected) in cases {
        assert_eq!(time(&mut timed(form.clone(), zone), text).as_deref(), Ok(expected), "{form:?} {text}");
    }
}

#[test]
fn json_numbers_keep_every_digit() {
    let event = |at: &str| format!(r#"{{"user":"u","url":"/a","at":{at}}}"#);
    let mut micros = timed(TimeForm::Micros, None);
    assert_eq!(
        read(&mut micros, &event("1769851800125999")).map(|click| click[2].clone()).as_deref(),
        Ok("2026-01-31T09:30:00.125Z")
    );
    let mut seconds = timed(TimeForm::Seconds, None);
    assert_eq!(
        read(&mut seconds, &event("1769851800.125999")).map(|click| click[2].clone()).as_deref(),
        Ok("2026-01-31T09:30:00.125Z")
    );
    let mut date = timed(pattern("%Y%m%d"), None);
    assert_eq!(
        read(&mut date, &event("20260131")).map(|click| click[2].clone()).as_deref(),
        Ok("2026-01-31T00:00:00.000Z")
    );
}

#[test]
fn a_time_that_does_not_fit_says_what_was_expected() {
    let cases = [
        (TimeForm::Auto, "soon", "timestamp `soon` is not a time"),
        (TimeForm::Rfc3339, "2026-01-31T09:30:00", "has no offset: write Z or an offset"),
        (
            TimeForm::Rfc3339,
            "1769851800",
            "timestamp `1769851800` is not RFC 3339 (2026-01-31T09:30:00.125Z), which events.time_form asks for",
        ),
        (TimeForm::Rfc3339, "2026-02-31T09:30:00Z", "is not a time of the calendar"),
        (
            TimeForm::Seconds,
            "2026-01-31T09:30:00Z",
            "is not a number of seconds since 1970, which events.time_form asks for",
        ),
        (
            TimeForm::Seconds,
            "1769851800125",
            "is outside the years 1 to 9999 as a number of seconds since 1970; check events.time_form",
        ),
        (TimeForm::Seconds, "1e400", "is outside the years"),
        (TimeForm::Millis, "1.76985E+12", "has lost its last digits"),
        (TimeForm::Millis, "", "`timestamp` is missing or empty: events.timestamp takes it from `at`"),
        (
            pattern("%d.%m.%Y"),
            "2026-01-31",
            "timestamp `2026-01-31` does not fit the pattern `%d.%m.%Y` of events.time_form:",
        ),
        (pattern("%d.%m.%Y"), "31.02.2026", "does not fit the pattern"),
    ];
    for (form, text, reason) in cases {
        let error = time(&mut timed(form.clone(), None), text).expect_err("a wrong time");
        assert!(error.contains(reason), "{form:?} {text}: {error}\ninstead of {reason}");
        assert!(!error.contains(char::is_control));
    }
}

proptest! {
    /// A time in any unit is the same instant.
    #[test]
    fn units_agree(millis in -62_135_596_800_000_i64..=253_402_300_799_999) {
        let expected = crate::click::Timestamp::from_millis(millis).to_string();
        let sign = if millis < 0 { "-" } else { "" };
        let size = millis.unsigned_abs();
        let seconds = format!("{sign}{}.{:03}", size / 1000, size % 1000);
        let exponent = format!("{sign}{size}e-3");
        for (form, text) in [
            (TimeForm::Millis, millis.to_string()),
            (TimeForm::Seconds, seconds),
            (TimeForm::Seconds, exponent),
            (TimeForm::Micros, format!("{millis}000")),
            (TimeForm::Nanos, format!("{millis}000000")),
        ] {
            prop_assert_eq!(time(&mut timed(form, None), &text), Ok(expected.clone()));
        }
    }

    #[test]
    fn any_text_is_a_time_or_an_error(text in "[^\"]{0,30}") {
        for form in [TimeForm::Rfc3339, TimeForm::Seconds, TimeForm::Nanos, pattern("%d.%m.%Y %H:%M:%S %z")] {
            let _ = time(&mut timed(form, Some("Asia/Kolkata")), &text);
        }
    }
}
