//! Whole tables, for an export: one part a line, as fast as the receiver reads.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use tokio::sync::mpsc;

use super::body;
use crate::engine::tables::TableOrder;
use crate::protocol::Pattern;
use crate::protocol::table::{Table, TablePart};
use crate::serve::access::Access;
use crate::serve::error::ApiError;
use crate::serve::guard::Granted;
use crate::serve::query::{check_question, check_view};
use crate::serve::shared::Shared;
use crate::text::safe_json;

/// Parts that wait for the connection; this bounds the memory.
const WAITING: usize = 2;

/// How often a thread that waits for a part looks whether the receiver is still there.
const LOOK: Duration = Duration::from_millis(500);

const FORM: &str = r#"{"rejects":{"filter":""}}, {"view":{"sort":"clicks"}} or {"search":{"text":"/cart","country":null,"limit":1000}}"#;

/// Sends a table.
pub(in crate::serve) async fn table(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
    request: Body,
) -> Result<Response, ApiError> {
    granted.require(Access::Read)?;
    let table: Table = body::read(request, FORM).await?;
    match &table {
        Table::View(view) => check_view(view)?,
        Table::Rejects { filter } => {
            Pattern::parse(filter).map_err(|error| ApiError::bad(format!("filter cannot be read: {error}")))?;
        }
        Table::Search(search) => check_question(&crate::protocol::Question::Search(search.clone()))?,
    }
    let (order, parts) = TableOrder::new(table);
    shared
        .tables
        .try_send(order)
        .map_err(|_| ApiError::unavailable("the pipeline is busy with other tables; try again"))?;
    let (sender, lines) = mpsc::channel(WAITING);
    // A thread of its own: the pool for blocking work has others waiting.
    std::thread::Builder::new()
        .name("table-out".to_owned())
        .spawn(move || hand_over(&parts, &sender))
        .map_err(|error| ApiError::unavailable(format!("no thread for the table: {error}")))?;
    let lines = futures::stream::unfold(lines, |mut lines| async move {
        let line: Bytes = lines.recv().await?;
        Some((Ok::<_, Infallible>(line), lines))
    });
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

/// Passes each part on as a line, until the table or the connection ends.
fn hand_over(parts: &Receiver<TablePart>, lines: &mpsc::Sender<Bytes>) {
    loop {
        let part = match parts.recv_timeout(LOOK) {
            Ok(part) => part,
            Err(RecvTimeoutError::Timeout) if lines.is_closed() => return,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => TablePart::Failed("the pipeline has ended".to_owned()),
        };
        let is_last = matches!(part, TablePart::End { .. } | TablePart::Failed(_));
        let line = match serde_json::to_string(&part) {
            Ok(line) => safe_json(&line) + "\n",
            Err(_) => return,
        };
        if lines.blocking_send(Bytes::from(line)).is_err() || is_last {
            return;
        }
    }
}
