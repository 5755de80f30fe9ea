//! The stream of snapshots, and the changes that a client makes to it while it lives.
//!
//! A line is made when the connection takes one, from the newest snapshot. So nothing is buffered for a slow reader: it gets fewer
//! snapshots, each of them new. A reader that takes nothing at all loses its connection by the time-out of writes.

use std::convert::Infallible;
use std::future::pending;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::body;
use super::lines::{Form, differs};
use crate::protocol::{PROTOCOL_VERSION, Question, Snapshot, View};
use crate::serve::access::Access;
use crate::serve::error::ApiError;
use crate::serve::guard::Granted;
use crate::serve::query::{QUESTIONS, Query, VIEW, check_question, check_view};
use crate::serve::shared::Shared;
use crate::serve::streams::Listed;

/// The least time between two lines.
const INTERVAL: Duration = Duration::from_millis(100);

/// The most time between two lines.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How often the questions of the request are asked again. Engines drop a question after 30 s.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// How long a client that counts the lines may take for one. The link is then too slow, or the client is gone.
const SILENCE: Duration = Duration::from_secs(60);

/// The header that names the stream, for changes.
const STREAM: HeaderName = HeaderName::from_static("clicktop-stream");

/// The header with the version of the program.
const VERSION: HeaderName = HeaderName::from_static("clicktop-version");

/// The header with the version of the protocol.
const PROTOCOL: HeaderName = HeaderName::from_static("clicktop-protocol");

/// The header that says what the client may do.
const ACCESS: HeaderName = HeaderName::from_static("clicktop-access");

/// Sends snapshots as long as the client reads and the pipeline runs.
pub(in crate::serve) async fn stream(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    granted.require(Access::Read)?;
    let known = [&VIEW[..], &QUESTIONS[..], &["changes", "unseen"]].concat();
    let query = Query::parse(query.as_deref(), &known)?;
    let (view, questions) = (query.view()?, query.questions()?);
    let unseen = match query.get("unseen") {
        Some(_) => Some(query.rows("unseen", 1, 100)? as u64),
        None => None,
    };
    let names = |header: HeaderName, name: &str| {
        let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|value| value.split(';').next().is_some_and(|value| value.trim() == name))
    };
    let form = Form { events: names(ACCEPT, "text/event-stream"), changes: query.switch("changes")? };
    let packed = names(ACCEPT_ENCODING, "gzip");

    let front = shared.fronts.join(view).await?;
    let listed = shared.streams.list(front);
    let id = listed.id.to_string();
    let now = Instant::now();
    let picture = Picture {
        snapshots: listed.control.front.snapshots(),
        listed,
        questions,
        asked: None,
        form,
        unseen,
        sent: None,
        number: 0,
        last: now.checked_sub(INTERVAL).unwrap_or(now),
        packer: packed.then(|| GzEncoder::new(Vec::new(), Compression::default())),
        ended: false,
    };
    let lines = futures::stream::unfold(picture, |mut picture| async move {
        let line = picture.next().await?;
        Some((Ok::<_, Infallible>(line), picture))
    });
    let mut response = Response::new(Body::from_stream(lines));
    let kind = if form.events { "text/event-stream" } else { "application/x-ndjson" };
    let answer = response.headers_mut();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert(ACCESS, HeaderValue::from_static(granted.0.name()));
    answer.insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    answer.insert(PROTOCOL, HeaderValue::from(PROTOCOL_VERSION));
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.insert(STREAM, id);
    }
    if packed {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// What a client changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct Change {
    /// The view from now on.
    view: Option<View>,
    /// Questions; each takes the place of the last one of its kind.
    #[serde(default)]
    ask: Vec<Question>,
    /// The number of the newest line that the client has taken.
    seen: Option<u64>,
}

const FORM: &str = r#"{"view":{"sort":"users"},"ask":[{"rejects":{"limit":100}}],"seen":7}, each part as you need it"#;

/// Most questions of one request: more than there are kinds.
const MOST_ASKED: usize = 16;

/// Changes a stream that is open.
pub(in crate::serve) async fn change(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
    Path(id): Path<String>,
    request: Body,
) -> Result<StatusCode, ApiError> {
    granted.require(Access::Read)?;
    let change: Change = body::read(request, FORM).await?;
    let Some(control) = shared.streams.find(&id) else {
        let gone = "there is no such stream, or it has ended: open one with GET /v1/stream; its answer has the id in the header clicktop-stream";
        return Err(ApiError::new(StatusCode::NOT_FOUND, gone));
    };
    if change.ask.len() > MOST_ASKED {
        return Err(ApiError::bad(format!("at most {MOST_ASKED} questions in one request")));
    }
    change.view.iter().try_for_each(check_view)?;
    change.ask.iter().try_for_each(check_question)?;
    if let Some(seen) = change.seen {
        control.saw(seen);
    }
    if let Some(view) = change.view {
        control.front.show(view).await?;
    }
    for question in change.ask {
        control.front.ask(question).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Waits for figures of another view than `sent` shows.
async fn other_view(mut snapshots: watch::Receiver<Arc<Snapshot>>, sent: Option<&Snapshot>) {
    let Some(sent) = sent else { return pending().await };
    loop {
        if snapshots.borrow_and_update().board.view != sent.board.view {
            return;
        }
        if snapshots.changed().await.is_err() {
            return pending().await;
        }
    }
}

/// A stream: what it has sent, and when.
struct Picture {
    listed: Listed,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Those of the request, and when they were asked last.
    questions: Vec<Question>,
    asked: Option<Instant>,
    form: Form,
    /// How many lines may be on their way to a client that counts them.
    unseen: Option<u64>,
    sent: Option<Arc<Snapshot>>,
    number: u64,
    last: Instant,
    packer: Option<GzEncoder<Vec<u8>>>,
    ended: bool,
}

impl Picture {
    /// The next line; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        tokio::select! {
            biased;
            // A client that is silent for so long is told nothing more.
            has_room = timeout_at(self.last + SILENCE, self.turn()) => has_room.ok()?,
            // A user who has chosen another view waits for it.
            () = other_view(self.snapshots.clone(), self.sent.as_deref()) => {}
        }
        let line = loop {
            self.ask_again().await;
            let newest = Arc::clone(&self.snapshots.borrow_and_update());
            let is_news = newest.at.is_some() && self.sent.as_ref().is_none_or(|sent| differs(&newest, sent));
            if is_news {
                self.number += 1;
                let line = self.form.snapshot(self.number, &newest, self.sent.as_deref()).ok()?;
                self.sent = Some(newest);
                break line;
            }
            match timeout_at(self.last + HEARTBEAT, self.snapshots.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => {
                    self.ended = true;
                    break self.form.ended();
                }
                Err(_) => {
                    self.number += 1;
                    break self.form.heartbeat(self.number, &newest);
                }
            }
        };
        self.last = Instant::now();
        self.pack(line)
    }

    /// Waits until the client has room for a line, and until the next one is due.
    async fn turn(&self) {
        if let Some(most) = self.unseen {
            self.listed.control.wait_for_room(self.number, most.saturating_sub(1)).await;
        }
        sleep_until(self.last + INTERVAL).await;
    }

    /// Asks the questions of the request as long as the stream lives.
    async fn ask_again(&mut self) {
        if self.questions.is_empty() || self.asked.is_some_and(|asked| asked.elapsed() < ASK_AGAIN) {
            return;
        }
        self.asked = Some(Instant::now());
        for question in self.questions.clone() {
            if let Err(refused) = self.listed.control.front.ask(question).await {
                tracing::debug!(target: "service", "a question of a stream: {refused}");
            }
        }
    }

    /// Compresses a line so that the client can read it at once.
    fn pack(&mut self, line: Bytes) -> Option<Bytes> {
        let Some(packer) = &mut self.packer else { return Some(line) };
        packer.write_all(&line).and_then(|()| packer.flush()).ok()?;
        if self.ended {
            packer.try_finish().ok()?;
        }
        Some(Bytes::from(std::mem::take(packer.get_mut())))
    }
}
