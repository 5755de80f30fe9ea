//! The size of the terminal and the layout that fits it.

use ratatui::layout::Rect;

use super::layout::ScreenLayout;
use super::panel::Panel;

/// The size of the terminal and the layout that fits it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Display {
    /// All cells of the terminal.
    pub(crate) area: Rect,
    /// Where everything is; `None` if the terminal is too small.
    pub(crate) layout: Option<ScreenLayout>,
}

impl Display {
    /// Rows of data that `panel` shows; 0 if it is not visible.
    pub(crate) fn rows(&self, panel: Panel) -> usize {
        self.layout.as_ref().map_or(0, |layout| layout.rows(panel))
    }

    /// The body of the open screen; empty while the overview is open.
    pub(crate) fn body(&self) -> Rect {
        self.layout.as_ref().and_then(|layout| layout.body).unwrap_or_default()
    }
}
