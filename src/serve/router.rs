//! The routes.

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::error::ApiError;
use super::guard::{Guard, guard};
use super::routes::{breakdown, commands, health, metrics, snapshot, stream, tables, top};
use super::shared::Shared;
use crate::text::excerpt;

/// Characters of a path that an error quotes.
const SHOWN_PATH: usize = 60;

/// The methods and paths of the API, as `docs/openapi.json` lists them.
#[cfg(test)]
pub(super) const ROUTES: [(&str, &str); 10] = [
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
    ("get", "/v1/snapshot"),
    ("get", "/v1/stream"),
    ("post", "/v1/streams/{id}"),
    ("post", "/v1/commands"),
    ("get", "/v1/top"),
    ("get", "/v1/breakdown"),
    ("post", "/v1/tables"),
];

/// The API behind a door with this guard.
pub(super) fn router(shared: Shared, door: Guard) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        .route("/v1/snapshot", get(snapshot::snapshot))
        .route("/v1/stream", get(stream::stream))
        .route("/v1/streams/{id}", post(stream::change))
        .route("/v1/commands", post(commands::command))
        .route("/v1/top", get(top::top))
        .route("/v1/breakdown", get(breakdown::breakdown))
        .route("/v1/tables", post(tables::table))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(door, guard))
        .with_state(shared)
}

async fn unknown(uri: Uri) -> ApiError {
    let path = excerpt(uri.path(), SHOWN_PATH);
    ApiError::new(
        StatusCode::NOT_FOUND,
        format!(
            "there is no {path}; there are /v1/snapshot, /v1/stream, /v1/top, /v1/breakdown, /v1/commands, /v1/tables, /metrics, /healthz and /readyz"
        ),
    )
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let (method, path) = (excerpt(method.as_str(), SHOWN_PATH).into_owned(), excerpt(uri.path(), SHOWN_PATH));
    let other = if method == "GET" { "POST" } else { "GET" };
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, format!("{path} does not take {method}; use {other}"))
}
