//! Takes the questions of fronts that the cluster answers, and holds the newest answers.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::asking::Cluster;
use super::board::BoardKeeper;
use super::line::Line;
use super::page::Reach;
use super::rejects::Told;
use super::tables::Exporter;
use crate::engine::tables::TableOrder;
use crate::protocol::answer::{Answers, PageDetails, Rejects};
use crate::protocol::board::Board;
use crate::protocol::question::{PageQuestion, RejectsQuestion};
use crate::protocol::view::View;

/// Takes questions and holds the newest answers. Answering ends when it is dropped.
pub(in crate::engine::spark) struct ClusterDesk {
    keeper: Arc<BoardKeeper>,
    rejects: Arc<Line<RejectsQuestion, Rejects>>,
    page: Arc<Line<PageQuestion, PageDetails>>,
    told: Arc<Told>,
    exporter: Exporter,
    news: Arc<Notify>,
    tasks: [JoinHandle<()>; 3],
}

impl ClusterDesk {
    /// Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn start(cluster: Cluster) -> Self {
        let (cluster, news) = (Arc::new(cluster), Arc::new(Notify::new()));
        let keeper = Arc::new(BoardKeeper::new(Arc::clone(&news)));
        let (rejects, page) = (Arc::new(Line::new(Arc::clone(&news))), Arc::new(Line::new(Arc::clone(&news))));
        let (told, reach) = (Arc::new(Told::default()), Arc::new(Reach::default()));
        let answer_rejects = {
            let (cluster, told) = (Arc::clone(&cluster), Arc::clone(&told));
            move |question: RejectsQuestion, tell| {
                let (cluster, told) = (Arc::clone(&cluster), Arc::clone(&told));
                async move {
                    cluster.ask("rejects", tell, async |asked| cluster.rejects(asked, &question, &told).await).await
                }
            }
        };
        let answer_page = {
            let (cluster, reach) = (Arc::clone(&cluster), Arc::clone(&reach));
            move |question: PageQuestion, tell| {
                let (cluster, reach) = (Arc::clone(&cluster), Arc::clone(&reach));
                async move { cluster.ask("url", tell, async |asked| cluster.page(asked, &question, &reach).await).await }
            }
        };
        let tasks = [
            tokio::spawn(Arc::clone(&keeper).run(Arc::clone(&cluster))),
            tokio::spawn(Arc::clone(&rejects).run(answer_rejects)),
            tokio::spawn(Arc::clone(&page).run(answer_page)),
        ];
        let exporter = Exporter::new(cluster, Arc::clone(&keeper));
        Self { keeper, rejects, page, told, exporter, news, tasks }
    }

    /// Takes the view of the front.
    pub(in crate::engine::spark) fn set_view(&self, view: View) {
        self.keeper.set_view(view);
    }

    /// A front looks at the board.
    pub(in crate::engine::spark) fn look(&self) {
        self.keeper.look();
    }

    /// Takes a question about the rejects.
    pub(in crate::engine::spark) fn ask_rejects(&self, question: RejectsQuestion) {
        self.rejects.ask(question);
    }

    /// Takes a question about a url.
    pub(in crate::engine::spark) fn ask_page(&self, question: PageQuestion) {
        self.page.ask(question);
    }

    /// The board, if the view is a window.
    pub(in crate::engine::spark) fn board(&self) -> Option<Arc<Board>> {
        self.keeper.board()
    }

    /// The newest answers; without those that are given elsewhere.
    pub(in crate::engine::spark) fn answers(&self) -> Answers {
        Answers {
            search: None,
            rejects: self.rejects.answer(),
            page: self.page.answer(),
            last_minute: self.keeper.last_minute(),
            waiting: self.page.waiting().or_else(|| self.rejects.waiting()),
        }
    }

    /// Begins to hand over the rows of a window. Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn hand_over_window(&self, order: TableOrder, view: View) {
        self.exporter.window(order, view);
    }

    /// Begins to hand over the rejects that `filter` keeps. Must be called in a tokio runtime.
    pub(in crate::engine::spark) fn hand_over_rejects(&self, order: TableOrder, filter: String) {
        self.exporter.rejects(order, filter);
    }

    /// Everything was deleted.
    pub(in crate::engine::spark) fn reset(&self) {
        self.told.forget();
        self.exporter.forget();
        self.keeper.forget();
        self.rejects.forget();
        self.page.forget();
    }

    /// Resolves once there is something to show that was not there before.
    pub(in crate::engine::spark) fn news(&self) -> impl Future<Output = ()> + Send + use<> {
        let news = Arc::clone(&self.news);
        async move { news.notified().await }
    }
}

impl Drop for ClusterDesk {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
