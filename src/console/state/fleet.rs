//! The fleet: the pipelines that one console shows, as a line for each of them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ratatui::layout::{Position, Rect};

use super::alarms::{headline, open};
use super::engine::ObservedEngine;
use super::link_trouble::LinkTrouble;
use super::list::List;
use super::screen::Screen;
use super::trouble::{cause, in_trouble};
use crate::console::format::{fit, width};
use crate::protocol::{Snapshot, StageState};
use crate::text::printable;

/// The fleet as the console on one of its pipelines knows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fleet {
    /// A line for each pipeline, in the order in which the user named them.
    pub(crate) lines: Vec<PipelineLine>,
    /// The position of this console's own pipeline.
    pub(crate) own: usize,
    /// Whether the terminal shows this pipeline.
    pub(crate) is_shown: bool,
    /// The cursor in the list of pipelines.
    pub(crate) list: List,
    /// The screen on which the user opened the list of pipelines.
    pub(crate) opened_on: Screen,
}

/// A pipeline of the fleet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PipelineLine {
    /// A short name that no other pipeline of the fleet has.
    pub(crate) name: Arc<str>,
    pub(crate) condition: Condition,
    /// Items a second that its first stage takes; `None` without a connection.
    pub(crate) rate: Option<f64>,
    /// Messages that wait in Kafka; `None` without a connection.
    pub(crate) lag: Option<u64>,
    /// The delay of its figures; `None` without a connection.
    pub(crate) delay: Option<Duration>,
    /// Clicks in its figures, as far as they are known.
    pub(crate) clicks: Option<u64>,
    /// Alarms that are on and that nobody has acknowledged.
    pub(crate) alarms: usize,
    /// What is wrong with it, or what it does; empty if there is nothing to say.
    pub(crate) says: String,
}

/// How a pipeline is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Condition {
    /// No connection.
    Lost,
    /// A stage has failed.
    Failed,
    /// A stage waits for its next try.
    Retrying,
    /// No stage is in trouble, but not all of them run.
    Stopped,
    /// The pipeline drains or deletes everything.
    Ending,
    /// The first connection is under way.
    #[default]
    Connecting,
    /// Its source has ended, and everything is done.
    Finished,
    /// Every stage runs.
    Running,
}

impl Condition {
    /// All of them, the most urgent first.
    pub(crate) const ALL: [Condition; 8] = [
        Condition::Lost,
        Condition::Failed,
        Condition::Retrying,
        Condition::Stopped,
        Condition::Ending,
        Condition::Connecting,
        Condition::Finished,
        Condition::Running,
    ];

    /// In a word or two.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Condition::Lost => "no connection",
            Condition::Failed => "failed",
            Condition::Retrying => "retrying",
            Condition::Stopped => "stopped",
            Condition::Ending => "draining",
            Condition::Connecting => "connecting",
            Condition::Finished => "finished",
            Condition::Running => "running",
        }
    }

    /// Whether somebody should look at the pipeline.
    pub(crate) const fn is_trouble(self) -> bool {
        matches!(self, Condition::Lost | Condition::Failed | Condition::Retrying)
    }
}

impl PipelineLine {
    /// The line of the pipeline `name`, as `engine` knows it at `now`.
    pub(crate) fn of(name: Arc<str>, engine: &ObservedEngine, now: SystemTime) -> Self {
        let snapshot = engine.snapshot();
        let clicks = snapshot.at.map(|_| snapshot.totals.clicks);
        let link = engine.link.as_ref().and_then(|link| LinkTrouble::of(link, now));
        let away = match &link {
            Some(LinkTrouble::Lost(text)) => Some((Condition::Lost, text)),
            Some(LinkTrouble::Connecting(text)) => Some((Condition::Connecting, text)),
            Some(LinkTrouble::Lacks(_)) | None => None,
        };
        if let Some((condition, says)) = away {
            return Self { name, condition, clicks, says: says.clone(), ..Self::default() };
        }
        let (condition, mut says) = condition(snapshot, now);
        let lacks = match link {
            Some(LinkTrouble::Lacks(text)) => Some(text),
            _ => None,
        };
        let alarm = headline(snapshot, 0, now).map(|alarm| alarm.text);
        for more in [alarm, lacks].into_iter().flatten() {
            if !says.is_empty() {
                says.push_str("; ");
            }
            says.push_str(&more);
        }
        Self {
            name,
            condition,
            rate: snapshot.stages.first().and_then(|stage| stage.rate),
            lag: snapshot.lag,
            delay: snapshot.delay,
            clicks,
            alarms: open(&snapshot.alarms).count(),
            says,
        }
    }
}

/// How the pipeline of `snapshot` is, and what there is to say about that.
fn condition(snapshot: &Snapshot, now: SystemTime) -> (Condition, String) {
    let stages = &snapshot.stages;
    if let Some(waits) = &snapshot.shutting_down {
        return (Condition::Ending, format!("draining: {}", printable(waits)));
    }
    if let Some(waits) = &snapshot.resetting {
        return (Condition::Ending, format!("reset: {}", printable(waits)));
    }
    let troubled = in_trouble(stages, 0).into_iter().filter_map(|position| stages.get(position));
    let troubled: Vec<_> = troubled.collect();
    if let Some(first) = troubled.first() {
        let failed = matches!(first.state, StageState::Failed { .. });
        let says = troubled
            .iter()
            .filter_map(|stage| Some(format!("{}: {}", printable(&stage.info.title), printable(&cause(stage, now)?))));
        return (if failed { Condition::Failed } else { Condition::Retrying }, says.collect::<Vec<_>>().join("; "));
    }
    if snapshot.finished {
        return (Condition::Finished, String::new());
    }
    let idle: Vec<_> = stages.iter().filter(|stage| !stage.state.is_active()).collect();
    match idle.as_slice() {
        [] => (Condition::Running, String::new()),
        all if all.len() == stages.len() => (Condition::Stopped, "every stage is stopped".to_owned()),
        some => {
            let names: Vec<_> = some.iter().map(|stage| printable(&stage.info.title)).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            (Condition::Stopped, format!("{} {verb} stopped", names.join(", ")))
        }
    }
}

/// A pipeline in the row of pipelines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PipelineTab {
    /// The position of the pipeline.
    pub(crate) position: usize,
    pub(crate) text: String,
}

/// Columns between two pipelines of the row.
const GAP: usize = 1;

impl Fleet {
    /// The pipelines that a row of `columns` shows: all of them, if there is room, else those around this one.
    pub(crate) fn tabs(&self, columns: usize) -> Vec<PipelineTab> {
        let room = columns.saturating_sub(2);
        let tabs: Vec<_> = self
            .lines
            .iter()
            .enumerate()
            .map(|(position, line)| PipelineTab {
                position,
                text: fit(&format!(" {} {} ", position + 1, line.name), room.min(32)),
            })
            .collect();
        let mut first = 0;
        let taken = |tabs: &[PipelineTab]| tabs.iter().map(|tab| width(&tab.text) + GAP).sum::<usize>();
        while first < self.own && taken(tabs.get(first..=self.own).unwrap_or_default()) > room {
            first += 1;
        }
        let mut used = 0;
        let fits = |tab: &PipelineTab| {
            used += width(&tab.text) + GAP;
            used <= room
        };
        tabs.into_iter().skip(first).take_while(fits).collect()
    }

    /// The position of the pipeline under `point` in the row `area`.
    pub(crate) fn tab_at(&self, area: Rect, point: Position) -> Option<usize> {
        if !area.contains(point) {
            return None;
        }
        let at = usize::from(point.x.checked_sub(area.x)?);
        let mut begin = 1;
        self.tabs(usize::from(area.width)).into_iter().find_map(|tab| {
            let end = begin + width(&tab.text);
            let is_there = (begin..end).contains(&at);
            begin = end + GAP;
            is_there.then_some(tab.position)
        })
    }

    /// The line under the cursor of the list.
    pub(crate) fn picked(&self) -> Option<&PipelineLine> {
        self.lines.get(self.list.at)
    }
}
