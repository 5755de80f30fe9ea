//! One execution of a plan, which survives a broken connection.
//!
//! The server keeps the answers until they are released. After a break the client attaches to the execution again and names
//! the last answer that it has. Spark also ends every stream after two minutes; the client attaches again then, too.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::error::ConnectError;
use super::ids::{OperationId, Tag};
use super::link::Link;
use super::release::Releaser;
use super::transport::method;
use super::wire::{self, ExecutePlanResponse, ResponseType};

/// Pauses between tries to attach again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

type Answers = Streaming<ExecutePlanResponse>;
type Opening = Pin<Box<dyn Future<Output = Result<Answers, Status>> + Send>>;

/// A running plan. Dropping it interrupts the plan on the server.
pub(super) struct Execution {
    link: Arc<Link>,
    operation: OperationId,
    request: wire::ExecutePlanRequest,
    releaser: Releaser,
    stream: Stream,
    /// Whether the server may know the operation.
    sent: bool,
    last_response: Option<String>,
    patience: Patience,
}

/// Where the answers come from. It is kept between two calls of `next`, so that a call may be given up at any time.
#[allow(clippy::large_enum_variant, reason = "there is one for each statement under way")]
enum Stream {
    /// To be asked for, not before this instant.
    Wanted(Option<Instant>),
    /// Asked for at this instant.
    Opening(Instant, Opening),
    /// There. The first instant says when it was asked for, the second since when the client waits for an answer.
    Open(Instant, Option<Instant>, Box<Answers>),
    /// The plan is done, or has failed.
    Ended,
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

    /// When to try again; `None` when `limit` is over.
    fn next_try(&mut self, limit: Duration) -> Option<Instant> {
        let now = Instant::now();
        let left = limit.checked_sub(now.duration_since(*self.since.get_or_insert(now)))?;
        now.checked_add(self.pauses.next().unwrap_or(LONGEST_PAUSE).min(left))
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
        let stream = Stream::Wanted(None);
        Self { link, operation, request, releaser, stream, sent: false, last_response: None, patience: Patience::new() }
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
        let silence = self.link.silence;
        loop {
            match &mut self.stream {
                Stream::Ended => return Ok(None),
                Stream::Wanted(at) => {
                    if let Some(at) = at {
                        tokio::time::sleep_until(*at).await;
                    }
                    self.stream = Stream::Opening(Instant::now(), self.open());
                }
                // The server's headers come with the first answer, which may take as long as the plan.
                Stream::Opening(since, opening) => match tokio::time::timeout_at(*since + silence, opening).await {
                    Ok(Ok(stream)) => self.stream = Stream::Open(*since, None, Box::new(stream)),
                    Ok(Err(status)) => self.recover(&status).await?,
                    Err(_) => self.retry(self.link.errors().timed_out(silence))?,
                },
                Stream::Open(opened, waiting, stream) => {
                    let since = *waiting.get_or_insert_with(Instant::now);
                    match tokio::time::timeout_at(since + silence, stream.message()).await {
                        Ok(Ok(Some(answer))) => {
                            *waiting = None;
                            self.note(&answer)?;
                            if let Some(ResponseType::ResultComplete(_)) = answer.response_type {
                                self.stream = Stream::Ended;
                                self.releaser.all();
                                return Ok(None);
                            }
                            return Ok(Some(answer));
                        }
                        // Spark has ended the stream, not the plan. After a while it always does.
                        Ok(Ok(None)) if opened.elapsed() > LONGEST_PAUSE => {
                            self.patience = Patience::new();
                            self.stream = Stream::Wanted(None);
                        }
                        Ok(Ok(None)) => {
                            self.retry(self.link.errors().protocol("it ends every stream of the plan at once"))?;
                        }
                        Ok(Err(status)) => self.recover(&status).await?,
                        Err(_) => self.retry(self.link.errors().timed_out(silence))?,
                    }
                }
            }
        }
    }

    fn note(&mut self, answer: &ExecutePlanResponse) -> Result<(), ConnectError> {
        if let Err(error) = self.link.observe(&answer.server_side_session_id) {
            self.stream = Stream::Ended;
            return Err(error);
        }
        if !answer.response_id.is_empty() {
            // What holds data is worth releasing early; the rest goes with the end.
            if let Some(ResponseType::ArrowBatch(_)) = answer.response_type {
                self.releaser.until(&answer.response_id);
            }
            self.last_response = Some(answer.response_id.clone());
        }
        if self.patience.since.is_some() {
            self.patience = Patience::new();
        }
        Ok(())
    }

    /// Begins the plan, or attaches to it.
    fn open(&mut self) -> Opening {
        let transport = self.link.transport.clone();
        if self.sent {
            let request = wire::ReattachExecuteRequest {
                session_id: self.link.session_id(),
                user_context: self.link.user(),
                operation_id: self.operation.to_string(),
                client_type: self.link.client(),
                last_response_id: self.last_response.clone(),
                client_observed_server_side_session_id: self.link.observed(),
            };
            return Box::pin(async move { transport.stream(method::REATTACH, request).await });
        }
        self.sent = true;
        self.releaser.begun();
        let mut request = self.request.clone();
        request.client_observed_server_side_session_id = self.link.observed();
        Box::pin(async move { transport.stream(method::EXECUTE, request).await })
    }

    /// Prepares the next try if the execution may go on.
    async fn recover(&mut self, status: &Status) -> Result<(), ConnectError> {
        self.stream = Stream::Wanted(None);
        let refusal = self.link.errors().refusal(status);
        let never_arrived = refusal.unknown_operation && self.last_response.is_none();
        if never_arrived {
            // A server that has restarted meanwhile does not take the plan: it names the session that it belongs to.
            self.sent = false;
        }
        if refusal.broken || refusal.known_operation || never_arrived || refusal.error.is_transient() {
            return self.retry(refusal.error);
        }
        let error = self.link.complete(refusal).await;
        self.stream = Stream::Ended;
        Err(error)
    }

    /// Prepares the next try.
    ///
    /// # Errors
    /// `error`, if there were tries for long enough.
    fn retry(&mut self, error: ConnectError) -> Result<(), ConnectError> {
        match self.patience.next_try(self.link.reattach_for) {
            Some(at) => {
                self.stream = Stream::Wanted(Some(at));
                Ok(())
            }
            None => {
                self.stream = Stream::Ended;
                Err(error)
            }
        }
    }
}
