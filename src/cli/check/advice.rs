//! Advice for errors of librdkafka and the search engine. docs/check.md lists these messages; those for errors of a broker are
//! in `engine/local/stages/ingest/broker_error.rs`, those for errors of the engine in `search/advice.rs`.

use crate::config::IndexSettings;
use crate::search::SearchError;
use crate::search::elasticsearch::Credentials;

/// Properties of librdkafka, each with our setting for it.
const OF_FILES: [(&str, &str); 3] = [
    ("ssl.ca.location", "kafka.tls.ca_file"),
    ("ssl.certificate.location", "kafka.tls.certificate_file"),
    ("ssl.key.location", "kafka.tls.key_file"),
];

/// Why librdkafka does not take the settings.
pub(super) fn of_settings(reason: &str) -> String {
    match OF_FILES.iter().find(|(property, _)| reason.contains(property)) {
        Some((_, setting)) => format!("{setting} cannot be used: {reason}; name a PEM file that can be read"),
        None => reason.to_owned(),
    }
}

/// Why the engine cannot be used, and what to do.
pub(super) fn of_engine(error: &SearchError, index: &IndexSettings) -> String {
    error.with_advice(has_credentials(index))
}

fn has_credentials(index: &IndexSettings) -> bool {
    let in_url = index.urls.iter().any(|url| url.expose().contains('@'));
    in_url || !matches!(index.credentials(), Ok(Credentials::None))
}
