//! The figures: filtered, sorted, and page by page.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;

use super::snapshot::board_of;
use crate::protocol::View;
use crate::protocol::board::PageRow;
use crate::protocol::compare::Earlier;
use crate::serve::access::Access;
use crate::serve::error::{ApiError, json};
use crate::serve::guard::Granted;
use crate::serve::query::{MOST_ROWS, Query, VIEW};
use crate::serve::shared::Shared;

/// Rows behind this one come from an export, not page by page.
const LAST_ROW: usize = 10_000;

/// One page of the figures.
#[derive(Serialize)]
struct Top<'a> {
    /// The number of rows without `limit` and `offset`.
    matching: u64,
    offset: usize,
    rows: Vec<Row<'a>>,
    /// Why there are no rows, or how old they are.
    problem: Option<&'a str>,
}

/// One row.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    now: &'a PageRow,
    /// Its figures in the earlier span, if the view compares and it had a click then.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Earlier>,
}

/// Answers with `limit` rows after the first `offset`.
pub(in crate::serve) async fn top(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    granted.require(Access::Read)?;
    let query = Query::parse(query.as_deref(), &[&VIEW[..], &["offset"]].concat())?;
    let asked = query.view()?;
    let offset: usize = query.value("offset", 0, &format!("a number up to {LAST_ROW}"))?;
    if offset > LAST_ROW {
        return Err(ApiError::bad(format!("offset goes to {LAST_ROW}; POST /v1/tables gives every row")));
    }
    // Views with the same pages before them are one view.
    let needed = (offset + asked.limit).div_ceil(MOST_ROWS).saturating_mul(MOST_ROWS);
    let view = View { limit: needed, ..asked.clone() };
    let front = shared.fronts.join(view.clone()).await?;
    let snapshot = board_of(&front, &view).await?;
    let board = &snapshot.board;
    let rows = board.pages.get(offset..).unwrap_or_default();
    let rows = rows.get(..asked.limit).unwrap_or(rows);
    let before = |row: &PageRow| board.comparison.as_ref()?.of_page(&row.url, &row.country);
    let rows = rows.iter().map(|now| Row { now, before: before(now) }).collect();
    json(&Top { matching: board.matching, offset, rows, problem: board.problem.as_deref() })
}
