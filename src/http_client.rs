//! What the HTTP clients of this program share: certificates to trust, and why a request failed.

use std::error::Error as _;
use std::path::Path;

use reqwest::Certificate;

/// The certificates of a PEM file; or why there are none, in one line without the name of the file.
pub(crate) fn read_authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(authorities) if authorities.is_empty() => Err("it contains no certificate".to_owned()),
        Ok(authorities) => Ok(authorities),
        Err(error) => Err(causes(&error)),
    }
}

/// The causes of an error, without the HTTP client's own message, which contains little more than the url.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() { "the connection failed".to_owned() } else { causes.join(": ") }
}
