//! What can go wrong between clicktop and Spark: one line each, without secrets.

use std::fmt;
use std::time::Duration;

/// A call that Spark Connect did not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConnectError {
    /// No connection, or one that broke.
    #[error("{target} is unreachable: {cause}; check spark.url, and that the Spark Connect server runs")]
    Unreachable {
        /// The server, `sc://host:port`.
        target: String,
        /// What the network says.
        cause: String,
    },
    /// The server took the call and gave no answer.
    #[error(
        "{target} gave no answer in {} s; check spark.url, and whether the Spark Connect server hangs or is overloaded",
        .after.as_secs()
    )]
    TimedOut {
        /// The server.
        target: String,
        /// How long the client waited.
        after: Duration,
    },
    /// The server or its certificate cannot be trusted, or one side speaks no TLS.
    #[error("no TLS connection to {target}: {cause}; check use_ssl in spark.url, and spark.ca_file")]
    Tls {
        /// The server.
        target: String,
        /// What is wrong.
        cause: String,
    },
    /// The token is wrong or missing.
    #[error("{target} refuses clicktop: {reason}; the token is wrong or missing: set spark.token_file")]
    Unauthenticated {
        /// The server.
        target: String,
        /// What the server says.
        reason: String,
    },
    /// The session was released or has expired: its id is refused for ever.
    #[error("the Spark session is closed: {reason}")]
    SessionClosed {
        /// What the server says.
        reason: String,
    },
    /// The server has restarted or dropped the session: views, settings and queries of the session are gone. A new
    /// connection under the same id begins anew.
    #[error("the Spark server has lost the session: {reason}")]
    SessionLost {
        /// What the server says.
        reason: String,
    },
    /// Somebody interrupted the operation.
    #[error("the operation was cancelled on the Spark server")]
    Cancelled,
    /// Spark refuses the statement, or failed to do it.
    #[error("{0}")]
    Spark(Box<SparkError>),
    /// An answer that does not fit the call.
    #[error("{target} gave an answer that clicktop cannot read: {reason}")]
    Protocol {
        /// The server.
        target: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ConnectError {
    /// Whether the same call may succeed later, with nothing changed by anybody.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::Spark(error) => error.retryable,
            Self::Tls { .. }
            | Self::Unauthenticated { .. }
            | Self::SessionClosed { .. }
            | Self::SessionLost { .. }
            | Self::Cancelled
            | Self::Protocol { .. } => false,
        }
    }

    /// Whether no process listens at the server's address.
    pub(crate) fn is_refused_connection(&self) -> bool {
        matches!(self, Self::Unreachable { cause, .. } if cause.to_lowercase().contains("connection refused"))
    }

    /// Spark's name of the error, such as `TABLE_OR_VIEW_NOT_FOUND`, if Spark itself refuses.
    pub(crate) fn class(&self) -> Option<&str> {
        match self {
            Self::Spark(error) => error.class.as_deref(),
            _ => None,
        }
    }

    /// Whether Spark's error is of `class` or of one below it: `DELTA_X` has `DELTA_X.SUB`.
    pub(crate) fn is_class(&self, class: &str) -> bool {
        self.class()
            .and_then(|own| own.strip_prefix(class))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// An error of Spark itself. Its texts are safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SparkError {
    /// Spark's name of it, such as `TABLE_OR_VIEW_NOT_FOUND` or `CAST_INVALID_INPUT`.
    pub(crate) class: Option<String>,
    /// The SQL standard's state, such as `42P01`.
    pub(crate) sql_state: Option<String>,
    /// The class of the exception on the server.
    pub(crate) exception: String,
    /// The whole message, in lines, cut after 8 KiB.
    pub(crate) message: String,
    /// Whether Spark says that the same call may be made again.
    pub(crate) retryable: bool,
}

impl SparkError {
    /// The first line of the message.
    pub(crate) fn first_line(&self) -> &str {
        self.message.lines().find(|line| !line.trim().is_empty()).map_or("no message", str::trim)
    }
}

impl fmt::Display for SparkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.first_line();
        if let Some(class) = &self.class
            && !line.contains(class.as_str())
        {
            write!(f, "[{class}] ")?;
        }
        f.write_str(line)?;
        match &self.sql_state {
            Some(state) if !line.contains(state.as_str()) => write!(f, " SQLSTATE: {state}"),
            _ => Ok(()),
        }
    }
}
impl std::error::Error for SparkError {}
