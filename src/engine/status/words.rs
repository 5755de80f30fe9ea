//! Times as words of log lines and alarms.

use std::time::Duration;

/// A time in its one or two largest units: `45 s`, `6 min`, `1 h 30 min`, `2 d 4 h`. It is rounded down to them.
pub(crate) fn long_time(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {part}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..600 => two(seconds / 60, "min", seconds % 60, "s"),
        600..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => two(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_two_units_at_most() {
        let told = [0, 59, 60, 95, 599, 659, 3_600, 5_400, 86_399, 187_200];
        let wanted = [
            "0 s",
            "59 s",
            "1 min",
            "1 min 35 s",
            "9 min 59 s",
            "10 min",
            "1 h",
            "1 h 30 min",
            "23 h 59 min",
            "2 d 4 h",
        ];
        assert_eq!(told.map(|seconds| long_time(Duration::from_secs(seconds))), wanted);
    }
}
