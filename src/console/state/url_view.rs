//! Where the user is on the page of one url.

use std::sync::Arc;

use super::list::List;
use super::screen::Screen;
use crate::console::keys::Context;
use crate::protocol::answer::PageDetails;
use crate::protocol::board::PageRow;

/// A panel of the page that can have the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UrlPanel {
    Countries,
    #[default]
    Clicks,
}

impl UrlPanel {
    /// The other panel.
    pub(crate) const fn other(self) -> Self {
        match self {
            UrlPanel::Countries => UrlPanel::Clicks,
            UrlPanel::Clicks => UrlPanel::Countries,
        }
    }

    /// Where keys act while this panel has the focus.
    pub(crate) const fn context(self) -> Context {
        match self {
            UrlPanel::Countries => Context::CountriesOfUrl,
            UrlPanel::Clicks => Context::Url,
        }
    }
}

/// The page of one url.
#[derive(Clone, Debug, Default)]
pub(crate) struct UrlView {
    pub(crate) url: Option<Arc<str>>,
    /// The screen on which the user opened the url.
    pub(crate) opened_on: Screen,
    pub(crate) focus: UrlPanel,
    pub(crate) countries: List,
    /// The newest clicks of the url.
    pub(crate) clicks: List,
}

impl UrlView {
    /// The list of `panel`.
    pub(crate) fn list_mut(&mut self, panel: UrlPanel) -> &mut List {
        match panel {
            UrlPanel::Countries => &mut self.countries,
            UrlPanel::Clicks => &mut self.clicks,
        }
    }

    /// Whether the user has a place in the list of `panel`; the cursor of any other list stays on the first row.
    fn has_place(&self, panel: UrlPanel) -> bool {
        match panel {
            UrlPanel::Countries => self.focus == panel || self.countries.at > 0,
            // The first click is the newest one.
            UrlPanel::Clicks => self.clicks.at > 0,
        }
    }

    /// The country under the cursor, while the countries have the focus.
    pub(crate) fn picked_country<'a>(&self, details: &'a PageDetails) -> Option<&'a PageRow> {
        details.countries.get(self.countries.at).filter(|_| self.focus == UrlPanel::Countries)
    }

    /// Keeps the cursors on their rows while the answer changes.
    pub(crate) fn keep_places(&mut self, before: &PageDetails, after: &PageDetails) {
        if self.has_place(UrlPanel::Countries)
            && let Some(picked) = before.countries.get(self.countries.at)
            && let Some(at) = after.countries.iter().position(|row| row.country == picked.country)
        {
            self.countries.at = at;
        }
        if self.has_place(UrlPanel::Clicks)
            && let Some(picked) = before.clicks.get(self.clicks.at)
            && let Some(at) = after.clicks.iter().position(|click| click == picked)
        {
            self.clicks.at = at;
        }
    }
}

/// Rows of the list of `panel` in `details`.
pub(crate) fn rows_of(panel: UrlPanel, details: &PageDetails) -> usize {
    match panel {
        UrlPanel::Countries => details.countries.len(),
        UrlPanel::Clicks => details.clicks.len(),
    }
}
