//! One session over one connection: what every call says of itself, and which server answered.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use prost::Message;
use tonic::Status;

use super::error::ConnectError;
use super::ids::SessionId;
use super::refusal::{Errors, Refusal};
use super::transport::{ConnectOptions, Transport, method};
use super::url::ConnectUrl;
use super::wire;

/// What Spark's log names the client.
const CLIENT: &str = concat!("clicktop/", env!("CARGO_PKG_VERSION"));

pub(super) struct Link {
    pub(super) transport: Transport,
    pub(super) session: SessionId,
    user: String,
    client: String,
    /// The server's own id of the session. It changes when the server restarts, and each call names it, so that no call
    /// goes to a session that has silently begun anew.
    server_session: OnceLock<String>,
    pub(super) reattach_for: Duration,
    pub(super) silence: Duration,
}

impl Link {
    pub(super) async fn connect(
        url: &ConnectUrl,
        session: SessionId,
        options: &ConnectOptions,
    ) -> Result<Self, ConnectError> {
        Ok(Self {
            transport: Transport::connect(url, options).await?,
            session,
            user: url.user_id().to_owned(),
            client: url.user_agent().map_or_else(|| CLIENT.to_owned(), |agent| format!("{agent} {CLIENT}")),
            server_session: OnceLock::new(),
            reattach_for: options.reattach_for,
            silence: options.silence,
        })
    }

    pub(super) fn errors(&self) -> &Errors {
        &self.transport.errors
    }

    pub(super) fn session_id(&self) -> String {
        self.session.to_string()
    }

    pub(super) fn user(&self) -> Option<wire::UserContext> {
        Some(wire::UserContext { user_id: self.user.clone(), user_name: self.user.clone() })
    }

    pub(super) fn client(&self) -> Option<String> {
        Some(self.client.clone())
    }

    pub(super) fn observed(&self) -> Option<String> {
        self.server_session.get().cloned()
    }

    /// Takes note of the server's id of the session.
    ///
    /// # Errors
    /// It is another than before.
    pub(super) fn observe(&self, answered: &str) -> Result<(), ConnectError> {
        if answered.is_empty() || self.server_session.get_or_init(|| answered.to_owned()) == answered {
            return Ok(());
        }
        Err(ConnectError::SessionLost { reason: "the server has restarted".to_owned() })
    }

    /// A short call.
    pub(super) async fn ask<Q, A>(&self, method: &'static str, message: Q) -> Result<A, ConnectError>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let limit = self.transport.answer_timeout;
        match tokio::time::timeout(limit, self.transport.unary(method, message)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(self.refused(&status).await),
            Err(_) => Err(self.errors().timed_out(limit)),
        }
    }

    /// The error for `status`, with the whole message.
    pub(super) async fn refused(&self, status: &Status) -> ConnectError {
        let refusal = self.errors().refusal(status);
        self.complete(refusal).await
    }

    /// Fetches the rest of a message that the status has cut. If that fails, the beginning must do.
    pub(super) async fn complete(&self, refusal: Refusal) -> ConnectError {
        let Some(error_id) = refusal.cut else { return refusal.error };
        let request = wire::FetchErrorDetailsRequest {
            session_id: self.session_id(),
            user_context: self.user(),
            error_id,
            client_type: self.client(),
        };
        let whole = self.transport.unary::<_, wire::FetchErrorDetailsResponse>(method::ERROR_DETAILS, request);
        match tokio::time::timeout(self.transport.answer_timeout, whole).await {
            Ok(Ok(whole)) => self.errors().completed(refusal.error, &whole),
            _ => refusal.error,
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("target", &self.errors().target())
            .field("session", &self.session)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
