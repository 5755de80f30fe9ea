//! One execution of a plan, which survives a broken connection.
//!
//! The server keeps the answers until they are released. After a break the client attaches to the execution again and names
//! the last answer that it has. Spark also ends every stream after two minutes; the client attaches again then, too.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::error::ConnectError;
use super::ids::{OperationId, Tag};
use super::link::Link;
use super::refusal::Refusal;
use super::release::Releaser;
use super::transport::method;
use super::wire::{self, ExecutePlanResponse, ResponseType};

/// Pauses between tries to attach again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A running plan. Dropping it interrupts the plan on the server.
pub(super) struct Execution {
    link: Arc<Link>,
    operation: OperationId,
    request: wire::ExecutePlanRequest,
    releaser: Releaser,
    stream: Option<Streaming<ExecutePlanResponse>>,
    /// Whether the server may know the operation.
    sent: bool,
    last_response: Option<String>,
    complete: bool,
    /// Since when the stream is asked for.
    opened: Instant,
    patience: Patience,
}

/// How long to go on trying: from the last answer on.
struct Patience {
    since: Option<Instant>,
    pauses: ExponentialBackoff,
}

impl Patience {
    fn new() -> Self {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .without_max_times()
            .with_jitter()
            .build();
        Self { since: None, pauses }
    }

    /// Waits before the next try; `false` when `limit` is over.
    async fn wait(&mut self, limit: Duration) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        let Some(left) = limit.checked_sub(since.elapsed()) else { return false };
        tokio::time::sleep(self.pauses.next().unwrap_or(LONGEST_PAUSE).min(left)).await;
        true
    }
}

impl Execution {
    /// An execution that begins with the first [`next`](Self::next).
    pub(super) fn new(link: Arc<Link>, plan: wire::OpType, tags: &[Tag]) -> Self {
        let operation = OperationId::random();
        let options = wire::RequestOption { reattach_options: Some(wire::ReattachOptions { reattachable: true }) };
        let request = wire::ExecutePlanRequest {
            session_id: link.session_id(),
            user_context: link.user(),
            plan: Some(wire::Plan { op_type: Some(plan) }),
            client_type: link.client(),
            request_options: vec![options],
            operation_id: Some(operation.to_string()),
            tags: tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
            client_observed_server_side_session_id: None,
        };
        let releaser = Releaser::new(Arc::clone(&link), operation);
        Self {
            link,
            operation,
            request,
            releaser,
            stream: None,
            sent: false,
            last_response: None,
            complete: false,
            opened: Instant::now(),
            patience: Patience::new(),
        }
    }

    /// Its id on the server.
    pub(super) fn operation(&self) -> OperationId {
        self.operation
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// The next answer; `None` when the plan is done.
    ///
    /// May be dropped while it waits; the next call goes on.
    ///
    /// # Errors
    /// Spark refuses the plan or fails to do it, or the connection could not be mended in time.
    pub(super) async fn next(&mut self) -> Result<Option<ExecutePlanResponse>, ConnectError> {
        while !self.complete {
            let received = match &mut self.stream {
                Some(stream) => tokio::time::timeout(self.link.silence, stream.message()).await,
                None => match self.attach().await? {
                    Some(stream) => {
                        self.stream = Some(stream);
                        continue;
                    }
                    None => continue,
                },
            };
            match received {
                Ok(Ok(Some(answer))) => {
                    self.note(&answer)?;
                    if let Some(ResponseType::ResultComplete(_)) = answer.response_type {
                        self.complete = true;
                        self.stream = None;
                        self.releaser.all();
                        break;
                    }
                    return Ok(Some(answer));
                }
                Ok(Ok(None)) => {
                    // Spark has ended the stream, not the plan.
                    self.stream = None;
                    if self.opened.elapsed() > LONGEST_PAUSE {
                        self.patience = Patience::new();
                    } else {
                        let early = self.link.errors().protocol("it ends every stream of the plan at once");
                        self.pause_or(early).await?;
                    }
                }
                Ok(Err(status)) => {
                    self.stream = None;
                    self.recover(&status).await?;
                }
                Err(_) => {
                    self.stream = None;
                    let silent = self.link.errors().timed_out(self.link.silence);
                    self.pause_or(silent).await?;
                }
            }
        }
        Ok(None)
    }

    fn note(&mut self, answer: &ExecutePlanResponse) -> Result<(), ConnectError> {
        self.link.observe(&answer.server_side_session_id)?;
        if !answer.response_id.is_empty() {
            let id = answer.response_id.clone();
            // What holds data is worth releasing early; the rest goes with the end.
            if let Some(ResponseType::ArrowBatch(_)) = answer.response_type {
                self.releaser.until(&id);
            }
            self.last_response = Some(id);
        }
        if self.patience.since.is_some() {
            self.patience = Patience::new();
        }
        Ok(())
    }

    /// Begins the plan, or attaches to it; `None` to try again.
    async fn attach(&mut self) -> Result<Option<Streaming<ExecutePlanResponse>>, ConnectError> {
        self.opened = Instant::now();
        let transport = &self.link.transport;
        // The server's headers come with the first answer, which may take as long as the plan.
        let limit = self.link.silence;
        let opened = if self.sent {
            let request = wire::ReattachExecuteRequest {
                session_id: self.link.session_id(),
                user_context: self.link.user(),
                operation_id: self.operation.to_string(),
                client_type: self.link.client(),
                last_response_id: self.last_response.clone(),
                client_observed_server_side_session_id: self.link.observed(),
            };
            tokio::time::timeout(limit, transport.stream(method::REATTACH, request)).await
        } else {
            self.sent = true;
            self.releaser.begun();
            let mut request = self.request.clone();
            request.client_observed_server_side_session_id = self.link.observed();
            tokio::time::timeout(limit, transport.stream(method::EXECUTE, request)).await
        };
        match opened {
            Ok(Ok(stream)) => Ok(Some(stream)),
            Ok(Err(status)) => self.recover(&status).await.map(|()| None),
            Err(_) => {
                let silent = self.link.errors().timed_out(limit);
                self.pause_or(silent).await.map(|()| None)
            }
        }
    }

    /// Waits before the next try if the execution may go on.
    async fn recover(&mut self, status: &Status) -> Result<(), ConnectError> {
        let refusal = self.link.errors().refusal(status);
        if self.last_response.is_none() && refusal.unknown_operation {
            // The plan never reached the server. A server that has restarted meanwhile does not get it: the plan names the
            // session that it belongs to.
            self.sent = false;
        }
        let goes_on = refusal.broken
            || refusal.known_operation
            || (refusal.unknown_operation && !self.sent)
            || refusal.error.is_transient();
        match refusal {
            Refusal { error, .. } if goes_on => self.pause_or(error).await,
            refusal => {
                self.complete = true;
                Err(self.link.complete(refusal).await)
            }
        }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// `error`, if there were tries for long enough.
    async fn pause_or(&mut self, error: ConnectError) -> Result<(), ConnectError> {
        if self.patience.wait(self.link.reattach_for).await { Ok(()) } else { Err(error) }
    }
}
