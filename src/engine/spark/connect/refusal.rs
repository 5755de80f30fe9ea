//! Makes a [`ConnectError`] of what the server or the network says.

use std::error::Error as _;
use std::time::Duration;

use prost::Message as _;
use tonic::{Code, Status};

use super::error::{ConnectError, SparkError};
use super::url::ConnectUrl;
use super::wire;
use crate::secret::{MASK, Secret};
use crate::text::printable;

/// Causes and reasons are cut after so many characters.
const MAX_LINE_CHARS: usize = 400;
/// The class of an error whose message does not say why a task has failed. Its causes do.
const WITHOUT_CAUSE: &str = "TASK_WRITE_FAILED";

/// The most causes of an error that are read. They may form a circle.
const MOST_CAUSES: usize = 10;

/// Messages of Spark are cut after so many bytes: it quotes whole plans.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;
/// Spark cuts the message of a status after 2,048 characters.
const CUT_AT: usize = 2048;

/// What Spark says while it shuts down.
const SHUTTING_DOWN: [&str; 3] =
    ["a stopped SparkContext", "SparkContext was shut down", "SparkContext has been shutdown"];

/// Makes errors. It knows the name of the server and the secrets that must not appear.
#[derive(Clone)]
pub(super) struct Errors {
    target: String,
    uses_tls: bool,
    secrets: Vec<String>,
}

/// What a status means for a call that may be continued.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: ConnectError,
    /// Whether the connection, not the operation, has failed: the operation goes on, and can be attached to again.
    pub(super) broken: bool,
    /// Whether the server does not know the operation.
    pub(super) unknown_operation: bool,
    /// Whether the server has begun the operation already.
    pub(super) known_operation: bool,
    /// Under which id the server keeps the whole message, if the status has only a part of it.
    pub(super) cut: Option<String>,
}

impl Errors {
    /// `more` are secrets besides the token and the headers.
    pub(super) fn new(url: &ConnectUrl, more: &[Secret]) -> Self {
        let headers = url.headers().map(|(_, value)| value);
        let mut secrets: Vec<String> =
            url.token().into_iter().chain(headers).chain(more).map(|secret| secret.expose().to_owned()).collect();
        secrets.retain(|secret| !secret.is_empty());
        // The longest first, because one secret may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { target: url.target(), uses_tls: url.uses_tls(), secrets }
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    fn masked(&self, text: &str) -> String {
        self.secrets.iter().fold(text.trim().to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
    }

    /// One printable line without secrets.
    pub(super) fn line(&self, text: &str) -> String {
        let text = self.masked(text);
        let mut short: String = text.chars().take(MAX_LINE_CHARS).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        printable(&short).into_owned()
    }

    /// Printable lines without secrets.
    pub(super) fn lines(&self, text: &str) -> String {
        let text = self.masked(text);
        let mut lines = String::with_capacity(text.len().min(MAX_MESSAGE_BYTES));
        for line in text.lines() {
            if lines.len().saturating_add(line.len()) > MAX_MESSAGE_BYTES {
                let room = MAX_MESSAGE_BYTES.saturating_sub(lines.len());
                let end = (0..=room.min(line.len())).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
                lines.push_str(&printable(line.get(..end).unwrap_or_default()));
                lines.push('…');
                break;
            }
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(&printable(line));
        }
        lines
    }

    pub(super) fn timed_out(&self, after: Duration) -> ConnectError {
        ConnectError::TimedOut { target: self.target.clone(), after }
    }

    pub(super) fn protocol(&self, reason: &str) -> ConnectError {
        ConnectError::Protocol { target: self.target.clone(), reason: self.line(reason) }
    }

    /// The error if no connection comes about, or one breaks.
    pub(super) fn no_connection(&self, error: &(dyn std::error::Error + 'static)) -> ConnectError {
        let cause = causes(error);
        let target = self.target.clone();
        let advice = if cause.contains("UnknownIssuer") {
            " (name the certificate of its authority as the CA file)"
        } else if cause.contains("InvalidContentType") {
            " (the server speaks no TLS: leave use_ssl and the token out, or put a proxy with TLS before it)"
        } else {
            ""
        };
        let cause = self.line(&cause) + advice;
        if !advice.is_empty() || ["certificate", "TLS", "tls", "HandshakeFailure"].iter().any(|it| cause.contains(it)) {
            ConnectError::Tls { target, cause }
        } else {
            ConnectError::Unreachable { target, cause }
        }
    }

    /// `error` of the first call. A server that expects TLS closes the connection at once.
    pub(super) fn at_first(&self, error: ConnectError) -> ConnectError {
        match error {
            ConnectError::Unreachable { target, cause }
                if !self.uses_tls
                    && ["broken pipe", "reset", "closed", "frame"].iter().any(|it| cause.contains(it)) =>
            {
                let cause = cause + " (if the server expects TLS, add use_ssl=true to the url)";
                ConnectError::Unreachable { target, cause }
            }
            error => error,
        }
    }

    /// What `status` means.
    pub(super) fn refusal(&self, status: &Status) -> Refusal {
        match Details::of(status) {
            Some(details) => self.of_spark(status, details),
            None => self.of_grpc(status),
        }
    }

    /// Errors of Spark have details. All have the code INTERNAL, so only the details tell.
    fn of_spark(&self, status: &Status, details: Details) -> Refusal {
        let class = details.class.as_deref().unwrap_or_default();
        let reason = self.line(status.message().lines().next().unwrap_or_default());
        let error = match class {
            "INVALID_HANDLE.SESSION_CLOSED" => ConnectError::SessionClosed { reason },
            "INVALID_HANDLE.SESSION_CHANGED" | "INVALID_HANDLE.SESSION_NOT_FOUND" => {
                ConnectError::SessionLost { reason }
            }
            "OPERATION_CANCELED" => ConnectError::Cancelled,
            // The server answers for some seconds after its session and its queries have ended.
            _ if SHUTTING_DOWN.iter().any(|words| status.message().contains(words)) => {
                ConnectError::SessionLost { reason: format!("it is shutting down: {reason}") }
            }
            _ => ConnectError::Spark(Box::new(SparkError {
                class: details.class.as_deref().map(|class| self.line(class)),
                sql_state: details.sql_state.map(|state| self.line(&state)),
                exception: self.line(&details.exception),
                message: self.lines(status.message()),
                retryable: details.retryable,
            })),
        };
        Refusal {
            broken: class == "INVALID_CURSOR.DISCONNECTED",
            unknown_operation: class == "INVALID_HANDLE.OPERATION_NOT_FOUND",
            known_operation: class == "INVALID_HANDLE.OPERATION_ALREADY_EXISTS",
            cut: details.error_id.filter(|_| status.message().chars().count() >= CUT_AT || class == WITHOUT_CAUSE),
            error,
        }
    }

    /// Errors of gRPC itself, of the network, or of a proxy in between.
    fn of_grpc(&self, status: &Status) -> Refusal {
        let reason = if status.message().is_empty() { status.code().description() } else { status.message() };
        let (error, broken) = match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => {
                (ConnectError::Unauthenticated { target: self.target.clone(), reason: self.line(reason) }, false)
            }
            // The client's own limit is OUT_OF_RANGE.
            Code::OutOfRange | Code::ResourceExhausted => {
                let advice = "a larger grpc_max_message_size in the url, or a smaller \
                              spark.connect.grpc.arrow.maxBatchSize on the server, helps if a message is too large";
                (self.protocol(&format!("{reason} ({advice})")), false)
            }
            Code::Unimplemented | Code::NotFound | Code::InvalidArgument | Code::FailedPrecondition => {
                let advice = "check that spark.url names a Spark Connect server of Spark 4";
                (self.protocol(&format!("{reason}; {advice}")), false)
            }
            Code::Cancelled if status.source().is_none() => (ConnectError::Cancelled, false),
            _ => match status.source() {
                Some(source) => {
                    let error = self.no_connection(source);
                    let broken = matches!(error, ConnectError::Unreachable { .. });
                    (error, broken)
                }
                None => (ConnectError::Unreachable { target: self.target.clone(), cause: self.line(reason) }, true),
            },
        };
        Refusal { error, broken, unknown_operation: false, known_operation: false, cut: None }
    }

    /// `error` with the whole message in place of a cut one.
    pub(super) fn completed(&self, error: ConnectError, whole: &wire::FetchErrorDetailsResponse) -> ConnectError {
        let at = |index: Option<i32>| index.and_then(|at| usize::try_from(at).ok()).and_then(|at| whole.errors.get(at));
        match (error, at(whole.root_error_idx)) {
            (ConnectError::Spark(mut error), Some(root)) => {
                let mut message = root.message.clone();
                let causes = std::iter::successors(at(root.cause_idx), |cause| at(cause.cause_idx));
                for cause in causes.take(MOST_CAUSES) {
                    message.push_str("\nCaused by: ");
                    message.push_str(&cause.message);
                }
                error.message = self.lines(&message);
                if let Some(throwable) = &root.spark_throwable {
                    error.class = throwable.error_class.as_deref().map(|class| self.line(class)).or(error.class);
                    error.sql_state = throwable.sql_state.as_deref().map(|state| self.line(state)).or(error.sql_state);
                }
                ConnectError::Spark(error)
            }
            (error, _) => error,
        }
    }
}

/// What Spark puts beside the message.
struct Details {
    exception: String,
    class: Option<String>,
    sql_state: Option<String>,
    error_id: Option<String>,
    retryable: bool,
}

impl Details {
    fn of(status: &Status) -> Option<Self> {
        let told = wire::RpcStatus::decode(status.details()).ok()?;
        let named = |name: &str| told.details.iter().find(|any| any.type_url.ends_with(name));
        let mut info = wire::ErrorInfo::decode(named("google.rpc.ErrorInfo")?.value.clone()).ok()?;
        (info.domain == "org.apache.spark").then(|| Self {
            class: info.metadata.remove("errorClass").or_else(|| class_in(status.message())),
            sql_state: info.metadata.remove("sqlState"),
            error_id: info.metadata.remove("errorId"),
            exception: info.reason,
            retryable: named("google.rpc.RetryInfo").is_some(),
        })
    }
}

/// The class at the beginning of a message, `[CLASS.SUB] text`. The details lack it if the parameters of the message are long.
fn class_in(message: &str) -> Option<String> {
    let (class, _) = message.strip_prefix('[')?.split_once(']')?;
    let is_class = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.');
    (!class.is_empty() && class.bytes().all(is_class)).then(|| class.to_owned())
}

/// An error and its causes. The outermost message of the gRPC client says only "transport error".
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        let known = causes.last().is_some_and(|last| last.contains(&text));
        if !known && text != "transport error" {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() { "the connection failed".to_owned() } else { causes.join(": ") }
}
