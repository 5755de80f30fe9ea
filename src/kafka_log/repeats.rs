//! Folds log lines that librdkafka repeats: while a broker is away, some come each second.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;

/// For this long after a line, others like it are only counted.
const WINDOW: Duration = Duration::from_secs(60);

/// The most kinds of lines that are remembered; a line of another kind is written.
const KINDS: usize = 200;

/// The lines of the last minute, and how often each came again.
#[derive(Debug, Default)]
pub(super) struct Repeats(HashMap<(String, String), Folded>);

#[derive(Debug)]
struct Folded {
    since: Instant,
    level: RDKafkaLogLevel,
    more: u64,
    newest: String,
}

/// A line to write.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) level: RDKafkaLogLevel,
    pub(super) text: String,
}

impl Repeats {
    /// What is to be written at `now`, when librdkafka logs `message`: how often the lines of a minute ago came again, and the message unless it
    /// came within the last minute.
    pub(super) fn take(&mut self, now: Instant, level: RDKafkaLogLevel, facility: &str, message: &str) -> Vec<Line> {
        let mut lines = self.ended(now);
        let key = (facility.to_owned(), kind(message).into_owned());
        let known = self.0.get_mut(&key);
        if let Some(folded) = known {
            folded.more += 1;
            message.clone_into(&mut folded.newest);
            return lines;
        }
        if self.0.len() < KINDS {
            self.0.insert(key, Folded { since: now, level, more: 0, newest: String::new() });
        }
        lines.push(Line { level, text: format!("{facility}: {message}") });
        lines
    }

    /// Forgets the lines of more than a minute ago; returns how often each came again.
    fn ended(&mut self, now: Instant) -> Vec<Line> {
        let ended = self.0.extract_if(|_, folded| now.saturating_duration_since(folded.since) >= WINDOW);
        let mut lines: Vec<Line> = ended
            .filter(|(_, folded)| folded.more > 0)
            .map(|((facility, _), Folded { level, more, newest, .. })| {
                let times = if more == 1 { "once more" } else { &format!("{more} more times") };
                Line { level, text: format!("{facility}: {times} within a minute, the last: {newest}") }
            })
            .collect();
        lines.sort_by(|one, other| one.text.cmp(&other.text));
        lines
    }
}

/// What tells one message from another. librdkafka puts what varies (times, counts, offsets) behind a bracket. Each of its threads tells of a
/// connection that fails, under the name of its broker.
fn kind(message: &str) -> Cow<'_, str> {
    const CONNECT: &str = "Connect to ";
    const CLOSED: &str = ": Disconnected";
    let message = message.split('(').next().unwrap_or(message);
    if let Some((_, to)) = message.split_once(CONNECT) {
        return format!("{CONNECT}{to}").into();
    }
    let Some((names, closed)) = message.split_once(CLOSED) else { return message.into() };
    // `[thrd:kafka:9092/1]: kafka:9092/1` or `[thrd:GroupCoordinator]: GroupCoordinator: kafka:9092`
    let broker = names.rsplit(": ").next().and_then(|name| name.split('/').next()).unwrap_or(names);
    format!("{broker}{CLOSED}{closed}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: RDKafkaLogLevel = RDKafkaLogLevel::Warning;

    fn written(repeats: &mut Repeats, at: Instant, facility: &str, message: &str) -> Vec<String> {
        repeats.take(at, LEVEL, facility, message).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_failure_of_each_second_is_one_line_a_minute_with_its_number() {
        let (mut repeats, begin) = (Repeats::default(), Instant::now());
        let failed = |second: u64| format!("[thrd:main]: Offset commit (manual) failed for clicks[0]@{second}");
        let mut lines = Vec::new();
        for second in 0..=120 {
            lines.extend(written(&mut repeats, begin + Duration::from_secs(second), "COMMITFAIL", &failed(second)));
        }
        let wanted = [
            format!("COMMITFAIL: {}", failed(0)),
            format!("COMMITFAIL: 59 more times within a minute, the last: {}", failed(59)),
            format!("COMMITFAIL: {}", failed(60)),
            format!("COMMITFAIL: 59 more times within a minute, the last: {}", failed(119)),
            format!("COMMITFAIL: {}", failed(120)),
        ];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn other_messages_of_the_same_code_are_written_and_the_last_ones_are_told_with_the_next_line() {
        let (mut repeats, begin) = (Repeats::default(), Instant::now());
        let refused = |broker: u8| format!("kafka-{broker}:9092: Connect failed: Connection refused (after 0ms)");
        assert_eq!(written(&mut repeats, begin, "FAIL", &refused(1)).len(), 1);
        assert_eq!(written(&mut repeats, begin, "FAIL", &refused(2)).len(), 1, "another broker");
        assert_eq!(written(&mut repeats, begin, "FAIL", &refused(1)), [""; 0]);
        let lines = written(&mut repeats, begin + WINDOW, "TERMINATE", "the end");
        let again = format!("FAIL: once more within a minute, the last: {}", refused(1));
        assert_eq!(lines, [again, "TERMINATE: the end".to_owned()]);
    }

    #[test]
    fn one_broker_that_refuses_connections_is_one_line_however_many_threads_say_so() {
        let (mut repeats, begin) = (Repeats::default(), Instant::now());
        let refused = "Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)";
        let all = [
            format!("[thrd:127.0.0.1:9092/1]: 127.0.0.1:9092/1: {refused}"),
            format!("[thrd:GroupCoordinator]: GroupCoordinator: 127.0.0.1:9092: {refused}"),
            format!("127.0.0.1:9092/1: {refused}"),
            format!(
                "[thrd:127.0.0.1:9092/bootstrap]: 127.0.0.1:9092/bootstrap: {refused}, 1 identical error(s) suppressed"
            ),
        ];
        let lines: Vec<String> = all.iter().flat_map(|line| written(&mut repeats, begin, "FAIL", line)).collect();
        assert_eq!(lines, [format!("FAIL: {}", all[0])], "with its full text");
        let other =
            "[thrd:127.0.0.1:9093/2]: 127.0.0.1:9093/2: Connect to ipv4#127.0.0.1:9093 failed: Connection refused";
        assert_eq!(written(&mut repeats, begin, "FAIL", other).len(), 1, "another broker");
        let closed = "Disconnected: connection closed by peer: receive 0 after POLLIN (after 9ms in state UP)";
        let closed = [
            "[thrd:127.0.0.1:9092/1]: 127.0.0.1:9092/1: ",
            "[thrd:GroupCoordinator]: GroupCoordinator: 127.0.0.1:9092: ",
        ]
        .map(|broker| format!("{broker}{closed}"));
        let lines: Vec<String> = closed.iter().flat_map(|line| written(&mut repeats, begin, "FAIL", line)).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        for number in 0..3 * KINDS {
            assert_eq!(written(&mut repeats, now, "FAIL", &format!("message {number}")).len(), 1);
        }
        assert_eq!(repeats.0.len(), KINDS);
    }
}
