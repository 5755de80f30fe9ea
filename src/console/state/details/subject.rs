//! What the details are about.

use std::time::SystemTime;

use super::content::Details;
use super::{alarm, click, event, index, log_line, reject, stage};
use crate::console::state::observed::Observed;
use crate::protocol::StageId;
use crate::protocol::alarm::AlarmId;
use crate::protocol::answer::RejectRow;
use crate::protocol::board::RecentClick;
use crate::protocol::event::Event;
use crate::protocol::follow::ClickQuestion;
use crate::protocol::snapshot::LogLine;

/// What the details are about. Rows are kept as they were picked, because lists move on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    LogLine(LogLine),
    Reject(RejectRow),
    Click(RecentClick),
    Event(Event),
    Stage(StageId),
    /// The alarm that began then.
    Alarm(AlarmId, SystemTime),
    /// The search index.
    Index,
}

impl Subject {
    /// What to ask the engine about it, if the engine knows more than what is here.
    pub(crate) fn question(&self) -> Option<ClickQuestion> {
        match self {
            Subject::Click(click) => click::question(click),
            Subject::Reject(row) => reject::question(row),
            Subject::LogLine(_) | Subject::Event(_) | Subject::Stage(_) | Subject::Alarm(..) | Subject::Index => None,
        }
    }

    /// What there is to say about it.
    pub(crate) fn details(&self, observed: &Observed, now: SystemTime) -> Details {
        match self {
            Subject::LogLine(line) => log_line::details(line),
            Subject::Reject(row) => reject::details(row, &observed.snapshot),
            Subject::Click(click) => click::details(click, &observed.snapshot),
            Subject::Event(event) => event::details(event),
            Subject::Stage(id) => stage::details(id, observed, now),
            Subject::Alarm(id, since) => alarm::details(id, *since, &observed.snapshot, now),
            Subject::Index => index::details(&observed.snapshot),
        }
    }
}
