//! The page of the monitoring.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::serve::access::Access;
use crate::serve::error::ApiError;
use crate::serve::guard::Granted;
use crate::serve::metrics::{Form, ProcessFacts, render};
use crate::serve::shared::Shared;

/// Answers with the page in the form that the request accepts.
pub(in crate::serve) async fn metrics(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    granted.require(Access::Read)?;
    let form = Form::for_accept(headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()));
    let snapshot = shared.snapshots.borrow().clone();
    let page = render(snapshot, ProcessFacts::read(), form).map_err(|error| {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the page cannot be written: {error}"))
    })?;
    let mut response = Response::new(Body::from(page));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    Ok(response)
}
