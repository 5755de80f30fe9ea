//! Takes the questions of fronts that the cluster answers, and holds the newest answers.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::asking::Cluster;
use super::board::BoardKeeper;
use super::line::Line;
use super::page::Reach;
use super::rejects::Told;
use super::shared::SharedKeepers;
use super::tables::Exporter;
use crate::engine::front::FrontId;
use crate::engine::tables::TableOrder;
use crate::protocol::answer::{Answers, PageDetails, Rejects};
use crate::protocol::board::Board;
use crate::protocol::breakdown::Breakdown;
use crate::protocol::question::{BreakdownQuestion, PageQuestion, RejectsQuestion};
use crate::protocol::table::TablePart;
use crate::protocol::view::View;

/// Takes questions and holds the newest answers. Equal views and questions of several fronts are asked once. Answering ends when it is
/// dropped.
pub(in crate::engine::spark) struct ClusterDesk {
    cluster: Arc<Cluster>,
    keepers: Mutex<SharedKeepers<BoardKeeper>>,
    rejects: Mutex<SharedKeepers<Line<RejectsQuestion, Rejects>>>,
    pages: Mutex<SharedKeepers<Line<PageQuestion, PageDetails>>>,
    breakdowns: Mutex<SharedKeepers<Line<BreakdownQuestion, Breakdown>>>,
    told: Arc<Told>,
    reach: Arc<Reach>,
    exporter: Exporter,
    news: Arc<Notify>,
}

impl ClusterDesk {
    /// The desk of a cluster.
    pub(in crate::engine::spark) fn start(cluster: Cluster) -> Self {
        let cluster = Arc::new(cluster);
        let exporter = Exporter::new(Arc::clone(&cluster));
        Self {
            cluster,
            keepers: Mutex::default(),
            rejects: Mutex::default(),
            pages: Mutex::default(),
            breakdowns: Mutex::default(),
            told: Arc::default(),
            reach: Arc::default(),
            exporter,
            news: Arc::default(),
        }
    }

    /// Takes the view of a front. Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn set_view(&self, front: FrontId, view: View) {
        let make = || {
            let keeper = Arc::new(BoardKeeper::new(Arc::clone(&self.news)));
            let task = tokio::spawn(Arc::clone(&keeper).run(Arc::clone(&self.cluster)));
            (keeper, task)
        };
        self.keepers.lock().take(front, |keeper| keeper.is_of(&view), make).set_view(view);
    }

    /// A front looks at its board.
    pub(in crate::engine::spark) fn look(&self, front: FrontId) {
        if let Some(keeper) = self.keepers.lock().of(front) {
            keeper.look();
        }
    }

    /// Takes a question about the rejects. Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn ask_rejects(&self, front: FrontId, question: RejectsQuestion) {
        let (cluster, told) = (Arc::clone(&self.cluster), Arc::clone(&self.told));
        let answer = move |question: RejectsQuestion, tell| {
            let (cluster, told) = (Arc::clone(&cluster), Arc::clone(&told));
            async move { cluster.ask("rejects", tell, async |asked| cluster.rejects(asked, &question, &told).await).await }
        };
        let make = || Line::start(Arc::clone(&self.news), answer);
        self.rejects.lock().take(front, |line| line.is_of(&question), make).ask(question);
    }

    /// Takes a question about a url. Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn ask_page(&self, front: FrontId, question: PageQuestion) {
        let (cluster, reach) = (Arc::clone(&self.cluster), Arc::clone(&self.reach));
        let answer = move |question: PageQuestion, tell| {
            let (cluster, reach) = (Arc::clone(&cluster), Arc::clone(&reach));
            async move { cluster.ask("url", tell, async |asked| cluster.page(asked, &question, &reach).await).await }
        };
        let make = || Line::start(Arc::clone(&self.news), answer);
        self.pages.lock().take(front, |line| line.is_of(&question), make).ask(question);
    }

    /// Takes a question for a breakdown. Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn ask_breakdown(&self, front: FrontId, question: BreakdownQuestion) {
        let cluster = Arc::clone(&self.cluster);
        let answer = move |question: BreakdownQuestion, tell| {
            let cluster = Arc::clone(&cluster);
            async move { cluster.ask("breakdown", tell, async |asked| cluster.breakdown(asked, &question).await).await }
        };
        let make = || Line::start(Arc::clone(&self.news), answer);
        self.breakdowns.lock().take(front, |line| line.is_of(&question), make).ask(question);
    }

    /// A front has gone.
    pub(in crate::engine::spark) fn leave(&self, front: FrontId) {
        self.keepers.lock().leave(front);
        self.rejects.lock().leave(front);
        self.pages.lock().leave(front);
        self.breakdowns.lock().leave(front);
    }

    /// The board of a front, if its view is a window.
    pub(in crate::engine::spark) fn board(&self, front: FrontId) -> Option<Arc<Board>> {
        self.keepers.lock().of(front)?.board()
    }

    /// The newest answers to a front; without those that are given elsewhere.
    pub(in crate::engine::spark) fn answers(&self, front: FrontId) -> Answers {
        let (page, rejects) = (self.pages.lock().of(front), self.rejects.lock().of(front));
        let breakdown = self.breakdowns.lock().of(front);
        Answers {
            search: None,
            click: None,
            rejects: rejects.as_ref().and_then(|line| line.answer()),
            page: page.as_ref().and_then(|line| line.answer()),
            last_minute: self.keepers.lock().of(front).and_then(|keeper| keeper.last_minute()),
            // The clicks lie in the cluster: nobody counts trends.
            trends: None,
            breakdown: breakdown.as_ref().and_then(|line| line.answer()),
            waiting: page
                .and_then(|line| line.waiting())
                .or_else(|| rejects?.waiting())
                .or_else(|| breakdown?.waiting()),
        }
    }

    /// Begins to hand over the rows of a window. Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn hand_over_window(&self, order: TableOrder, view: View) {
        let keeper = self.keepers.lock().all().find(|keeper| keeper.shows(view.window)).cloned();
        match keeper {
            Some(keeper) => self.exporter.window(order, view, keeper),
            None => order.send_now(TablePart::Failed("the window is not counted: look at it first".to_owned())),
        }
    }

    /// Begins to hand over the rejects that `filter` keeps. Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn hand_over_rejects(&self, order: TableOrder, filter: String) {
        self.exporter.rejects(order, filter);
    }

    /// Everything was deleted.
    pub(in crate::engine::spark) fn reset(&self) {
        self.told.forget();
        self.exporter.forget();
        self.keepers.lock().all().for_each(|keeper| keeper.forget());
        self.rejects.lock().all().for_each(|line| line.forget());
        self.pages.lock().all().for_each(|line| line.forget());
    }

    /// Resolves once there is something to show that was not there before.
    pub(in crate::engine::spark) fn news(&self) -> impl Future<Output = ()> + Send + use<> {
        let news = Arc::clone(&self.news);
        async move { news.notified().await }
    }
}
