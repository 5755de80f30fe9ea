//! The content of the details, before it is laid out.

use std::borrow::Cow;

use crate::console::format::time_of_day;
use crate::protocol::snapshot::{LogLevel, LogLine};
use crate::text::printable;

/// What the details say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) title: String,
    pub(crate) lines: Vec<DetailLine>,
}

/// How a line of the details looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Dim,
    Warn,
    Bad,
}

/// A line of the details. The text may be longer than the screen is wide. It is untrusted until it is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DetailLine {
    /// What the text is: `topic`; empty for a text alone.
    pub(crate) label: &'static str,
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

impl Details {
    /// Details without lines.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), lines: Vec::new() }
    }

    /// Adds a fact, unless it has no text.
    pub(crate) fn fact(&mut self, label: &'static str, text: impl Into<String>, tone: Tone) {
        let text = text.into();
        if !text.is_empty() {
            self.lines.push(DetailLine { label, text, tone });
        }
    }

    /// Adds a text below an empty line. Its own lines stay lines.
    pub(crate) fn text(&mut self, text: &str, tone: Tone) {
        self.blank();
        let line = |line: &str| DetailLine { label: "", text: line.to_owned(), tone };
        self.lines.extend(text.split('\n').map(|part| line(part.strip_suffix('\r').unwrap_or(part))));
    }

    /// Adds an empty line, unless there is one or nothing is above it.
    pub(crate) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.text.is_empty()) {
            self.lines.push(DetailLine { label: "", text: String::new(), tone: Tone::Plain });
        }
    }

    /// Adds the newest lines of `log` that the stage `id` wrote or that begin with its name, the newest one first.
    pub(crate) fn log_of(&mut self, id: &str, log: &[LogLine], most: usize) {
        let lines: Vec<&LogLine> = newest_of(id, log).take(most).collect();
        if lines.is_empty() {
            return;
        }
        self.blank();
        self.lines.push(DetailLine { label: "", text: "its newest log lines".into(), tone: Tone::Dim });
        for line in lines {
            let tone = Tone::of_level(line.level);
            let text = format!("{}  {}", time_of_day(line.at), line.message);
            self.lines.push(DetailLine { label: "", text, tone });
        }
    }

    /// Everything in one line: a shell that gets it must not run its parts.
    pub(crate) fn in_one_line(&self) -> String {
        let lines = self.lines.iter().filter(|line| !line.text.is_empty());
        let words = lines.map(|line| {
            let text = printable(&line.text);
            if line.label.is_empty() { text } else { Cow::Owned(format!("{}: {text}", line.label)) }
        });
        words.collect::<Vec<_>>().join("; ")
    }
}

impl Tone {
    /// The tone of a log line.
    pub(crate) fn of_level(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Tone::Bad,
            LogLevel::Warn => Tone::Warn,
            LogLevel::Info => Tone::Plain,
            LogLevel::Debug => Tone::Dim,
        }
    }
}

/// The lines of `log` that the stage `id` has logged, or that begin with its name, the newest first.
pub(crate) fn newest_of<'a>(id: &str, log: &'a [LogLine]) -> impl Iterator<Item = &'a LogLine> {
    log.iter().rev().filter(move |line| {
        line.target == id || line.message.strip_prefix(id).is_some_and(|rest| rest.starts_with([':', ' ']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_stage_has_what_others_say_about_it() {
        let line = |target: &str, message: &str| LogLine {
            at: crate::click::Timestamp::from_millis(0),
            level: LogLevel::Info,
            target: target.into(),
            message: message.into(),
        };
        let log = [
            line("index", "connected"),
            line("pipeline", "index: the engine refuses connections"),
            line("console", "index stopped by key"),
            line("console", "indexes are not the index"),
            line("store", "transaction 7"),
        ];
        let mut details = Details::new("stage index");
        details.log_of("index", &log, 10);
        let texts: Vec<&str> = details.lines.iter().skip(1).filter_map(|line| line.text.split("  ").nth(1)).collect();
        assert_eq!(texts, ["index stopped by key", "index: the engine refuses connections", "connected"]);
    }

    #[test]
    fn what_is_copied_is_one_line_without_control_characters() {
        let mut details = Details::new("reject");
        details.fact("reason", "expected 9 fields", Tone::Warn);
        details.fact("topic", "", Tone::Plain);
        details.text("1,u\r\nrm -rf ~\u{1b}[2J", Tone::Plain);
        assert_eq!(details.in_one_line(), "reason: expected 9 fields; 1,u; rm -rf ~\\u{1b}[2J");
        assert_eq!(details.lines.len(), 4, "{:?}", details.lines);
    }
}
