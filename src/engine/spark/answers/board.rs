//! Keeps the board of a window up to date while somebody looks at it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::asking::{Cluster, NoAnswer, Tell, pause_after};
use super::line::KEPT;
use super::window::{Figures, note_of};
use crate::click::Timestamp;
use crate::protocol::answer::LastMinute;
use crate::protocol::board::Board;
use crate::protocol::view::{View, Window};

/// A view, and what is known of it.
pub(super) struct BoardKeeper {
    state: Mutex<State>,
    changed: Notify,
    news: Arc<Notify>,
}

struct State {
    view: View,
    /// When a front last showed that it looks at the board.
    looked: Option<Instant>,
    figures: Option<Arc<Figures>>,
    board: Option<Arc<Board>>,
    last_minute: Option<Arc<LastMinute>>,
    /// How far the question is, while there is no board.
    waiting: Option<String>,
    /// How often everything was deleted.
    resets: u64,
}

type Query = Pin<Box<dyn Future<Output = Result<Option<Figures>, NoAnswer>> + Send>>;

/// A query under way.
struct UnderWay {
    view: View,
    resets: u64,
    begin: Instant,
    query: Query,
}

/// What the task remembers from one step to the next.
struct Work {
    cluster: Arc<Cluster>,
    under_way: Option<UnderWay>,
    /// The view that was asked for last, and when to ask again.
    last: Option<(View, u64)>,
    due: Instant,
    /// A window that has too many pages to be fetched whole.
    large: Option<Window>,
}

impl BoardKeeper {
    pub(super) fn new(news: Arc<Notify>) -> Self {
        let state = State {
            view: View::default(),
            looked: None,
            figures: None,
            board: None,
            last_minute: None,
            waiting: None,
            resets: 0,
        };
        Self { state: Mutex::new(state), changed: Notify::new(), news }
    }

    /// Takes the view of the front.
    pub(super) fn set_view(&self, view: View) {
        let mut state = self.state.lock();
        state.view = view;
        state.looked = Some(Instant::now());
        self.changed.notify_one();
    }

    /// Whether it is this view that it shows.
    pub(super) fn is_of(&self, view: &View) -> bool {
        self.state.lock().view == *view
    }

    /// Whether it shows this window.
    pub(super) fn shows(&self, window: Window) -> bool {
        self.state.lock().view.window == window
    }

    /// A front looks at the board.
    pub(super) fn look(&self) {
        let mut state = self.state.lock();
        let lapsed = state.looked.is_none_or(|at| at.elapsed() > KEPT);
        state.looked = Some(Instant::now());
        if lapsed {
            self.changed.notify_one();
        }
    }

    /// The board, if the view is a window: the newest, or one that says how far it is.
    pub(super) fn board(&self) -> Option<Arc<Board>> {
        let state = self.state.lock();
        if state.view.window == Window::AllTime {
            return None;
        }
        let made = state.board.clone().filter(|board| board.view == state.view);
        Some(made.unwrap_or_else(|| {
            let problem = Some(state.waiting.clone().unwrap_or_else(|| "asking Spark …".to_owned()));
            Arc::new(Board { view: state.view.clone(), problem, goes_on: true, ..Board::default() })
        }))
    }

    /// The clicks of the last minute, which come with a window.
    pub(super) fn last_minute(&self) -> Option<Arc<LastMinute>> {
        let state = self.state.lock();
        let shown = state.board.as_ref().is_some_and(|board| board.view == state.view);
        state.last_minute.clone().filter(|_| shown)
    }

    /// The figures of `window`, if it is the one that the front looks at and they are known. The front must look at it.
    ///
    /// # Errors
    /// One line: the front looks at another window, or the figures are not there in time.
    pub(super) async fn figures_of(&self, window: Window, within: Duration) -> Result<Arc<Figures>, String> {
        let begin = Instant::now();
        loop {
            {
                let state = self.state.lock();
                if state.view.window != window {
                    return Err("the window is not counted: look at it first".to_owned());
                }
                if let Some(figures) = state.figures.clone().filter(|figures| figures.window == window) {
                    return Ok(figures);
                }
                if begin.elapsed() > within {
                    let why = state.board.as_ref().and_then(|board| board.problem.clone());
                    return Err(why.unwrap_or_else(|| "Spark has not counted the window in time".to_owned()));
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Everything was deleted.
    pub(super) fn forget(&self) {
        let mut state = self.state.lock();
        state.figures = None;
        state.board = None;
        state.last_minute = None;
        state.resets += 1;
        self.changed.notify_one();
    }

    /// Works until it is aborted.
    pub(super) async fn run(self: Arc<Self>, cluster: Arc<Cluster>) {
        let mut work = Work { cluster, under_way: None, last: None, due: Instant::now(), large: None };
        loop {
            let wake = self.step(&mut work);
            let UnderWay { query, .. } = match &mut work.under_way {
                Some(under_way) => under_way,
                None => {
                    // An elapsed time-out means that the next query is due.
                    let _ = tokio::time::timeout(wake, self.changed.notified()).await;
                    continue;
                }
            };
            let found = tokio::select! {
                found = query => found,
                () = self.changed.notified() => continue,
                () = tokio::time::sleep(wake) => continue,
            };
            if let Some(done) = work.under_way.take() {
                self.take(&mut work, &done, found);
            }
        }
    }

    /// Shows what is known, drops a query that nobody wants, and begins one that is due. Returns when to look again at the latest.
    fn step(self: &Arc<Self>, work: &mut Work) -> Duration {
        let mut state = self.state.lock();
        let (view, resets) = (state.view.clone(), state.resets);
        let left = state.looked.map_or(Duration::ZERO, |at| KEPT.saturating_sub(at.elapsed()));
        if view.window == Window::AllTime {
            (state.figures, state.board, state.last_minute) = (None, None, None);
            (work.under_way, work.last, work.large) = (None, None, None);
            return Duration::MAX;
        }
        state.figures.take_if(|figures| figures.window != view.window);
        let covering = state.figures.clone().filter(|figures| figures.covers(&view));
        if let Some(figures) = &covering
            && state.board.as_ref().is_none_or(|board| board.view != view)
        {
            self.show(&mut state, &view, figures.board(&view));
        }
        work.under_way.take_if(|under_way| {
            let other_view = match work.large {
                Some(_) => under_way.view != view,
                None => under_way.view.window != view.window,
            };
            // Dropped, it is interrupted.
            other_view || under_way.resets != resets || left.is_zero()
        });
        if left.is_zero() {
            return Duration::MAX;
        }
        let asked = (view.clone(), resets);
        let is_new = covering.is_none() && work.last.as_ref() != Some(&asked);
        let now = Instant::now();
        if work.under_way.is_none() && (is_new || now >= work.due) {
            let known = covering.and_then(|figures| figures.span);
            let large = work.large == Some(view.window);
            work.last = Some(asked);
            state.waiting = None;
            let query = self.query(Arc::clone(&work.cluster), view.clone(), known, large);
            work.under_way = Some(UnderWay { view, resets, begin: now, query });
        }
        match work.under_way {
            Some(_) => left,
            None => left.min(work.due.saturating_duration_since(now)),
        }
    }

    fn query(
        self: &Arc<Self>,
        cluster: Arc<Cluster>,
        view: View,
        known: Option<crate::engine::spark::sql::WindowSpan>,
        large: bool,
    ) -> Query {
        let keeper = Arc::clone(self);
        let tell = Tell::new(move |text| {
            keeper.state.lock().waiting = Some(text);
            keeper.news.notify_one();
        });
        Box::pin(async move {
            cluster.ask("window", tell, async |asked| cluster.figures(asked, &view, known, large).await).await
        })
    }

    /// Takes what a query has found.
    fn take(&self, work: &mut Work, done: &UnderWay, found: Result<Option<Figures>, NoAnswer>) {
        work.due = Instant::now() + pause_after(done.begin.elapsed(), found.is_ok());
        let mut state = self.state.lock();
        if state.resets != done.resets || state.view.window != done.view.window {
            return;
        }
        let view = state.view.clone();
        match found {
            Ok(Some(figures)) => {
                work.large = figures.is_large().then_some(figures.window);
                let figures = Arc::new(figures);
                state.figures = Some(Arc::clone(&figures));
                if figures.covers(&view) {
                    self.show(&mut state, &view, figures.board(&view));
                }
            }
            Ok(None) => {
                if let Some(board) = state.board.clone().filter(|board| board.problem.is_some()) {
                    state.board = Some(Arc::new(Board { problem: note_of(&board.view), ..(*board).clone() }));
                }
            }
            Err(error) => {
                if let NoAnswer::TooLarge { .. } = error {
                    work.large = Some(view.window);
                }
                self.show(&mut state, &view, Err(error));
            }
        }
        self.news.notify_one();
    }

    /// Shows a board. If there is none, what was shown of the same view stays, with the reason.
    fn show(&self, state: &mut State, view: &View, made: Result<(Board, LastMinute), NoAnswer>) {
        let board = match made {
            Ok((board, last_minute)) => {
                state.last_minute = Some(Arc::new(last_minute));
                board
            }
            Err(error) => {
                let end = state.figures.as_ref().and_then(|figures| figures.span).map(|span| span.end);
                match state.board.as_ref().filter(|board| board.view == *view && !board.pages.is_empty()) {
                    Some(board) => {
                        let end = end.map(|end| Timestamp::from_millis(end).to_string()).unwrap_or_default();
                        Board { problem: Some(format!("as of {end}: {error}")), ..(**board).clone() }
                    }
                    None => Board { view: view.clone(), problem: Some(error.to_string()), ..Board::default() },
                }
            }
        };
        state.board = Some(Arc::new(board));
        self.news.notify_one();
    }
}
