use proptest::prelude::*;

use super::*;

fn millis(text: &str) -> Result<i64, TimestampError> {
    text.parse::<Timestamp>().map(Timestamp::as_millis)
}

#[test]
fn rfc_3339_is_read_with_any_offset_and_separator() {
    for same in [
        "2026-01-31T09:30:00.125Z",
        "2026-01-31t09:30:00.125z",
        "2026-01-31 09:30:00.125Z",
        "2026-01-31T09:30:00.125+00:00",
        "2026-01-31T09:30:00.125-00:00",
        "2026-01-31T15:00:00.125+05:30",
        "2026-01-30T20:30:00.125-13:00",
        "2026-02-01T09:29:00.125+23:59",
    ] {
        assert_eq!(millis(same), Ok(1_769_851_800_125), "{same}");
    }
}

#[test]
fn without_an_offset_a_time_is_utc() {
    for same in ["2026-01-31 09:30:00", "2026-01-31T09:30:00", "2026-01-31 09:30:00.0004"] {
        assert_eq!(millis(same), Ok(1_769_851_800_000), "{same}");
    }
}

#[test]
fn digits_past_the_millisecond_are_cut_towards_the_past() {
    assert_eq!(millis("2026-01-31T09:30:00.1Z"), Ok(1_769_851_800_100));
    assert_eq!(millis("2026-01-31T09:30:00.9999999999999Z"), Ok(1_769_851_800_999));
    assert_eq!(millis("1969-12-31T23:59:59.9999Z"), Ok(-1));
    assert_eq!(millis("1769851800.1259"), Ok(1_769_851_800_125));
    assert_eq!(millis("1769851800125.9"), Ok(1_769_851_800_125));
    assert_eq!(millis("-0.0001"), Ok(-1));
    assert_eq!(millis("-1.5"), Ok(-1_500));
    assert_eq!(millis("-1.5001"), Ok(-1_501));
    assert_eq!(millis("-100000000000.5"), Ok(-100_000_000_001));
}

#[test]
fn a_leap_second_is_the_second_before_it() {
    assert_eq!(millis("2016-12-31T23:59:60.5Z"), millis("2016-12-31T23:59:59.5Z"));
}

#[test]
fn unix_seconds_and_milliseconds_are_told_apart_by_size() {
    assert_eq!(millis("0"), Ok(0));
    assert_eq!(millis("-0"), Ok(0));
    assert_eq!(millis("1769851800"), Ok(1_769_851_800_000));
    assert_eq!(millis("99999999999"), Ok(99_999_999_999_000));
    assert_eq!(millis("99999999999.999"), Ok(99_999_999_999_999));
    assert_eq!(millis("100000000000"), Ok(100_000_000_000));
    assert_eq!(millis("100000000000.999"), Ok(100_000_000_000));
    assert_eq!(millis("-99999"), Ok(-99_999_000));
    assert_eq!(millis("-100000000000"), Ok(-100_000_000_000));
}

#[test]
fn an_exponent_moves_the_point() {
    assert_eq!(millis("1.769851800125E9"), Ok(1_769_851_800_125));
    assert_eq!(millis("1769851800125e-3"), Ok(1_769_851_800_125));
    assert_eq!(millis("17e+8"), Ok(1_700_000_000_000));
    assert_eq!(millis("1e-99999999999999999999"), Ok(0));
    assert_eq!(millis("-1e-99999999999999999999"), Ok(-1));
    assert_eq!(millis("0e99999999999999999999"), Ok(0));
    assert_eq!(millis("1e99999999999999999999"), Err(TimestampError::Range));
    assert_eq!(millis(&format!("{}1e-400000", "0".repeat(400_000))), Ok(0));
}

#[test]
fn years_1_to_9999_and_no_others() {
    assert_eq!(millis("0001-01-01T00:00:00Z"), Ok(Timestamp::MIN.as_millis()));
    assert_eq!(millis("9999-12-31T23:59:59.999999Z"), Ok(Timestamp::MAX.as_millis()));
    for outside in [
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "-62135596800.001",
        "253402300800000",
        "1769851800125000",
        "1769851800125000000",
        "99999999999999999999999999",
    ] {
        assert_eq!(millis(outside), Err(TimestampError::Range), "{outside}");
    }
}

#[test]
fn what_the_calendar_lacks_is_refused() {
    for wrong in [
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-04-31 00:00:00",
        "2026-01-31T24:00:00Z",
        "2026-01-31T09:60:00Z",
        "2026-01-31T09:30:61Z",
        "2026-01-31T09:30:00+24:00",
        "2026-01-31T09:30:00+01:60",
    ] {
        assert_eq!(millis(wrong), Err(TimestampError::Calendar), "{wrong}");
    }
}

#[test]
fn other_forms_are_refused() {
    for wrong in [
        "",
        "now",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "1_000",
        "0x10",
        "NaN",
        "inf",
        " 1769851800",
        "1769851800 ",
        "--1",
        "1.2.3",
        "٣",
        "2026",
        "2026-01-31",
        "2026-01-31T09:30",
        "2026-01-31T09:30Z",
        "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:00,125Z",
        "2026-01-31T09:30:00+01",
        "2026-01-31T09:30:00+0100",
        "2026-01-31T09:30:00 Z",
        "2026-01-31T09:30:00 UTC",
        "2026-01-31T09:30:00Z[UTC]",
        "2026-01-31_09:30:00Z",
        "2026-1-31T09:30:00Z",
        "2026-W05-6T09:30:00Z",
        "20260131T093000Z",
        "+002026-01-31T09:30:00Z",
        "2026-01-31T09:30:00é",
    ] {
        // "2026" and its like are numbers: seconds of 1970.
        let expected = if wrong == "2026" { Ok(2_026_000) } else { Err(TimestampError::Form) };
        assert_eq!(millis(wrong), expected, "{wrong}");
    }
}

#[test]
fn it_shows_as_rfc_3339_in_utc_with_milliseconds() {
    for (millis, shown) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_769_851_800_125, "2026-01-31T09:30:00.125Z"),
        (Timestamp::MIN.as_millis(), "0001-01-01T00:00:00.000Z"),
        (Timestamp::MAX.as_millis(), "9999-12-31T23:59:59.999Z"),
        (Timestamp::MIN.as_millis() - 1, "-62135596800001 ms"),
        (i64::MAX, "9223372036854775807 ms"),
        (i64::MIN, "-9223372036854775808 ms"),
    ] {
        assert_eq!(Timestamp::from_millis(millis).to_string(), shown);
    }
}

/// What jiff makes of a text, cut to milliseconds. It cannot represent the last day of 9999.
fn by_jiff(text: &str) -> Option<i64> {
    let time = text.parse::<jiff::Timestamp>().ok()?;
    Some(i64::try_from(time.as_nanosecond().div_euclid(1_000_000)).expect("a jiff timestamp fits"))
}

proptest! {
    #[test]
    fn every_time_reads_back_from_how_it_shows(millis in Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis()) {
        let time = Timestamp::from_millis(millis);
        let shown = time.to_string();
        prop_assert_eq!(shown.parse(), Ok(time));
        prop_assert_eq!(shown.trim_end_matches('Z').replace('T', " ").parse(), Ok(time));
    }

    /// Dates and times around and beyond the edges of the calendar, up to the nine digits jiff reads.
    #[test]
    fn rfc_3339_reads_as_jiff_reads_it(
        year in 1..9999_u16, month in 0..14_u8, day in 0..33_u8,
        hour in 0..26_u8, minute in 0..62_u8, second in 0..63_u8,
        fraction in "(\\.[0-9]{1,9})?", separator in "[Tt ]", offset in "[Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]",
    ) {
        let text = format!(
            "{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}{fraction}{offset}"
        );
        let jiff = by_jiff(&text).filter(|millis| *millis >= Timestamp::MIN.as_millis());
        prop_assert_eq!(millis(&text).ok(), jiff, "{}", text);
    }

    /// One character of a good time replaced: mostly not a time any more, and never one that jiff would read otherwise.
    #[test]
    fn what_is_taken_for_rfc_3339_is_so_for_jiff(
        good in "[12][0-9]{3}-(0[1-9]|1[0-2])-[0-2][0-9][ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]0[0-9]:[0-5][0-9])?",
        at in 0..19_usize,
        other in "[0-9T:Zz+. -]",
    ) {
        let mut text = good;
        text.replace_range(at..=at, &other);
        if text.as_bytes()[4] == b'-' && let Ok(read) = millis(&text) {
            let has_offset = text.contains(['Z', 'z', '+']) || text.matches('-').count() > 2;
            let zone = if has_offset { "" } else { "Z" };
            prop_assert_eq!(Some(read), by_jiff(&format!("{text}{zone}")), "{}", text);
        }
    }

    /// Against whole-number arithmetic on nanoseconds.
    #[test]
    fn unix_numbers_are_exact(nanos in -62_135_596_800_000_000_000_i128..99_999_999_999_000_000_000_i128) {
        let (sign, size) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
        let (whole, fraction) = (size / 1_000_000_000, size % 1_000_000_000);
        let expected = i64::try_from(nanos.div_euclid(1_000_000)).expect("within the years");
        prop_assert_eq!(millis(&format!("{sign}{whole}.{fraction:09}")), Ok(expected));
        prop_assert_eq!(millis(&format!("{sign}{size}e-9")), Ok(expected));
        prop_assert_eq!(millis(&format!("{sign}0.{whole:011}{fraction:09}E+11")), Ok(expected));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), number in "-?[0-9]{0,40}\\.?[0-9]{0,40}([eE][+-]?[0-9]{0,30})?") {
        for text in [text, number] {
            if let Ok(time) = text.parse::<Timestamp>() {
                prop_assert!((Timestamp::MIN..=Timestamp::MAX).contains(&time));
            }
        }
    }
}
