//! One event changes the state, and the layout follows.

use std::sync::Arc;
use std::time::SystemTime;

use ratatui::layout::Rect;

use super::event::Event;
use crate::console::format::width;
use crate::console::keys::Context;
use crate::console::state::activity::newer_lines;
use crate::console::state::alarms::{has_begun, headline};
use crate::console::state::app::App;
use crate::console::state::effect::Effect;
use crate::console::state::ending::Ending;
use crate::console::state::layout::{MINIMUM, ScreenLayout};
use crate::console::state::mostly_rejected::mostly_rejected;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::console::state::stage_details::{DetailContext, stage_details, wanted_rows};
use crate::console::state::trouble::in_trouble;
use crate::protocol::{Snapshot, StageState};

/// Rows of a terminal from which the banner may have two.
const ROOM_FOR_TWO: u16 = 30;

impl App {
    /// Takes one event. True if the screen may look different after it.
    pub(crate) fn apply(&mut self, event: Event) -> bool {
        let changed = match event {
            Event::Snapshot(snapshot) => self.take_snapshot(snapshot),
            Event::Link(link) => {
                self.take_link(link);
                true
            }
            Event::EngineEnded => {
                self.ending = Ending::Leaving;
                false
            }
            Event::Key(key) => self.press(&key),
            Event::Keys(keys) => self.press_many(&keys),
            Event::Paste(text) => self.paste(&text),
            Event::Mouse(mouse) => self.point(&mouse),
            Event::Tick(now) => self.tick(now),
            Event::Terminate => {
                self.terminate();
                true
            }
        };
        if changed {
            self.settle();
        }
        changed
    }

    /// Lays everything out for a terminal of the size `area`.
    pub(crate) fn fit(&mut self, area: Rect) {
        self.display.area = area;
        self.settle();
    }

    /// Lays everything out anew, and moves cursors and scrolled lists to where there are rows.
    fn settle(&mut self) {
        let stages = self.engine.snapshot().stages.len();
        self.picked_stage = self.picked_stage.min(stages.saturating_sub(1));
        self.lay_out(stages);
        let board = Arc::clone(&self.engine.frozen_or_live().snapshot.board);
        self.selection.settle(&board, self.display.rows(Panel::Countries), self.display.rows(Panel::Urls));
        let visible = self.display.rows(Panel::Activity).max(1);
        self.overview.activity.settle(visible, &self.engine.frozen_or_live().snapshot);
        self.settle_screen();
        self.settle_event();
        self.settle_details();
    }

    fn lay_out(&mut self, stages: usize) {
        let whole = self.display.area;
        // The row of pipelines comes first, if the rest is large enough without it.
        let row = u16::from(self.fleet.is_some() && whole.height > MINIMUM.1);
        let area = Rect { y: whole.y + row, height: whole.height - row, ..whole };
        let snapshot = self.engine.snapshot();
        let banner = self.banner_rows(area);
        let details = wanted_rows(&stage_details(self.detail_context()), area.width);
        let focus = self.overview.focus;
        self.display.layout = match self.screens.open {
            Screen::Overview if self.overview.expanded => {
                let in_trouble = !in_trouble(&snapshot.stages, self.picked_stage).is_empty();
                ScreenLayout::of_expanded(area, stages, banner, details, in_trouble, focus)
            }
            Screen::Overview => ScreenLayout::of_overview(area, stages, banner, details, focus),
            Screen::Fleet => ScreenLayout::of_fleet(area),
            _ => ScreenLayout::of_screen(area, banner, details),
        };
        if let Some(layout) = &mut self.display.layout
            && row > 0
        {
            (layout.area, layout.pipelines) = (whole, Some(Rect { height: row, ..whole }));
        }
    }

    /// Rows of the banner. An alarm takes two where one would cut its text and the terminal is high enough.
    fn banner_rows(&self, area: Rect) -> u16 {
        let snapshot = self.engine.snapshot();
        if self.ending.has_banner(snapshot) || self.engine.has_link_trouble() {
            return 1;
        }
        let columns = usize::from(area.width).saturating_sub(1);
        match headline(snapshot, columns, self.now) {
            Some(alarm) if area.height >= ROOM_FOR_TWO && width(&alarm.text) > columns => 2,
            Some(_) => 1,
            None => u16::from(self.engine.newest_notice(self.now).is_some() || mostly_rejected(snapshot).is_some()),
        }
    }

    fn detail_context(&self) -> DetailContext<'_> {
        DetailContext {
            observed: &self.engine.live,
            picked: self.picked_stage,
            stages_have_focus: self.screens.context(self.overview.focus) == Context::Stages,
            now: self.now,
            keys: &self.keys,
            theme: &self.theme,
        }
    }

    fn take_snapshot(&mut self, snapshot: Arc<Snapshot>) -> bool {
        if let Some(at) = snapshot.at {
            self.now = self.now.max(at);
        }
        if !self.engine.is_frozen() {
            self.keep_places(&snapshot);
        }
        if self.settings.bell && has_begun(&self.engine.snapshot().alarms, &snapshot.alarms) {
            self.outgoing.effects.push(Effect::Ring);
        }
        let before = self.engine.snapshot().last_reset.as_ref();
        let new_reset = snapshot.last_reset.clone().filter(|reset| before != Some(reset));
        self.engine.live.push(snapshot);
        if let Some(reset) = new_reset {
            self.say(self.reset_message(&reset));
        }
        true
    }

    /// Keeps scrolled lists at the rows that they show, while `after` brings newer ones.
    fn keep_places(&mut self, after: &Snapshot) {
        let newer = newer_lines(&self.engine.live.snapshot.log, &after.log);
        self.overview.activity.log.keep(newer);
        self.keep_screen_places(after);
    }

    fn tick(&mut self, now: SystemTime) -> bool {
        self.now = now;
        if self.fleet.as_ref().is_some_and(|fleet| !fleet.is_shown) {
            // Nobody looks, so nothing is asked for.
            return self.drop_old_message();
        }
        let expired = self.drop_old_message();
        if !self.engine.is_frozen() {
            // Rejects, and a url's clicks and figures, change. Once a second is as often as anyone reads them.
            self.ask_for_screen(false);
            self.ask_for_details();
            self.ask_beside_board();
        }
        let stages = &self.engine.snapshot().stages;
        let counts_down = stages.iter().any(|stage| matches!(stage.state, StageState::BackingOff { .. }));
        expired || counts_down || self.engine.has_link_trouble() || self.engine.stale_for(now).is_some()
    }
}
