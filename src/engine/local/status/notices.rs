//! Notices: findings that events are odd, each reported once. In a log of thousands of lines nobody would see them.

use std::borrow::Cow;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::click::Timestamp;
use crate::protocol::snapshot::Notice;

/// How many are kept. Each kind comes once, so there are hardly more.
const MOST: usize = 16;

/// Everything that was said so far.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    kinds: Vec<Cow<'static, str>>,
    shown: Arc<[Notice]>,
}

impl Notices {
    /// Says `text` in the log and to whoever watches, unless something of this `kind` was said before.
    pub(crate) fn say(&self, kind: impl Into<Cow<'static, str>>, text: impl FnOnce() -> String) {
        let kind = kind.into();
        let mut inner = self.inner.lock();
        if inner.kinds.contains(&kind) || inner.shown.len() >= MOST {
            return;
        }
        let text = text();
        tracing::warn!(target: "ingest", "{text}");
        inner.kinds.push(kind);
        let notice = Notice { at: Timestamp::now(), text: text.into() };
        inner.shown = inner.shown.iter().cloned().chain([notice]).collect();
    }

    /// Oldest first.
    pub(crate) fn shown(&self) -> Arc<[Notice]> {
        Arc::clone(&self.inner.lock().shown)
    }

    /// Everything was forgotten: what is odd from now on is said again.
    pub(crate) fn clear(&self) {
        *self.inner.lock() = Inner::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_said_once_until_everything_is_forgotten() {
        let notices = Notices::default();
        let texts = || notices.shown().iter().map(|notice| notice.text.to_string()).collect::<Vec<_>>();
        notices.say("gzip", || "first".to_owned());
        notices.say("gzip", || panic!("said before"));
        notices.say("zstd", || "second".to_owned());
        assert_eq!(texts(), ["first", "second"]);
        notices.clear();
        notices.say("gzip", || "again".to_owned());
        assert_eq!(texts(), ["again"]);
    }
}
