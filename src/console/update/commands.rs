//! The one way from the console to the pipeline: what is allowed, what is asked about first, what is sent.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::console::format::count;
use crate::console::state::app::App;
use crate::engine::tables::TableOrder;
use crate::protocol::snapshot::ResetEnd;
use crate::protocol::{Command, StageAction};
use crate::text::printable;

/// A question that a command waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) question: String,
    pub(crate) command: Command,
    /// What is typed so far, where a word says yes and no key does.
    pub(crate) typed: Option<String>,
}

impl App {
    /// Starts the picked stage if it is not active, stops it if it is.
    pub(crate) fn toggle_stage(&mut self) {
        let Some(stage) = self.picked() else { return };
        let action = if stage.state.is_active() { StageAction::Stop } else { StageAction::Start };
        self.steer_stage(action);
    }

    /// Asks for `action` on the picked stage, if it takes that action.
    pub(crate) fn steer_stage(&mut self, action: StageAction) {
        let Some(stage) = self.picked() else { return };
        if stage.info.actions.contains(&action) {
            let id = stage.id().clone();
            self.request(Command::Stage { id, action }, None);
        } else {
            let refused = format!("{} does not take this: {}", printable(&stage.info.title), verb(action));
            self.say(refused);
        }
    }

    /// Asks to quit; a finished pipeline has nothing to lose and is not asked about.
    pub(crate) fn quit(&mut self) {
        if self.quitting {
            self.hurry();
        } else if self.live.snapshot.finished {
            self.request(Command::Shutdown, None);
        } else {
            self.request(Command::Shutdown, Some("Drain and quit clicktop?".to_owned()));
        }
    }

    pub(crate) fn terminate(&mut self) {
        if self.quitting {
            self.hurry();
        } else {
            self.request(Command::Shutdown, None);
        }
    }

    /// The second time the pipeline ends at once, in view; the third time the terminal is given back before that.
    fn hurry(&mut self) {
        if self.hurrying {
            self.leaving = true;
        } else {
            self.hurrying = true;
            self.request(Command::Shutdown, None);
        }
    }

    /// Asks for the word that deletes everything, and says what that is.
    pub(crate) fn ask_reset(&mut self) {
        let index = self.index_named();
        let clicks = count(self.live.snapshot.totals.clicks);
        self.request(Command::Reset, Some(format!("Delete {clicks} clicks and clear {index}?")));
    }

    /// `the embedded index`, `the index clicktop at https://search:9200`.
    fn index_named(&self) -> String {
        let target = &self.live.snapshot.index.target;
        match target.rsplit_once('/') {
            Some((server, name)) => format!("the index {name} at {server}"),
            None if target.is_empty() => "the index".to_owned(),
            None => format!("the {target} index"),
        }
    }

    /// What a reset has deleted, in words.
    pub(crate) fn told(&self, end: &ResetEnd) -> String {
        let index = self.index_named();
        match (&end.deleted, end.cleared) {
            (Err(why), _) => format!("nothing is deleted: {why}"),
            (Ok(clicks), None) => {
                format!("deleted {} clicks; {index} is cleared next", count(*clicks))
            }
            (Ok(clicks), Some(documents)) => {
                format!("deleted {} clicks, cleared {} documents of {index}", count(*clicks), count(documents))
            }
        }
    }

    /// Asks the pipeline for what the reader wants to see.
    pub(crate) fn request_view(&mut self) {
        self.request(Command::View(self.browse.view()), None);
    }

    /// The one way out for commands: refuses what is not allowed, asks where a question is given, else sends.
    pub(crate) fn request(&mut self, command: Command, question: Option<String>) {
        if let Err(reason) = self.permit(&command) {
            self.say(reason);
        } else if let Some(question) = question {
            let typed = (command == Command::Reset).then(String::new);
            self.prompt = Some(Prompt { question, command, typed });
        } else {
            self.send(command);
        }
    }

    fn permit(&self, command: &Command) -> Result<(), &'static str> {
        match command {
            Command::View(_) | Command::Ask(_) | Command::Shutdown => Ok(()),
            _ if self.read_only => Err("read-only: this console does not steer the pipeline"),
            _ if self.quitting || self.live.snapshot.shutting_down.is_some() => {
                Err("draining before the end: no more commands")
            }
            Command::Stage { .. } | Command::StartAll | Command::StopAll | Command::Reset => Ok(()),
        }
    }

    fn send(&mut self, command: Command) {
        match &command {
            // Only the newest view matters.
            Command::View(_) => self.outbox.retain(|waiting| !matches!(waiting, Command::View(_))),
            Command::Ask(question) => {
                let kind = std::mem::discriminant(question);
                self.outbox
                    .retain(|waiting| !matches!(waiting, Command::Ask(other) if std::mem::discriminant(other) == kind));
            }
            Command::Shutdown => {
                self.quitting = true;
                self.frozen = None;
                // It is answered: nothing is started or deleted any more.
                self.prompt = None;
            }
            other => {
                let text = describe(other);
                self.say(text);
            }
        }
        self.outbox.push(command);
    }

    /// Hands over what is to be sent. A view, a question, a table or the end waits while the channel is full; anything else is dropped with a
    /// notice, because a start or stop that comes late is worse than one to be asked for again. True if there is one.
    pub(crate) fn deliver(&mut self, commands: &mpsc::Sender<Command>, tables: &mpsc::Sender<TableOrder>) -> bool {
        let mut refused = false;
        for order in std::mem::take(&mut self.orders) {
            match tables.try_send(order) {
                // The progress of a table shows that it is under way. Dropping an order ends its table with an error.
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(order)) => self.orders.push(order),
            }
        }
        for command in std::mem::take(&mut self.outbox) {
            let by_key = done_by_key(&command);
            match commands.try_send(command) {
                Ok(()) => {
                    if let Some(words) = by_key {
                        tracing::info!(target: "console", "{words}");
                    }
                }
                Err(TrySendError::Full(command @ (Command::View(_) | Command::Ask(_) | Command::Shutdown))) => {
                    self.outbox.push(command)
                }
                Err(TrySendError::Full(command)) => {
                    self.say(format!("the pipeline is busy, not taken: {}", describe(&command)));
                    refused = true;
                }
                Err(TrySendError::Closed(_)) => {
                    self.say("the pipeline has ended");
                    refused = true;
                }
            }
        }
        refused
    }
}

fn verb(action: StageAction) -> &'static str {
    match action {
        StageAction::Start => "start",
        StageAction::Stop => "stop",
        StageAction::Restart => "restart",
    }
}

fn describe(command: &Command) -> String {
    match command {
        Command::Stage { id, action } => format!("{} {}", verb(*action), printable(id.as_str())),
        Command::StartAll => "start all stages".to_owned(),
        Command::StopAll => "stop all stages".to_owned(),
        Command::Reset => "delete all clicks and figures".to_owned(),
        Command::View(_) => "change the view".to_owned(),
        Command::Ask(_) => "look something up".to_owned(),
        Command::Shutdown => "shut down".to_owned(),
    }
}

/// What the log says of a command that somebody has given here; nothing of what steers no stage.
fn done_by_key(command: &Command) -> Option<String> {
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
        Command::View(_) | Command::Ask(_) | Command::Shutdown => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::StageAction;
    use crate::protocol::view::View;

    #[test]
    fn what_steers_a_stage_is_logged_and_nothing_else() {
        let said = |action| done_by_key(&Command::Stage { id: "store".into(), action });
        assert_eq!(said(StageAction::Start).as_deref(), Some("store started by key"));
        assert_eq!(said(StageAction::Stop).as_deref(), Some("store stopped by key"));
        assert_eq!(said(StageAction::Restart).as_deref(), Some("store restarted by key"));
        for command in [Command::StartAll, Command::StopAll, Command::Reset] {
            assert!(done_by_key(&command).is_some_and(|said| said.ends_with(" by key")), "{command:?}");
        }
        assert_eq!(done_by_key(&Command::View(View::default())), None);
        assert_eq!(done_by_key(&Command::Shutdown), None);
    }
}
