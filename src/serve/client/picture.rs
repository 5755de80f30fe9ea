//! Makes snapshots of the lines of a stream.
//!
//! The other program may be older or newer. What it does not send keeps its default; a member that this program does not know, or cannot
//! read, is left out, and one line says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use serde_json::value::RawValue;

use crate::protocol::{PROTOCOL_VERSION, Snapshot, to_millis};
use crate::text::excerpt;

/// Large members, which a line leaves out while they stay as they were.
const KEPT: [&str; 5] = ["board", "answers", "recent", "log", "remote"];

/// The most unknown names that are shown.
const SHOWN: usize = 4;

type Members = BTreeMap<String, Box<RawValue>>;

/// What a line brings.
#[derive(Debug)]
pub(super) enum News {
    /// A snapshot, and the number of the line.
    Snapshot(Arc<Snapshot>, u64),
    /// Nothing has changed; the number of the line.
    Heartbeat(u64),
    /// The pipeline has ended, for this reason.
    Ended(String),
}

/// What has come so far on one connection.
#[derive(Debug, Default)]
pub(super) struct Picture {
    kept: Members,
    /// Names of members that this program does not know or cannot read.
    unreadable: BTreeSet<String>,
    /// The version of the protocol that the other program speaks.
    protocol: Option<u32>,
}

impl Picture {
    /// Takes a line.
    ///
    /// # Errors
    /// It is not JSON, or nothing of it can be read.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<News, String> {
        let mut line: Members = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let number = line.remove("number").and_then(|number| number.get().parse().ok()).unwrap_or(0);
        if let Some(reason) = line.get("ended") {
            return Ok(News::Ended(
                serde_json::from_str(reason.get()).unwrap_or_else(|_| "the pipeline has ended".to_owned()),
            ));
        }
        if line.contains_key("heartbeat") {
            return Ok(News::Heartbeat(number));
        }
        self.protocol = line.remove("protocol").and_then(|version| version.get().parse().ok());
        for name in KEPT {
            if let Some(member) = line.remove(name) {
                self.kept.insert(name.to_owned(), member);
            }
        }
        for (name, member) in &self.kept {
            line.insert(name.clone(), member.clone());
        }
        self.unreadable.extend(line.keys().filter(|name| !is_known(name)).cloned());
        line.retain(|name, _| !self.unreadable.contains(name));
        let mut snapshot = match read(&line) {
            Ok(snapshot) => snapshot,
            Err(_) => {
                self.leave_out(&mut line);
                read(&line).map_err(|error| error.to_string())?
            }
        };
        // The clocks of two machines differ; what counts is when it came.
        snapshot.at = Some(to_millis(SystemTime::now()));
        Ok(News::Snapshot(Arc::new(snapshot), number))
    }

    /// Leaves out the members that cannot be read.
    fn leave_out(&mut self, line: &mut Members) {
        line.retain(|name, member| {
            let alone = BTreeMap::from([(name.clone(), member.clone())]);
            let reads = read(&alone).is_ok();
            if !reads {
                self.unreadable.insert(name.clone());
            }
            reads
        });
    }

    /// What this program cannot show, in one line. `theirs` is the version of the other program.
    pub(super) fn lacks(&self, theirs: Option<&str>) -> Option<String> {
        let ours = env!("CARGO_PKG_VERSION");
        let theirs = theirs.map_or_else(|| "another version".to_owned(), |version| excerpt(version, 20).into_owned());
        let protocol = self.protocol.filter(|version| *version != PROTOCOL_VERSION);
        let names: Vec<_> = self.unreadable.iter().take(SHOWN).map(|name| excerpt(name, 20)).collect();
        let names = match names.is_empty() {
            true => String::new(),
            false => format!(", and cannot show: {}", names.join(", ")),
        };
        match protocol {
            None if names.is_empty() => None,
            None => Some(format!("the pipeline is clicktop {theirs}, this console {ours}{names}")),
            Some(protocol) => Some(format!(
                "the pipeline is clicktop {theirs} (protocol {protocol}), this console {ours} (protocol {PROTOCOL_VERSION}){names}"
            )),
        }
    }
}

/// A snapshot of `members`; those that are not there keep their defaults.
fn read(members: &Members) -> serde_json::Result<Snapshot> {
    let given = members.iter().map(|(name, value)| (name.as_str(), value.get()));
    let absent = defaults().iter().filter(|(name, _)| !members.contains_key(*name));
    let absent = absent.map(|(name, value)| (name.as_str(), value.get()));
    let mut text = String::from("{");
    for (place, (name, value)) in given.chain(absent).enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(name)?);
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    serde_json::from_str(&text)
}

/// The members of a snapshot that knows nothing.
fn defaults() -> &'static Members {
    static DEFAULTS: OnceLock<Members> = OnceLock::new();
    DEFAULTS.get_or_init(|| {
        let text = serde_json::to_string(&Snapshot::default()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    })
}

/// Whether a snapshot of this program may have a member of this name.
fn is_known(name: &str) -> bool {
    KEPT.contains(&name) || name == "shutting_down" || defaults().contains_key(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(picture: &mut Picture, line: &str) -> (Arc<Snapshot>, u64) {
        match picture.take(line.as_bytes()).expect("a line that can be read") {
            News::Snapshot(snapshot, number) => (snapshot, number),
            other => panic!("{other:?}"),
        }
    }

    /// A whole snapshot as a service sends it.
    fn whole(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut value = serde_json::to_value(Snapshot { lag: Some(3), ..Snapshot::default() }).unwrap();
        value["number"] = 1.into();
        value["board"] =
            serde_json::to_value(crate::protocol::board::Board { matching: 7, ..Default::default() }).unwrap();
        change(&mut value);
        value.to_string()
    }

    #[test]
    fn what_a_line_leaves_out_stays_and_what_it_ends_goes() {
        let mut picture = Picture::default();
        let (first, number) = snapshot(&mut picture, &whole(|line| line["shutting_down"] = "ingest".into()));
        assert_eq!((first.board.matching, first.lag, number), (7, Some(3), 1));
        assert_eq!(first.shutting_down.as_deref(), Some("ingest"));
        let mut later = serde_json::to_value(Snapshot { lag: Some(4), ..Snapshot::default() }).unwrap();
        later["number"] = 2.into();
        let (second, number) = snapshot(&mut picture, &later.to_string());
        assert_eq!((second.board.matching, second.lag, number), (7, Some(4), 2));
        assert_eq!(second.shutting_down, None);
        assert_eq!(picture.lacks(None), None);
    }

    #[test]
    fn a_newer_pipeline_is_shown_without_what_is_new() {
        let mut picture = Picture::default();
        let line = whole(|line| {
            line["protocol"] = 9.into();
            line["weather"] = "fine".into();
            line["stages"] = serde_json::json!([{ "state": "dreaming" }]);
        });
        let (shown, _) = snapshot(&mut picture, &line);
        assert_eq!((shown.lag, shown.board.matching, shown.stages.len()), (Some(3), 7, 0));
        let lacks = picture.lacks(Some("9.0.0\u{1b}")).expect("something is missing");
        assert!(lacks.contains("clicktop 9.0.0") && lacks.contains("protocol 9"), "{lacks}");
        assert!(lacks.contains("stages, weather") && !lacks.contains('\u{1b}'), "{lacks}");
    }

    #[test]
    fn an_older_pipeline_is_shown_with_what_it_has() {
        let mut picture = Picture::default();
        let line = whole(|line| {
            line.as_object_mut().unwrap().remove("store");
            line.as_object_mut().unwrap().remove("totals");
        });
        assert_eq!(snapshot(&mut picture, &line).0.lag, Some(3));
    }

    #[test]
    fn what_is_no_snapshot_is_an_error_and_no_panic() {
        for line in ["", "[]", "null", "{\"lag\":", "\u{fffd}", "\"x\""] {
            assert!(Picture::default().take(line.as_bytes()).is_err(), "{line}");
        }
        assert!(matches!(Picture::default().take(b"{\"heartbeat\":5,\"number\":3}"), Ok(News::Heartbeat(3))));
        assert!(matches!(Picture::default().take(b"{\"ended\":7}"), Ok(News::Ended(_))));
    }
}
