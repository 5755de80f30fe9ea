//! The details that are open: where the user is in them, and what is looked for.

use super::sheet::{Hit, Sheet};
use super::subject::Subject;
use crate::console::state::list::keep_visible;

/// The details that are open.
#[derive(Clone, Debug)]
pub(crate) struct OpenDetails {
    pub(crate) subject: Subject,
    /// Rows above the first visible one.
    pub(crate) top: usize,
    /// The text that is looked for; empty for none.
    pub(crate) find: String,
    /// The position of the picked place among those where the text is found.
    pub(crate) hit: usize,
}

impl OpenDetails {
    pub(crate) fn of(subject: Subject) -> Self {
        Self { subject, top: 0, find: String::new(), hit: 0 }
    }

    /// The text to look for; the first place below the top of the screen is picked.
    pub(crate) fn look_for(&mut self, text: String, sheet: &Sheet, visible: usize) {
        self.find = text;
        let hits = sheet.hits(&self.find);
        let top = self.top;
        self.hit = hits.iter().position(|hit| sheet.row_of(hit) >= top).unwrap_or(0);
        self.show(hits.get(self.hit), sheet, visible);
    }

    /// Picks the next place, or the one before. After the last one comes the first. False if there is none.
    pub(crate) fn next_hit(&mut self, forward: bool, sheet: &Sheet, visible: usize) -> bool {
        let hits = sheet.hits(&self.find);
        if hits.is_empty() {
            return false;
        }
        self.hit = (self.hit + if forward { 1 } else { hits.len() - 1 }) % hits.len();
        self.show(hits.get(self.hit), sheet, visible);
        true
    }

    fn show(&mut self, hit: Option<&Hit>, sheet: &Sheet, visible: usize) {
        if let Some(hit) = hit {
            self.top = keep_visible(self.top, Some(sheet.row_of(hit)), visible, sheet.rows.len());
        }
    }
}
