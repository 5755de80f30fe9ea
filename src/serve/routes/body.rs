//! The body of a request: bounded, and JSON of one form.

use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use crate::serve::error::ApiError;
use crate::text::printable;

/// Far more than any request needs.
const MOST_BYTES: usize = 64 * 1024;

/// Reads `body`. `form` says what it should look like.
///
/// # Errors
/// It is too large, was cut off, or has another form.
pub(in crate::serve) async fn read<T: DeserializeOwned>(body: Body, form: &str) -> Result<T, ApiError> {
    let bytes = to_bytes(body, MOST_BYTES).await.map_err(|_| {
        ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than 64 KiB, or was cut off; no request needs that much",
        )
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let error = error.to_string();
        ApiError::bad(format!("the body cannot be read: {}; it looks like {form}", printable(&error)))
    })
}
