//! What to do about an error of the search engine. `clicktop check` and the index stage say the same; docs/check.md lists these messages.

use super::SearchError;

/// The privileges that a user of the engine needs.
pub const PRIVILEGES: &str = "grant the user `monitor` on the cluster, and on the index `create_index`, `write`, `read`, \
                              `view_index_metadata` and `maintenance`";

/// Java calls a missing client certificate "bad"; others report a failed handshake of TLS 1.2.
const CLIENT_CERTIFICATE: &str = "the engine may want a certificate of its clients, and clicktop has none to show: name a port that \
                                  asks for a password or an API key";

impl SearchError {
    /// The error, and what to do about it; `has_credentials` says whether the client sends any.
    pub fn with_advice(&self, has_credentials: bool) -> String {
        match self.advice(has_credentials) {
            Some(advice) => format!("{self}; {advice}"),
            None => self.to_string(),
        }
    }

    /// What to do; `None` if the error itself says it.
    fn advice(&self, has_credentials: bool) -> Option<&'static str> {
        Some(match self {
            SearchError::Unwritable { .. } | SearchError::Redirected { .. } => return None,
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
            SearchError::Unauthorized { .. } if has_credentials => {
                "check index.username and its password, or index.api_key"
            }
            SearchError::Unauthorized { .. } => "set index.username with index.password_file, or index.api_key_file",
            SearchError::Server { reason, .. } if reason.contains("makes no sense") => {
                "is this Elasticsearch or OpenSearch? check index.urls"
            }
            SearchError::Throttled { .. } | SearchError::Server { .. } => "look after the engine, then try again",
            SearchError::Refused { .. } => "check index.urls and index.name",
            SearchError::Disk { .. } => "stop clicktop and delete search.db: it is derived and made again",
        })
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_for_a_refusal_depends_on_whether_anybody_signs_in() {
        let refused =
            |status| SearchError::Unauthorized { target: "https://search".into(), status, reason: "who is it".into() };
        let said = |status, has_credentials| refused(status).with_advice(has_credentials);
        assert!(said(401, true).ends_with("; check index.username and its password, or index.api_key"));
        assert!(said(401, false).ends_with("; set index.username with index.password_file, or index.api_key_file"));
        assert!(said(403, true).ends_with(PRIVILEGES));
        let redirected =
            SearchError::Redirected { target: "https://search".into(), status: 301, to: "https://other".into() };
        assert_eq!(redirected.with_advice(true), redirected.to_string(), "it has its advice in it");
    }
}
