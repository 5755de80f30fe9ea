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
    assert_eq!(millis("1769851800125999"), Ok(1_769_851_800_125));
    assert_eq!(millis("1769851800125999999"), Ok(1_769_851_800_125));
}

#[test]
fn a_leap_second_is_the_second_before_it() {
    assert_eq!(millis("2016-12-31T23:59:60.5Z"), millis("2016-12-31T23:59:59.5Z"));
}

/// What each line of a file of times in the wild is: the time, or why it is none.
#[test]
fn times_that_programs_write_are_read_or_refused_with_the_reason() {
    use TimestampError::{Calendar, DateOnly, Digits, Minus, Negative, Order, Range, Week};
    const NOON: Result<&str, TimestampError> = Ok("2026-01-31T09:30:00.000Z");
    for (text, expected) in [
        ("2019-10-01 00:00:00 UTC", Ok("2019-10-01T00:00:00.000Z")),
        ("2020-12-31 21:25:58.745232+02", Ok("2020-12-31T19:25:58.745Z")),
        ("2023-02-10 15:41:33+01", Ok("2023-02-10T14:41:33.000Z")),
        ("2026-01-31T09:30:00.125+0000", Ok("2026-01-31T09:30:00.125Z")),
        ("2026-01-31T09:30:00+0100", Ok("2026-01-31T08:30:00.000Z")),
        ("2026-01-31 09:30:00,125", Ok("2026-01-31T09:30:00.125Z")),
        ("2026-01-31T09:30:00Z[UTC]", NOON),
        ("2026-01-31T09:30:00 +00:00", NOON),
        ("2026-01-31T09:30", NOON),
        ("2026-01-31", Err(DateOnly)),
        ("20260131T093000Z", NOON),
        ("2026-W05-6T09:30:00Z", Err(Week)),
        ("11/15/2020 15:11", Err(Order)),
        ("2017/11/27 0:05:00", Ok("2017-11-27T00:05:00.000Z")),
        ("31/Jan/2026:09:30:00 +0000", NOON),
        ("Sat, 31 Jan 2026 09:30:00 GMT", NOON),
        ("1769851800123456", Ok("2026-01-31T09:30:00.123Z")),
        ("1769851800123456789", Ok("2026-01-31T09:30:00.123Z")),
        ("1769851800.123456", Ok("2026-01-31T09:30:00.123Z")),
        ("1.769851800123E12", Ok("2026-01-31T09:30:00.123Z")),
        ("-1", Err(Negative)),
        ("0", Err(Digits { digits: 1 })),
        ("-0.5", Err(Negative)),
        ("2016-12-31T23:59:60Z", Ok("2016-12-31T23:59:59.000Z")),
        ("2026-01-31T24:00:00Z", Err(Calendar)),
        ("0000-00-00 00:00:00", Err(Range)),
        ("9999-12-31T23:59:59.999Z", Ok("9999-12-31T23:59:59.999Z")),
        ("2026-01-31T09:30:00\u{2212}05:00", Err(Minus)),
        ("2026-01-31t09:30:00.123456789z", Ok("2026-01-31T09:30:00.123Z")),
        (" 2026-01-31T09:30:00Z", NOON),
        ("2026-01-31T09:30:00Z ", NOON),
    ] {
        let read = text.parse::<Timestamp>().map(|time| time.to_string());
        assert_eq!(read, expected.map(str::to_owned), "{text}");
    }
}

#[test]
fn less_common_forms_are_read() {
    for same in [
        "2026-01-31 10:30:00 GMT+0100",
        "2026-01-31 11:30:00 UTC+2",
        "2026-01-31T09:30:00+00:00[Etc/UTC]",
        "2026.01.31 09:30",
        "2026/1/31 9:30 z",
        "20260131 0930",
        "\t2026-01-31T09:30:00\u{a0}",
        " 1769851800 ",
        "[31/Jan/2026:10:30:00 +0100]",
        "31-Jan-2026 09:30:00",
        "31 January 2026 09:30:00 +0000",
        "Sat Jan 31 09:30:00 2026",
        "Sat Jan 31 09:30:00 UTC 2026",
        "Saturday, 31 Jan 2026 10:30:00 +0100 (CET)",
        "Sat Jan 31 2026 10:30:00 GMT+0100 (Central European Standard Time)",
        "Jan 31, 2026 09:30:00",
        "2026-01-31T10:30:00+01:00[Europe/Paris]",
        "2026-01-31 09:30:00.000000001 +0000 UTC",
        "2026-01-31 10:30:00 +0100 CET",
        "2026-01-31 12:30:00 +0300 +03",
        "2026-01-31 10:30:00.000999 +0100 CET m=+0.000041",
    ] {
        assert_eq!(millis(same), Ok(1_769_851_800_000), "{same}");
    }
}

#[test]
fn ambiguous_texts_are_refused() {
    use TimestampError::{Calendar, Compact, DateOnly, Digits, Form, Order, Rounded, Zone};
    for (text, expected) in [
        ("20170801", Compact),
        ("20170801120000", Compact),
        ("20170801120000123", Compact),
        ("201708011200", Compact),
        ("42948.5", Digits { digits: 5 }),
        ("2017", Digits { digits: 4 }),
        ("999999999", Digits { digits: 9 }),
        ("99999999999", Digits { digits: 11 }),
        ("20179901", Digits { digits: 8 }),
        ("17698518001250000000", Digits { digits: 20 }),
        ("0.5", Digits { digits: 1 }),
        ("1.76985E+12", Rounded),
        ("1.769852e+09", Rounded),
        ("0001769851800", Form),
        ("2026/01/31", DateOnly),
        ("31 Jan 2026", DateOnly),
        ("1/2/2026 09:30", Order),
        ("31.01.2026 09:30", Order),
        ("2026-01-31 09:30:00 CET", Zone),
        ("2026-01-31 09:30:00 PM", Zone),
        ("2026-01-31T10:30:00+01:00[UTC]", Zone),
        ("2026-01-31T10:30:00[Europe/Paris]", Zone),
        ("2026-01-31T09:30:00Z[Europe/Paris]", Zone),
        ("2026-01-31T10:30:00+01:00[!]", Zone),
        ("2026-01-31 10:30:00 +0100 UTC", Form),
        ("2026-01-31 10:30:00 +0100 PM", Form),
        ("2026-01-31 10:30:00 +0100 CET m=", Form),
        ("Sat Jan 31 09:30:00 CET 2026", Zone),
        ("Sun, 31 Jan 2026 09:30:00 GMT", Calendar),
        ("Sat, 31 Jan 26 09:30:00 GMT", Form),
        ("Jan 31 09:30:00", Form),
        ("2026-01/31 09:30", Form),
    ] {
        assert_eq!(millis(text), Err(expected), "{text}");
    }
}

#[test]
fn every_reason_says_what_to_write() {
    for (text, words) in [
        ("20170801", "is a date without separators"),
        (
            "42948.5",
            "has 5 digits before the point instead of 10 (seconds), 13 (milliseconds), 16 (microseconds) or 19 (nanoseconds); \
         write other times like 2026-01-31T09:30:00Z",
        ),
        ("-1", "write times before 1970 like 1969-12-31T23:59:59Z"),
        ("11/15/2020 15:11", "write the year first"),
        ("soon", "is not a time: write RFC 3339"),
    ] {
        let reason = text.parse::<Timestamp>().expect_err(text).to_string();
        assert!(reason.contains(words), "{text} {reason}");
    }
}

#[test]
fn the_count_of_digits_tells_the_unit_of_a_unix_time() {
    for (text, expected) in [
        ("1000000000", 1_000_000_000_000),
        ("9999999999", 9_999_999_999_000),
        ("9999999999.999", 9_999_999_999_999),
        ("1000000000000", 1_000_000_000_000),
        ("9999999999999.999", 9_999_999_999_999),
        ("1000000000000000", 1_000_000_000_000),
        ("9999999999999999.9", 9_999_999_999_999),
        ("1000000000000000000", 1_000_000_000_000),
        ("9999999999999999999.9", 9_999_999_999_999),
    ] {
        assert_eq!(millis(text), Ok(expected), "{text}");
    }
}

#[test]
fn an_exponent_moves_the_point() {
    assert_eq!(millis("1.769851800125E9"), Ok(1_769_851_800_125));
    assert_eq!(millis("1769851800125e-3"), Ok(1_769_851_800_125));
    assert_eq!(millis("0.1769851800125E10"), Ok(1_769_851_800_125));
    assert_eq!(millis("1.7698518e9"), Ok(1_769_851_800_000));
    assert_eq!(millis("1.769851800125e+18"), Ok(1_769_851_800_125));
    for (wrong, digits) in [("1e-99999999999999999999", 1), ("0e99999999999999999999", 1), ("1e30", 31)] {
        assert_eq!(millis(wrong), Err(TimestampError::Digits { digits }), "{wrong}");
    }
    assert!(matches!(millis("1e99999999999999999999"), Err(TimestampError::Digits { .. })));
    assert_eq!(millis(&format!("{}1e-400000", "0".repeat(400_000))), Err(TimestampError::Form));
}

#[test]
fn years_1_to_9999_and_no_others() {
    assert_eq!(millis("0001-01-01T00:00:00Z"), Ok(Timestamp::MIN.as_millis()));
    assert_eq!(millis("9999-12-31T23:59:59.999999Z"), Ok(Timestamp::MAX.as_millis()));
    for outside in
        ["0000-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"]
    {
        assert_eq!(millis(outside), Err(TimestampError::Range), "{outside}");
    }
}

#[test]
fn dates_that_do_not_exist_are_refused() {
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
        "--1",
        "1.2.3",
        "٣",
        "[]",
        "2026-01-31T09",
        "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:0",
        "2026-01-31_09:30:00Z",
        "2026-01-31T09:30:00Z[UTC",
        "2026-01-31T09:30:00+123",
        "2026-031T09:30:00Z",
        "2026-01-31T09:30:00Z Z",
        "+002026-01-31T09:30:00Z",
        "2026-01-31T09:30:00é",
    ] {
        let read = millis(wrong);
        assert!(matches!(read, Err(TimestampError::Form | TimestampError::Zone)), "{wrong} {read:?}");
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
    fn every_time_parses_back_from_its_printed_form(millis in Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis()) {
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
        if let Ok(read) = rfc_3339(text.as_bytes(), &Utc).map(Timestamp::as_millis) {
            let has_offset = text.contains(['Z', 'z', '+']) || text.matches('-').count() > 2;
            let zone = if has_offset { "" } else { "Z" };
            prop_assert_eq!(Some(read), by_jiff(&format!("{text}{zone}")), "{}", text);
        }
    }

    /// Against whole-number arithmetic on nanoseconds.
    #[test]
    fn unix_numbers_are_exact(nanos in 1_000_000_000_000_000_000_u64..=9_999_999_999_999_999_999_u64) {
        let (whole, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        let expected = i64::try_from(nanos / 1_000_000).expect("within the years");
        prop_assert_eq!(millis(&format!("{whole}.{fraction:09}")), Ok(expected));
        prop_assert_eq!(millis(&format!("{nanos}")), Ok(expected));
        prop_assert_eq!(millis(&format!("{}", nanos / 1_000)), Ok(expected));
        prop_assert_eq!(millis(&format!("{expected}")), Ok(expected));
        prop_assert_eq!(millis(&format!("{nanos}e-9")), Ok(expected));
        prop_assert_eq!(millis(&format!("0.{whole:010}{fraction:09}E+10")), Ok(expected));
    }

    /// Every form, as jiff writes it.
    #[test]
    fn less_common_forms_parse_back(seconds in -62_135_596_800_i64..253_402_200_000, hour in -12_i8..=14) {
        let zone = jiff::tz::Offset::constant(hour).to_time_zone();
        let time = jiff::Timestamp::from_second(seconds).expect("in jiff's years").to_zoned_datetime(zone);
        prop_assume!((1..=9999).contains(&time.year()));
        for form in [
            "%Y-%m-%d %H:%M:%S%z", "%Y/%m/%d %H:%M:%S %:z", "%Y%m%dT%H%M%S%z", "%d/%b/%Y:%H:%M:%S %z",
            "%a, %d %b %Y %H:%M:%S %z", "%A, %d %B %Y %H:%M:%S %z", "%a %b %d %Y %H:%M:%S GMT%z",
        ] {
            let text = jiff::fmt::strtime::format(form, &time).expect("a form of jiff's");
            prop_assert_eq!(millis(&text), Ok(seconds * 1000), "{}", text);
        }
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
