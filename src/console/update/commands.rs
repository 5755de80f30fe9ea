//! The one way from the console to the engine: which commands are allowed, which ones ask first, and when they are sent.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::key_press::READ_ONLY;
use super::prompt::ANSWER_LENGTH;
use super::stages::verb;
use crate::console::state::app::App;
use crate::console::state::ending::Ending;
use crate::console::state::prompt::{Answer, Prompt};
use crate::console::state::text_input::TextInput;
use crate::engine::tables::TableOrder;
use crate::protocol::{Command, RemoteWork, StageAction};
use crate::text::printable;

impl App {
    /// Asks the pipeline for the figures that the user selected.
    pub(super) fn request_view(&mut self) {
        self.request(Command::View(self.selection.view()), None);
    }

    /// Sends `command`, after `question` if there is one. A command that is not allowed is refused.
    pub(super) fn request(&mut self, command: Command, question: Option<String>) {
        if let Err(reason) = self.permit(&command) {
            self.say(reason);
        } else if let Some(question) = question {
            let outlives = || self.engine.snapshot().remote.as_ref().and_then(|remote| remote.outlives.as_ref());
            let answer = match command {
                Command::Shutdown if outlives().is_some() => Answer::Work,
                Command::Reset => Answer::Word(TextInput::new(String::new(), ANSWER_LENGTH)),
                _ => Answer::Key,
            };
            self.overlays.prompt = Some(Prompt { question, command, answer });
        } else {
            self.send(command);
        }
    }

    fn permit(&self, command: &Command) -> Result<(), &'static str> {
        match command {
            Command::ShutdownAnd(RemoteWork::Stop) if self.settings.read_only => Err(READ_ONLY),
            Command::Shutdown | Command::ShutdownAnd(_) if self.settings.read_only && self.settings.attached => {
                Err(READ_ONLY)
            }
            Command::View(_) | Command::Ask(_) | Command::Shutdown | Command::ShutdownAnd(_) => Ok(()),
            _ if self.settings.read_only => Err(READ_ONLY),
            _ if self.ending.is_quitting() || self.engine.snapshot().shutting_down.is_some() => {
                Err("draining before the end: no more commands")
            }
            Command::Stage { .. }
            | Command::StartAll
            | Command::StopAll
            | Command::Reset
            | Command::Acknowledge(_)
            | Command::AcknowledgeAll => Ok(()),
        }
    }

    fn send(&mut self, command: Command) {
        match &command {
            // A newer view replaces one that waits.
            Command::View(_) => self.outgoing.commands.retain(|waiting| !matches!(waiting, Command::View(_))),
            // So does a newer question of the same kind.
            Command::Ask(question) => {
                let kind = std::mem::discriminant(question);
                let is_same =
                    |waiting: &Command| matches!(waiting, Command::Ask(other) if std::mem::discriminant(other) == kind);
                self.outgoing.commands.retain(|waiting| !is_same(waiting));
            }
            Command::Shutdown | Command::ShutdownAnd(_) if self.settings.attached => {
                self.say("asked the pipeline to drain and end");
            }
            Command::Shutdown | Command::ShutdownAnd(_) => {
                match &command {
                    Command::ShutdownAnd(RemoteWork::Leave) => {
                        self.say("the work on the cluster goes on without clicktop")
                    }
                    Command::ShutdownAnd(RemoteWork::Stop) => self.say("the work on the cluster is stopped"),
                    _ => {}
                }
                self.ending = self.ending.max(Ending::Draining);
                self.engine.frozen = None;
                // Nothing can be started or deleted any more.
                self.overlays.prompt = None;
            }
            other => self.say(describe(other)),
        }
        self.outgoing.commands.push(command);
    }

    /// Hands the waiting commands and orders to the engine. True if the footer shows a new message.
    ///
    /// While the engine is busy, views, questions, tables and the end wait. Other commands are dropped with a message: a start or
    /// stop that comes late is worse than one that the user must repeat.
    pub(crate) fn deliver(&mut self, commands: &mpsc::Sender<Command>, tables: &mpsc::Sender<TableOrder>) -> bool {
        let mut has_message = false;
        for order in std::mem::take(&mut self.outgoing.table_orders) {
            match tables.try_send(order) {
                // If the engine has ended, dropping the order ends the table with an error.
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(order)) => self.outgoing.table_orders.push(order),
            }
        }
        for command in std::mem::take(&mut self.outgoing.commands) {
            let log_line = log_line(&command);
            match commands.try_send(command) {
                Ok(()) => {
                    if let Some(line) = log_line {
                        tracing::info!(target: "console", "{line}");
                    }
                }
                Err(TrySendError::Full(
                    command @ (Command::View(_) | Command::Ask(_) | Command::Shutdown | Command::ShutdownAnd(_)),
                )) => self.outgoing.commands.push(command),
                Err(TrySendError::Full(command)) => {
                    self.say(format!("the pipeline is busy, not taken: {}", describe(&command)));
                    has_message = true;
                }
                Err(TrySendError::Closed(_)) => {
                    self.say("the pipeline has ended");
                    has_message = true;
                }
            }
        }
        has_message
    }
}

fn describe(command: &Command) -> String {
    match command {
        Command::Stage { id, action } => format!("{} {}", verb(*action), printable(id.as_str())),
        Command::StartAll => "start all stages".to_owned(),
        Command::StopAll => "stop all stages".to_owned(),
        Command::Reset => "delete all clicks and figures".to_owned(),
        Command::Acknowledge(alarm) => format!("acknowledge the alarm {}", printable(&alarm.to_string())),
        Command::AcknowledgeAll => "acknowledge every alarm".to_owned(),
        Command::View(_) => "change the view".to_owned(),
        Command::Ask(_) => "look something up".to_owned(),
        Command::Shutdown | Command::ShutdownAnd(_) => "shut down".to_owned(),
    }
}

/// The log line for a command that somebody gave here; `None` for a command that controls no stage.
fn log_line(command: &Command) -> Option<String> {
    Some(match command {
        Command::Stage { id, action } => {
            let done = match action {
                StageAction::Start => "started",
                StageAction::Stop => "stopped",
                StageAction::Restart => "restarted",
            };
            format!("{} {done} by key", printable(id.as_str()))
        }
        Command::StartAll => "every stage started by key".to_owned(),
        Command::StopAll => "every stage stopped by key".to_owned(),
        Command::Reset => "everything reset by key".to_owned(),
        Command::Acknowledge(alarm) => format!("alarm {} acknowledged by key", printable(&alarm.to_string())),
        Command::AcknowledgeAll => "every alarm acknowledged by key".to_owned(),
        Command::ShutdownAnd(RemoteWork::Leave) => "quit by key; the work in the cluster goes on".to_owned(),
        Command::ShutdownAnd(RemoteWork::Stop) => "quit by key; the work in the cluster stops".to_owned(),
        Command::View(_) | Command::Ask(_) | Command::Shutdown => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::StageAction;
    use crate::protocol::view::View;

    #[test]
    fn only_commands_that_control_stages_are_logged() {
        let line = |action| log_line(&Command::Stage { id: "store".into(), action });
        assert_eq!(line(StageAction::Start).as_deref(), Some("store started by key"));
        assert_eq!(line(StageAction::Stop).as_deref(), Some("store stopped by key"));
        assert_eq!(line(StageAction::Restart).as_deref(), Some("store restarted by key"));
        for command in [Command::StartAll, Command::StopAll, Command::Reset] {
            assert!(log_line(&command).is_some_and(|line| line.ends_with(" by key")), "{command:?}");
        }
        assert_eq!(log_line(&Command::View(View::default())), None);
        assert_eq!(log_line(&Command::Shutdown), None);
    }
}
