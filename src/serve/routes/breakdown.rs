//! The clicks by one of their dimensions.

use std::time::Duration;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::engine::front::FrontRefused;
use crate::protocol::{Question, Snapshot, View};
use crate::serve::access::Access;
use crate::serve::error::{ApiError, json};
use crate::serve::guard::Granted;
use crate::serve::query::{BREAKDOWN, Query};
use crate::serve::shared::Shared;

/// How long a count may take.
const COUNT: Duration = Duration::from_secs(60);

/// Answers with the breakdown that the request names, once it is counted.
pub(in crate::serve) async fn breakdown(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    granted.require(Access::Read)?;
    let question = Query::parse(query.as_deref(), &BREAKDOWN)?.breakdown()?;
    // The view that costs the pipeline nothing.
    let front = shared.fronts.join(View::default()).await?;
    front.ask(Question::Breakdown(question.clone())).await?;
    let mut snapshots = front.snapshots();
    let is_counted = |snapshot: &std::sync::Arc<Snapshot>| {
        let answer = snapshot.answers.breakdown.as_ref().filter(|answer| answer.asked == question);
        answer.is_some_and(|answer| answer.found.as_ref().map_or(true, |found| found.counted_percent.is_none()))
    };
    let counted = match tokio::time::timeout(COUNT, snapshots.wait_for(is_counted)).await {
        Ok(Ok(snapshot)) => snapshot.answers.breakdown.clone(),
        Ok(Err(_)) => return Err(FrontRefused::Ended.into()),
        Err(_) => None,
    };
    match counted.as_ref().map(|answer| &answer.found) {
        Some(Ok(breakdown)) => json(breakdown),
        Some(Err(why)) => Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, why.clone())),
        None => Err(ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "the clicks are not counted in 60 s; choose a window, or ask by a stream, which waits",
        )),
    }
}
