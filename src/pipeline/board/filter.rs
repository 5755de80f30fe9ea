//! Which urls hold a text.

use std::ops::ControlFlow;

use hashbrown::HashSet;
use memchr::memmem::Finder;

use crate::storage::{Reader, StorageError, UrlId};

/// The urls that hold a text, ASCII case ignored. Urls are only ever added, so each is looked at once.
#[derive(Debug)]
pub(super) struct UrlFilter {
    text: String,
    finder: Finder<'static>,
    urls: HashSet<UrlId, foldhash::fast::RandomState>,
    /// Every url up to this one has been looked at.
    seen: UrlId,
}

impl UrlFilter {
    pub(super) fn new(text: &str) -> Self {
        let finder = Finder::new(&text.to_ascii_lowercase()).into_owned();
        Self { text: text.to_owned(), finder, urls: HashSet::default(), seen: UrlId(0) }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn holds(&self, url: UrlId) -> bool {
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
        let Self { finder, urls, seen, .. } = self;
        let mut lowercase = Vec::new();
        reader.urls_after(*seen, |id, url| {
            lowercase.clear();
            lowercase.extend(url.bytes().map(|byte| byte.to_ascii_lowercase()));
            if finder.find(&lowercase).is_some() {
                urls.insert(id);
            }
            *seen = id;
            go_on()
        })
    }
}
