//! Parses the time of an access log, `31/Jan/2026:09:30:00 +0000`. The general parser reads it too, but not at the speed of a log.

use super::digits::two_digits;
use super::instant::{Timestamp, Utc, instant};

/// The time; `None` if it is written in any other form, or if there is no such time.
pub(in crate::click) fn read(bytes: &[u8]) -> Option<Timestamp> {
    let &[
        d1,
        d2,
        b'/',
        a,
        b,
        c,
        b'/',
        y1,
        y2,
        y3,
        y4,
        b':',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        b' ',
        sign @ (b'+' | b'-'),
        o1,
        o2,
        o3,
        o4,
    ] = bytes
    else {
        return None;
    };
    let month = match &[a, b, c] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let two = |tens, ones| two_digits(tens, ones).ok();
    let date = (i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?), month, two(d1, d2)?);
    let clock = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?, 0);
    let (hours, minutes) = (two(o1, o2)?, two(o3, o4)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = i64::from(hours) * 60 + i64::from(minutes);
    instant(date, clock, Some(if sign == b'-' { -offset } else { offset }), &Utc).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_log_is_the_time_that_the_general_parser_reads() {
        let cases = [
            ("31/Jan/2026:09:30:00 +0000", true),
            ("29/Feb/2024:23:59:60 -0530", true),
            ("10/Oct/2000:13:55:36 -0700", true),
            ("01/Dec/9999:00:00:00 +1400", true),
            ("31/Feb/2026:09:30:00 +0000", false),
            ("31/Jan/2026:24:30:00 +0000", false),
            ("31/Jan/2026:09:30:00 +2400", false),
            ("31/Jan/2026:09:30:00 +0060", false),
            ("31/jan/2026:09:30:00 +0000", false),
            ("31/Jan/2026:09:30:00", false),
        ];
        for (text, read_here) in cases {
            assert_eq!(read(text.as_bytes()), text.parse().ok().filter(|_| read_here), "{text}");
        }
    }
}
