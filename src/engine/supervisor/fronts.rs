//! The fronts that have joined: their bounds, and the snapshots that they get.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::supervised::Supervised;
use crate::engine::front::{FrontId, FrontRefused, FrontRequest, MOST_FRONTS, MOST_QUESTIONS, MOST_VIEWS};
use crate::protocol::{Question, Snapshot, View};

/// How long a question counts if its front does not repeat it. Engines drop it then.
const ASKED: Duration = Duration::from_secs(30);

/// The fronts that have joined, and the requests of all fronts but the own one.
pub(super) struct JoinedFronts {
    requests: mpsc::UnboundedReceiver<FrontRequest>,
    joined: BTreeMap<FrontId, Joined>,
}

struct Joined {
    view: View,
    /// The newest question of each kind, and when it was asked.
    asked: Vec<(Question, Instant)>,
    snapshots: watch::Sender<Arc<Snapshot>>,
}

impl JoinedFronts {
    pub(super) fn new(requests: mpsc::UnboundedReceiver<FrontRequest>) -> Self {
        Self { requests, joined: BTreeMap::new() }
    }

    /// Waits for the next request; for ever once nobody can send one.
    pub(super) async fn next(&mut self) -> FrontRequest {
        match self.requests.recv().await {
            Some(request) => request,
            None => std::future::pending().await,
        }
    }

    /// Carries `request` out, or tells the front why not.
    pub(super) fn take(&mut self, request: FrontRequest, engine: &mut impl Supervised) {
        let (outcome, reply) = match request {
            FrontRequest::Join(id, view, snapshots, reply) => (self.join(id, view, snapshots, engine), reply),
            FrontRequest::View(id, view, reply) => (self.show(id, view, engine), reply),
            FrontRequest::Ask(id, question, reply) => (self.ask(id, question, engine), reply),
            FrontRequest::Leave(id) => {
                // It may have been refused.
                if self.joined.remove(&id).is_some() {
                    engine.leave(id);
                }
                return;
            }
        };
        // A front that has stopped waiting leaves by itself.
        let _ = reply.send(outcome);
    }

    fn join(
        &mut self,
        id: FrontId,
        view: View,
        snapshots: watch::Sender<Arc<Snapshot>>,
        engine: &mut impl Supervised,
    ) -> Result<(), FrontRefused> {
        if self.joined.len() >= MOST_FRONTS {
            return Err(FrontRefused::Fronts);
        }
        self.check_view(id, &view)?;
        engine.set_view(id, view.clone());
        self.joined.insert(id, Joined { view, asked: Vec::new(), snapshots });
        Ok(())
    }

    fn show(&mut self, id: FrontId, view: View, engine: &mut impl Supervised) -> Result<(), FrontRefused> {
        self.check_view(id, &view)?;
        let front = self.joined.get_mut(&id).ok_or(FrontRefused::Ended)?;
        front.view = view.clone();
        engine.set_view(id, view);
        Ok(())
    }

    /// Whether there is room for `view` beside the views of the other fronts.
    fn check_view(&self, id: FrontId, view: &View) -> Result<(), FrontRefused> {
        let mut views: Vec<&View> = Vec::new();
        for (_, front) in self.joined.iter().filter(|(other, _)| **other != id) {
            if front.view == *view {
                return Ok(());
            }
            if !views.contains(&&front.view) {
                views.push(&front.view);
            }
        }
        if views.len() < MOST_VIEWS { Ok(()) } else { Err(FrontRefused::Views) }
    }

    fn ask(&mut self, id: FrontId, question: Question, engine: &mut impl Supervised) -> Result<(), FrontRefused> {
        let (kind, now) = (discriminant(&question), Instant::now());
        let mut others: Vec<&Question> = Vec::new();
        for (_, front) in self.joined.iter().filter(|(other, _)| **other != id) {
            for (asked, at) in &front.asked {
                let counts = discriminant(asked) == kind && now.saturating_duration_since(*at) <= ASKED;
                if counts && *asked != question && !others.contains(&asked) {
                    others.push(asked);
                }
            }
        }
        if others.len() >= MOST_QUESTIONS {
            return Err(FrontRefused::Questions);
        }
        let front = self.joined.get_mut(&id).ok_or(FrontRefused::Ended)?;
        front.asked.retain(|(asked, _)| discriminant(asked) != kind);
        front.asked.push((question.clone(), now));
        engine.ask(id, question);
        Ok(())
    }

    /// Gives each front `shared` with its own board and answers.
    pub(super) fn publish(&self, shared: &Snapshot, engine: &impl Supervised) {
        for (id, front) in &self.joined {
            let (board, answers) = engine.shown(*id);
            front.snapshots.send_replace(Arc::new(Snapshot { board, answers, ..shared.clone() }));
        }
    }
}
