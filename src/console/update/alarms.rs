//! Opening the alarms, and acknowledging them.

use std::sync::Arc;

use crate::console::keys::Action;
use crate::console::state::alarm_list::alarm_rows;
use crate::console::state::app::App;
use crate::console::state::list::List;
use crate::console::state::screen::Screen;
use crate::protocol::alarm::Alarm;
use crate::protocol::{Command, Snapshot};
use crate::text::printable;

impl App {
    /// Opens the alarms, or closes them.
    pub(super) fn toggle_alarms(&mut self) {
        if self.screens.open == Screen::Alarms { self.go_back() } else { self.open_alarms() }
    }

    /// Opens the alarms.
    pub(super) fn open_alarms(&mut self) {
        if self.screens.open == Screen::Alarms {
            return;
        }
        self.screens.alarms.opened_on = self.screens.open;
        self.screens.alarms.list = List::default();
        self.open_screen(Screen::Alarms);
    }

    /// Acknowledges the alarm under the cursor.
    pub(super) fn acknowledge_picked(&mut self) {
        let snapshot = Arc::clone(&self.engine.live.snapshot);
        if self.screens.open != Screen::Alarms {
            let key = self.keys.label_of(Action::Alarms);
            return self.say(format!("{key} opens the alarms: pick one there"));
        }
        let Some(alarm) = self.screens.alarms.picked(&snapshot) else {
            return self.say("there is no alarm to acknowledge");
        };
        let id = alarm.id();
        // Past alarms follow the active ones.
        if self.screens.alarms.list.at >= snapshot.alarms.active.len() {
            return self.say(format!("the alarm {} is over", printable(&id.to_string())));
        }
        if alarm.acknowledged.is_some() {
            return self.say(format!("the alarm {} is acknowledged already", printable(&id.to_string())));
        }
        self.request(Command::Acknowledge(id), None);
    }

    /// Acknowledges every alarm that is on.
    pub(super) fn acknowledge_all(&mut self) {
        let alarms = &self.engine.snapshot().alarms;
        if alarms.active.is_empty() {
            return self.say("no alarm is on");
        }
        if alarms.active.iter().all(|alarm| alarm.acknowledged.is_some()) {
            return self.say("every alarm is acknowledged already");
        }
        self.request(Command::AcknowledgeAll, None);
    }

    /// Keeps the cursor of the alarms on its alarm, while `after` brings new ones or ends old ones.
    pub(super) fn keep_alarm_place(&mut self, after: &Snapshot) {
        let view = &mut self.screens.alarms;
        // At the top, the cursor stays on the most urgent one.
        if view.list.at == 0 {
            return;
        }
        let Some(picked) = view.picked(&self.engine.live.snapshot) else { return };
        let same = |alarm: &Alarm| alarm.is(&picked.id()) && alarm.since == picked.since;
        if let Some(at) = alarm_rows(&after.alarms).position(same) {
            view.list.at = at;
        }
    }
}
