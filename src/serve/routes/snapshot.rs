//! One snapshot, with the board of the view that the request names.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::engine::front::{Front, FrontRefused};
use crate::protocol::{Snapshot, View};
use crate::serve::access::Access;
use crate::serve::error::{ApiError, json};
use crate::serve::guard::Granted;
use crate::serve::query::{Query, VIEW};
use crate::serve::shared::Shared;

/// How long a board may take. A window is counted meanwhile, and the board says how far it is.
const BOARD: Duration = Duration::from_secs(10);

/// Answers with a snapshot.
pub(in crate::serve) async fn snapshot(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    granted.require(Access::Read)?;
    let query = Query::parse(query.as_deref(), &[&VIEW[..], &["light"]].concat())?;
    let view = query.view()?;
    if query.switch("light")? {
        let light = shared.snapshots.borrow().light();
        return json(&light);
    }
    let front = shared.fronts.join(view.clone()).await?;
    json(&*board_of(&front, &view).await?)
}

/// Waits for a snapshot with the board of `view`: with all that can be told, or at the latest after a while with what there is.
///
/// # Errors
/// The pipeline has ended.
pub(super) async fn board_of(front: &Front, view: &View) -> Result<Arc<Snapshot>, ApiError> {
    let mut snapshots = front.snapshots();
    let is_made = |snapshot: &Arc<Snapshot>| snapshot.board.view == *view && !snapshot.board.goes_on;
    let found = match tokio::time::timeout(BOARD, snapshots.wait_for(is_made)).await {
        Ok(Ok(found)) => Some(Arc::clone(&found)),
        Ok(Err(_)) => return Err(FrontRefused::Ended.into()),
        Err(_) => None,
    };
    let snapshot = found.unwrap_or_else(|| Arc::clone(&front.snapshots().borrow()));
    if snapshot.board.view == *view {
        return Ok(snapshot);
    }
    let late = "the figures of this view are not made in 10 s; try again";
    Err(ApiError::new(StatusCode::GATEWAY_TIMEOUT, late))
}
