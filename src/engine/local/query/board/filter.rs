//! Which urls a filter keeps.

use std::ops::ControlFlow;

use hashbrown::HashSet;

use crate::protocol::pattern::{Pattern, PatternError};
use crate::storage::{Reader, StorageError, UrlId};

/// The urls that a pattern keeps. Urls are only ever added, so each is looked at once.
#[derive(Debug)]
pub(super) struct UrlFilter {
    pattern: Pattern,
    urls: HashSet<UrlId, foldhash::fast::RandomState>,
    /// Every url up to this one has been looked at.
    seen: UrlId,
}

impl UrlFilter {
    /// # Errors
    /// `text` is no pattern.
    pub(super) fn new(text: &str) -> Result<Self, PatternError> {
        Ok(Self { pattern: Pattern::parse(text)?, urls: HashSet::default(), seen: UrlId(0) })
    }

    pub(super) fn text(&self) -> &str {
        self.pattern.text()
    }

    pub(super) fn keeps(&self, url: UrlId) -> bool {
        self.urls.contains(&url)
    }

    /// Looks at the urls that are new; what was looked at stays so if `go_on` ends it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn extend(
        &mut self,
        reader: &Reader,
        mut go_on: impl FnMut() -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StorageError> {
        let Self { pattern, urls, seen } = self;
        reader.urls_after(*seen, |id, url| {
            if pattern.keeps(url) {
                urls.insert(id);
            }
            *seen = id;
            go_on()
        })
    }
}
