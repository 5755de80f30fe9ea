//! Finds the urls that a filter keeps.

use std::ops::ControlFlow;

use hashbrown::HashSet;

use crate::protocol::View;
use crate::protocol::pattern::{Pattern, PatternError};
use crate::storage::{Reader, StorageError, UrlId};

/// The urls that a pattern keeps. Urls are only ever added to the database, so each is matched once.
#[derive(Debug)]
pub(super) struct UrlFilter {
    pattern: Pattern,
    urls: HashSet<UrlId, foldhash::fast::RandomState>,
    /// Every url up to this one has been matched.
    matched_up_to: UrlId,
}

impl UrlFilter {
    /// # Errors
    /// `text` is no pattern.
    pub(super) fn new(text: &str) -> Result<Self, PatternError> {
        Ok(Self { pattern: Pattern::parse(text)?, urls: HashSet::default(), matched_up_to: UrlId(0) })
    }

    pub(super) fn text(&self) -> &str {
        self.pattern.text()
    }

    pub(super) fn keeps(&self, url: UrlId) -> bool {
        self.urls.contains(&url)
    }

    /// Matches the urls that are new, until `go_on` breaks. The next call continues there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn extend(
        &mut self,
        reader: &Reader,
        mut go_on: impl FnMut() -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StorageError> {
        let Self { pattern, urls, matched_up_to } = self;
        reader.urls_after(*matched_up_to, |id, url| {
            if pattern.keeps(url) {
                urls.insert(id);
            }
            *matched_up_to = id;
            go_on()
        })
    }
}

/// The filter of `view` among those that are known; `None` if the view has none.
pub(super) fn filter_of<'a>(filters: &'a [UrlFilter], view: &View) -> Option<&'a UrlFilter> {
    filters.iter().find(|filter| !view.filter.is_empty() && filter.text() == view.filter)
}
