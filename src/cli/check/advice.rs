//! Advice for errors of librdkafka and the search engine. docs/check.md lists these messages; those for errors of a broker are
//! in `engine/local/stages/ingest/broker_error.rs`.

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
    let advice = match error {
        // These errors hold their advice.
        SearchError::Unwritable { .. } | SearchError::Redirected { .. } => return error.to_string(),
        SearchError::Unreachable { target, .. }
        | SearchError::TimedOut { target, .. }
        | SearchError::Server { target, .. }
            if target.contains("through the proxy") =>
        {
            "check the proxy that the environment names, or name the engine's host in NO_PROXY"
        }
        SearchError::Unreachable { cause, .. } => of_connection(cause),
        SearchError::TimedOut { .. } => "check index.urls; a slow engine may need a longer index.request_timeout",
        SearchError::Unauthorized { status: 403, .. } => PRIVILEGES,
        SearchError::Unauthorized { .. } if has_credentials(index) => {
            "check index.username and its password, or index.api_key"
        }
        SearchError::Unauthorized { .. } => "set index.username with index.password_file, or index.api_key_file",
        SearchError::Server { reason, .. } if reason.contains("makes no sense") => {
            "is this Elasticsearch or OpenSearch? check index.urls"
        }
        SearchError::Throttled { .. } | SearchError::Server { .. } => "look after the engine, then try again",
        SearchError::Refused { .. } => "check index.urls and index.name",
        SearchError::Disk { .. } => "stop clicktop and delete search.db: it is derived and made again",
    };
    format!("{error}; {advice}")
}

/// The privileges that a user of the engine needs.
pub(super) const PRIVILEGES: &str = "grant the user `monitor` on the cluster, and on the index `create_index`, `write`, `read`, \
                                     `view_index_metadata` and `maintenance`";

/// Java calls a missing client certificate "bad"; others report a failed handshake of TLS 1.2.
const CLIENT_CERTIFICATE: &str = "the engine may want a certificate of its clients, and clicktop has none to show: name a port that \
                                  asks for a password or an API key";

fn of_connection(cause: &str) -> &'static str {
    const CAUSES: [(&str, &str); 10] = [
        ("alert: CertificateRequired", CLIENT_CERTIFICATE),
        ("alert: BadCertificate", CLIENT_CERTIFICATE),
        ("alert: HandshakeFailure", CLIENT_CERTIFICATE),
        ("UnknownIssuer", "set index.ca_file"),
        ("not valid for name", "name the engine in index.urls as its certificate does"),
        ("certificate", "have its certificate renewed or corrected, or trust its authority with index.ca_file"),
        ("invalid HTTP version", "this port may speak TLS: begin index.urls with https://"),
        ("tls handshake", "this port may speak no TLS: begin index.urls with http://"),
        ("InvalidContentType", "this port speaks no TLS: begin index.urls with http://"),
        ("dns error", "check the names in index.urls"),
    ];
    CAUSES
        .iter()
        .find(|(part, _)| cause.contains(part))
        .map_or("check index.urls, and that the engine runs", |found| found.1)
}

fn has_credentials(index: &IndexSettings) -> bool {
    let in_url = index.urls.iter().any(|url| url.expose().contains('@'));
    in_url || !matches!(index.credentials(), Ok(Credentials::None))
}
