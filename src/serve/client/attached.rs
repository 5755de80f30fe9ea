//! A connection as an engine: snapshots come from the stream, commands and questions go to the service. After a break it connects again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Response;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::api::{Api, ApiFailure};
use super::picture::{News, Picture};
use super::tables::{Lines, fetch};
use super::uplink::Uplink;
use crate::engine::EngineHandle;
use crate::engine::front::Fronts;
use crate::engine::link::{Link, LinkState};
use crate::engine::tables::TableOrder;
use crate::protocol::board::Board;
use crate::protocol::{Command, Snapshot, SortBy, View, Window};
use crate::text::printable;

/// The pause before the first try after a break; it doubles with each further try.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A stream that lived this long was a good one: the next try is soon.
const GOOD: Duration = Duration::from_secs(5);

/// Lines that may be on their way over TCP. With more, the answer to a key waits behind lines that are older than the key.
const UNSEEN: usize = 1;

/// The rows of a view that sets no limit.
const DEFAULT_ROWS: usize = 200;

/// A pipeline elsewhere. The connection ends when this is dropped; the pipeline does not.
#[derive(Debug)]
pub struct Attached {
    /// What a front takes.
    pub engine: EngineHandle,
    tasks: [JoinHandle<()>; 3],
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.engine.ended.abort();
    }
}

/// Connects to the service of `api`, now and after each break. Must be called in a tokio runtime.
pub fn attach(api: Api) -> Attached {
    let (snapshots, newest) = watch::channel(Arc::new(Snapshot::default()));
    let (commands, given) = mpsc::channel(64);
    let (tables, ordered) = mpsc::channel(4);
    let link = Arc::new(watch::Sender::new(Link::to(api.target().to_string())));
    let seen = link.subscribe();
    let uplink = Arc::new(Uplink::default());
    let follow = Follow { api: api.clone(), snapshots, link: Arc::clone(&link), uplink: Arc::clone(&uplink) };
    let ended = tokio::spawn(follow.run());
    let tasks = [
        tokio::spawn(send_changes(api.clone(), Arc::clone(&uplink), Arc::clone(&link))),
        tokio::spawn(send_commands(api.clone(), uplink, link, given)),
        tokio::spawn(fetch_tables(api, ordered)),
    ];
    let engine =
        EngineHandle { snapshots: newest, commands, tables, fronts: Fronts::closed(), link: Some(seen), ended };
    Attached { engine, tasks }
}

/// Tells the front something.
fn say(link: &watch::Sender<Link>, what: String) {
    link.send_modify(|link| {
        let number = link.said.as_ref().map_or(0, |(number, _)| *number) + 1;
        link.said = Some((number, what));
    });
}

async fn send_changes(api: Api, uplink: Arc<Uplink>, link: Arc<watch::Sender<Link>>) {
    uplink.run(&api, |refused| say(&link, refused)).await;
}

/// Passes commands on, one after the other.
async fn send_commands(
    api: Api,
    uplink: Arc<Uplink>,
    link: Arc<watch::Sender<Link>>,
    mut given: mpsc::Receiver<Command>,
) {
    while let Some(command) = given.recv().await {
        match command {
            Command::View(view) => {
                uplink.show(View { limit: if view.limit == 0 { DEFAULT_ROWS } else { view.limit }, ..view });
            }
            Command::Ask(question) => uplink.ask(question),
            command => {
                if let Err(error) = api.post("/v1/commands", &command).await {
                    say(&link, format!("not done: {error}"));
                }
            }
        }
    }
}

/// Fetches each table in a task of its own.
async fn fetch_tables(api: Api, mut ordered: mpsc::Receiver<TableOrder>) {
    let mut fetching = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            order = ordered.recv() => {
                let Some(order) = order else { return };
                let api = api.clone();
                fetching.spawn(async move { fetch(&api, order).await });
            }
            Some(_) = fetching.join_next() => {}
        }
    }
}

/// Follows the stream.
struct Follow {
    api: Api,
    snapshots: watch::Sender<Arc<Snapshot>>,
    link: Arc<watch::Sender<Link>>,
    uplink: Arc<Uplink>,
}

impl Follow {
    async fn run(self) {
        let mut pause = FIRST_PAUSE;
        let mut last = None;
        loop {
            let begin = Instant::now();
            let cause = match self.open().await {
                Ok(response) => self.read(response, &mut last).await,
                Err(error) => error.to_string(),
            };
            self.uplink.closed();
            if begin.elapsed() >= GOOD {
                pause = FIRST_PAUSE;
            }
            let next_try = SystemTime::now() + pause;
            self.link.send_modify(|link| link.state = LinkState::Lost { cause, since: last, next_try });
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Opens a stream with the view that the front wants now; with a plain one if the service refuses that.
    async fn open(&self) -> Result<Response, ApiFailure> {
        if self.uplink.refused().is_none() {
            let view = self.uplink.view();
            match self.open_with(view.clone()).await {
                Err(ApiFailure::Refused { status: 400 | 503, message }) if view != View::default() => {
                    self.uplink.refuse(message)
                }
                outcome => return outcome,
            }
        }
        self.open_with(View::default()).await
    }

    async fn open_with(&self, view: View) -> Result<Response, ApiFailure> {
        let mut query = query_of(&view);
        query.push(("changes", "true".to_owned()));
        if !self.api.is_socket() {
            query.push(("unseen", UNSEEN.to_string()));
        }
        let response = self.api.open("/v1/stream", &query).await?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let refused = self.uplink.refused().is_some();
        // A view that was refused is not asked for again until the user changes it.
        let view = if refused { self.uplink.view() } else { view };
        self.uplink.opened(header("clicktop-stream"), &view);
        let may_steer = header("clicktop-access").map(|access| access == "steer");
        self.link.send_modify(|link| link.may_steer = may_steer);
        Ok(response)
    }

    /// Reads the stream to its end, and returns why it has ended.
    async fn read(&self, response: Response, last: &mut Option<SystemTime>) -> String {
        let version =
            response.headers().get("clicktop-version").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let counts = !self.api.is_socket();
        let mut lines = Lines::of(response);
        let mut picture = Picture::default();
        loop {
            let line = match lines.next(&self.api).await {
                Ok(Some(line)) => line,
                Ok(None) => return "the connection has ended".to_owned(),
                Err(error) => return error.to_string(),
            };
            let number = match picture.take(&line) {
                Ok(News::Snapshot(snapshot, number)) => {
                    self.snapshots.send_replace(self.with_refusal(snapshot));
                    number
                }
                Ok(News::Heartbeat(number)) => {
                    self.freshen();
                    number
                }
                Ok(News::Ended(reason)) => return printable(&reason).into_owned(),
                Err(error) => {
                    return format!("{} sends what this console cannot read: {}", self.api.target(), printable(&error));
                }
            };
            *last = Some(SystemTime::now());
            if counts {
                self.uplink.saw(number);
            }
            self.link.send_if_modified(|link| {
                let lacks = picture.lacks(version.as_deref());
                let is_new = link.state != LinkState::Connected || link.lacks != lacks;
                (link.state, link.lacks) = (LinkState::Connected, lacks);
                is_new
            });
        }
    }

    /// Nothing has changed since the newest snapshot, so it is as good as new.
    fn freshen(&self) {
        self.snapshots.send_modify(|newest| {
            if newest.at.is_some() {
                let now = crate::protocol::to_millis(SystemTime::now());
                *newest = Arc::new(Snapshot { at: Some(now), ..Snapshot::clone(newest) });
            }
        });
    }

    /// Says in the place of the rows why there are none, if the service refuses the view.
    fn with_refusal(&self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        let Some(refused) = self.uplink.refused() else { return snapshot };
        let board = Board { view: self.uplink.view(), problem: Some(refused), ..Board::default() };
        Arc::new(Snapshot { board: Arc::new(board), ..Snapshot::clone(&snapshot) })
    }
}

/// The parameters of a view.
fn query_of(view: &View) -> Vec<(&'static str, String)> {
    let window = match view.window {
        Window::AllTime => "all_time",
        Window::LastHour => "last_hour",
        Window::LastFiveMinutes => "last_five_minutes",
    };
    let limit = if view.limit == 0 { DEFAULT_ROWS } else { view.limit };
    let mut query = vec![("window", window.to_owned()), ("limit", limit.to_string())];
    if view.sort != SortBy::default() {
        query.push(("sort", view.sort.name().to_owned()));
    }
    if !view.filter.is_empty() {
        query.push(("filter", view.filter.clone()));
    }
    if view.min_timed > 0 {
        query.push(("min_timed", view.min_timed.to_string()));
    }
    query.extend(view.compare.map(|ago| ("compare", ago.name().to_owned())));
    query.extend(view.country.clone().map(|country| ("country", country)));
    query
}
