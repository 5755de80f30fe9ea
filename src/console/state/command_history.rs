//! The commands that were typed before.

/// So many commands are kept.
pub(crate) const HISTORY_LINES: usize = 200;

/// The commands that were typed before, the oldest first, and where the user is among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommandHistory {
    lines: Vec<String>,
    /// The position of the command in the line; `None` at the line that the user types.
    at: Option<usize>,
}

impl CommandHistory {
    /// The commands of earlier runs.
    pub(crate) fn of(lines: Vec<String>) -> Self {
        let mut history = Self::default();
        for line in lines {
            history.push(&line);
        }
        history
    }

    /// Takes a command. True if it differs from the one before.
    pub(crate) fn push(&mut self, line: &str) -> bool {
        self.at = None;
        let line = line.trim();
        if line.is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return false;
        }
        self.lines.push(line.to_owned());
        let more = self.lines.len().saturating_sub(HISTORY_LINES);
        self.lines.drain(..more);
        true
    }

    /// Goes back to the line that the user types.
    pub(crate) fn leave(&mut self) {
        self.at = None;
    }

    /// The command before or after the one in the line, which holds `text`; behind the last one, the line is empty. `None` if the user has
    /// typed something else, or if there is none: then the key moves through the suggestions.
    pub(crate) fn step(&mut self, older: bool, text: &str) -> Option<&str> {
        let is_here = self.at.and_then(|at| self.lines.get(at)).is_some_and(|line| line == text);
        if !is_here {
            self.at = None;
            if !text.is_empty() || !older {
                return None;
            }
        }
        let at = match (self.at, older) {
            (None, _) => self.lines.len().checked_sub(1)?,
            (Some(at), true) => at.saturating_sub(1),
            (Some(at), false) => at + 1,
        };
        self.at = (at < self.lines.len()).then_some(at);
        Some(self.lines.get(at).map_or("", String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_walks_back_while_the_line_is_empty_or_unchanged_and_down_forth() {
        let mut history = CommandHistory::of(vec!["lag".into(), "lag".into(), "stop all".into()]);
        assert_eq!(history.step(false, ""), None, "there is nothing newer");
        assert_eq!(history.step(true, "").map(str::to_owned).as_deref(), Some("stop all"));
        assert_eq!(history.step(true, "stop all").map(str::to_owned).as_deref(), Some("lag"), "the same twice is one");
        assert_eq!(history.step(true, "lag"), Some("lag"), "the oldest");
        assert_eq!(history.step(false, "lag"), Some("stop all"));
        assert_eq!(history.step(true, "stop al"), None, "a line that the user has changed");
        assert_eq!(history.step(true, ""), Some("stop all"));
        assert_eq!(history.step(false, "stop all"), Some(""));
    }

    #[test]
    fn the_oldest_commands_go() {
        let mut history = CommandHistory::of((0..300).map(|n| n.to_string()).collect());
        assert_eq!((history.lines.len(), history.lines.first().map(String::as_str)), (HISTORY_LINES, Some("100")));
        assert!(!history.push("299") && !history.push("  ") && history.push("new"));
    }
}
