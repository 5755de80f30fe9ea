//! The one way from the console to the engine: which commands are allowed, which ones ask first, and when they are sent.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::key_press::READ_ONLY;
use super::prompt::ANSWER_LENGTH;
use super::stages::past;
use crate::console::state::app::App;
use crate::console::state::ending::Ending;
use crate::console::state::outgoing::{GivenBy, WaitingCommand};
use crate::console::state::prompt::{Answer, Prompt};
use crate::console::state::text_input::TextInput;
use crate::engine::tables::TableOrder;
use crate::protocol::event::EventKind;
use crate::protocol::{Command, RemoteWork, StageAction, StageId};
use crate::text::printable;

impl App {
    /// Asks the pipeline for the figures that the user selected.
    pub(super) fn request_view(&mut self) {
        self.request(Command::View(self.selection.view()), None);
    }

    /// Carries out what somebody asked for `by` a key or a command.
    pub(super) fn given_by(&mut self, by: GivenBy, carry_out: impl FnOnce(&mut Self)) {
        self.outgoing.by = by;
        carry_out(self);
        self.outgoing.by = GivenBy::Key;
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
            self.overlays.prompt = Some(Prompt { question, command, by: self.outgoing.by, answer });
        } else {
            self.send(command);
        }
    }

    /// Why `command` is not allowed.
    pub(super) fn permit(&self, command: &Command) -> Result<(), &'static str> {
        match command {
            Command::ShutdownAnd(RemoteWork::Stop) if self.settings.read_only => {
                Err("read-only: the work on the cluster cannot be stopped here")
            }
            Command::Shutdown | Command::ShutdownAnd(_) if self.settings.read_only && self.settings.attached => {
                Err("read-only: the pipeline cannot be ended here")
            }
            Command::View(_) | Command::Ask(_) | Command::Shutdown | Command::ShutdownAnd(_) => Ok(()),
            Command::Reset if self.settings.read_only => Err("read-only: nothing can be deleted here"),
            Command::Acknowledge(_) | Command::AcknowledgeAll if self.settings.read_only => {
                Err("read-only: alarms cannot be acknowledged here")
            }
            _ if self.settings.read_only => Err(READ_ONLY),
            _ if self.ending.is_quitting() || self.engine.snapshot().shutting_down.is_some() => {
                Err("the pipeline is ending: it takes no more commands")
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
            Command::View(_) => {
                self.outgoing.commands.retain(|waiting| !matches!(waiting.command, Command::View(_)));
            }
            // So does a newer question of the same kind.
            Command::Ask(question) => {
                let kind = std::mem::discriminant(question);
                let is_same = |waiting: &WaitingCommand| matches!(&waiting.command, Command::Ask(other) if std::mem::discriminant(other) == kind);
                self.outgoing.commands.retain(|waiting| !is_same(waiting));
            }
            Command::Shutdown | Command::ShutdownAnd(_) if self.settings.attached => {
                self.say("ending the pipeline…");
            }
            Command::Shutdown | Command::ShutdownAnd(_) => {
                match &command {
                    Command::ShutdownAnd(RemoteWork::Leave) => self.say("quitting… the work on the cluster goes on"),
                    Command::ShutdownAnd(RemoteWork::Stop) => self.say("quitting… the work on the cluster is stopped"),
                    _ => {}
                }
                self.ending = self.ending.max(Ending::Draining);
                self.engine.frozen = None;
                // Nothing can be started or deleted any more.
                self.overlays.prompt = None;
            }
            other => self.say(happening(other)),
        }
        let by = self.outgoing.by;
        self.outgoing.commands.push(WaitingCommand { command, by });
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
        for WaitingCommand { command, by } in std::mem::take(&mut self.outgoing.commands) {
            let noted = noted(&command, by);
            match commands.try_send(command) {
                Ok(()) => {
                    if let Some(Noted { kind, stage, text }) = noted {
                        let (event, stage) = (kind.name(), stage.as_ref().map(StageId::as_str));
                        tracing::info!(target: "console", event, stage, by = by.name(), "{text}");
                    }
                }
                Err(TrySendError::Full(
                    command @ (Command::View(_) | Command::Ask(_) | Command::Shutdown | Command::ShutdownAnd(_)),
                )) => self.outgoing.commands.push(WaitingCommand { command, by }),
                Err(TrySendError::Full(command)) => {
                    self.say(format!("the pipeline is busy and did not {}: try again", order(&command)));
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

/// What happens now that the engine has `command`.
fn happening(command: &Command) -> String {
    match command {
        Command::Stage { id, action } => {
            let doing = match action {
                StageAction::Start => "starting",
                StageAction::Stop => "stopping",
                StageAction::Restart => "restarting",
            };
            format!("{doing} {}…", printable(id.as_str()))
        }
        Command::StartAll => "starting all stages…".to_owned(),
        Command::StopAll => "stopping all stages…".to_owned(),
        Command::Reset => "deleting all clicks and figures…".to_owned(),
        Command::Acknowledge(alarm) => format!("acknowledging the alarm {}…", printable(&alarm.to_string())),
        Command::AcknowledgeAll => "acknowledging all alarms…".to_owned(),
        Command::View(_) | Command::Ask(_) => "asking…".to_owned(),
        Command::Shutdown | Command::ShutdownAnd(_) => "ending the pipeline…".to_owned(),
    }
}

/// What `command` tells the engine to do.
fn order(command: &Command) -> String {
    match command {
        Command::Stage { id, action } => {
            let verb = match action {
                StageAction::Start => "start",
                StageAction::Stop => "stop",
                StageAction::Restart => "restart",
            };
            format!("{verb} {}", printable(id.as_str()))
        }
        Command::StartAll => "start all stages".to_owned(),
        Command::StopAll => "stop all stages".to_owned(),
        Command::Reset => "delete anything".to_owned(),
        Command::Acknowledge(alarm) => format!("acknowledge the alarm {}", printable(&alarm.to_string())),
        Command::AcknowledgeAll => "acknowledge the alarms".to_owned(),
        Command::View(_) | Command::Ask(_) => "answer".to_owned(),
        Command::Shutdown | Command::ShutdownAnd(_) => "end".to_owned(),
    }
}

/// What the log and the timeline say of a command.
#[derive(Debug, PartialEq)]
struct Noted {
    kind: EventKind,
    stage: Option<StageId>,
    text: String,
}

/// What they say of a command that somebody gave here; `None` for a command that changes nothing for others.
fn noted(command: &Command, by: GivenBy) -> Option<Noted> {
    let by = by.name();
    let of_all = |kind, text: String| Noted { kind, stage: None, text };
    Some(match command {
        Command::Stage { id, action } => {
            let kind = if *action == StageAction::Stop { EventKind::Stop } else { EventKind::Start };
            let text = format!("{} {} by {by}", printable(id.as_str()), past(*action));
            Noted { kind, stage: Some(id.clone()), text }
        }
        Command::StartAll => of_all(EventKind::Start, format!("every stage started by {by}")),
        Command::StopAll => of_all(EventKind::Stop, format!("every stage stopped by {by}")),
        Command::Reset => of_all(EventKind::Reset, format!("everything reset by {by}")),
        Command::Acknowledge(alarm) => {
            of_all(EventKind::Alarm, format!("alarm {} acknowledged by {by}", printable(&alarm.to_string())))
        }
        Command::AcknowledgeAll => of_all(EventKind::Alarm, format!("every alarm acknowledged by {by}")),
        Command::ShutdownAnd(RemoteWork::Leave) => {
            of_all(EventKind::Stop, format!("quit by {by}; the work in the cluster goes on"))
        }
        Command::ShutdownAnd(RemoteWork::Stop) => {
            of_all(EventKind::Stop, format!("quit by {by}; the work in the cluster stops"))
        }
        // A signal is a shutdown, too. Whoever sends one notes it.
        Command::View(_) | Command::Ask(_) | Command::Shutdown => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::view::View;

    #[test]
    fn only_commands_that_others_notice_are_noted_with_their_stage() {
        let of = |action| noted(&Command::Stage { id: "store".into(), action }, GivenBy::Key).expect("noted");
        let said = |kind, text: &str| Noted { kind, stage: Some("store".into()), text: text.to_owned() };
        assert_eq!(of(StageAction::Start), said(EventKind::Start, "store started by key"));
        assert_eq!(of(StageAction::Stop), said(EventKind::Stop, "store stopped by key"));
        assert_eq!(of(StageAction::Restart), said(EventKind::Start, "store restarted by key"));
        for command in [Command::StartAll, Command::StopAll, Command::Reset, Command::AcknowledgeAll] {
            assert!(
                noted(&command, GivenBy::Command).is_some_and(|noted| noted.text.ends_with(" by command")),
                "{command:?}"
            );
        }
        for command in [Command::View(View::default()), Command::Shutdown] {
            assert_eq!(noted(&command, GivenBy::Key), None);
        }
    }
}
