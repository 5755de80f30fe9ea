//! Tells the server which answers it need not keep, while the plan goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::ids::OperationId;
use super::link::Link;
use super::transport::method;
use super::wire::{self, Nothing};

/// The server drops an execution that nobody asks for after five minutes anyway.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Until(String),
    All,
}

/// Releases answers in the background, one call at a time. When it is dropped, it releases the whole execution, which
/// interrupts what still runs.
pub(super) struct Releaser {
    link: Arc<Link>,
    operation: OperationId,
    wanted: Option<watch::Sender<Wanted>>,
}

impl Releaser {
    pub(super) fn new(link: Arc<Link>, operation: OperationId) -> Self {
        Self { link, operation, wanted: None }
    }

    /// The server may know the execution from now on.
    pub(super) fn begun(&mut self) {
        if self.wanted.is_none() {
            let (sender, wanted) = watch::channel(Wanted::Nothing);
            tokio::spawn(run(Arc::clone(&self.link), self.operation, wanted));
            self.wanted = Some(sender);
        }
    }

    /// The client has every answer up to `response_id`.
    pub(super) fn until(&self, response_id: &str) {
        self.send(Wanted::Until(response_id.to_owned()));
    }

    /// The client has every answer.
    pub(super) fn all(&self) {
        self.send(Wanted::All);
    }

    fn send(&self, wanted: Wanted) {
        if let Some(sender) = &self.wanted {
            sender.send_replace(wanted);
        }
    }
}

/// Ends when everything is released.
async fn run(link: Arc<Link>, operation: OperationId, mut wanted: watch::Receiver<Wanted>) {
    loop {
        // Only the newest wish counts; the sender is gone when the execution is.
        let gone = wanted.changed().await.is_err();
        let wish = wanted.borrow_and_update().clone();
        match wish {
            Wanted::Until(response_id) if !gone => {
                let until = wire::Release::Until(wire::ReleaseUntil { response_id });
                // The next one releases what this one could not.
                let _ = release(&link, operation, until).await;
            }
            Wanted::Nothing if !gone => {}
            _ => break,
        }
    }
    for _ in 0..TRIES {
        if release(&link, operation, wire::Release::All(Nothing {})).await {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether there is no point in trying again.
async fn release(link: &Link, operation: OperationId, release: wire::Release) -> bool {
    let request = wire::ReleaseExecuteRequest {
        session_id: link.session_id(),
        user_context: link.user(),
        operation_id: operation.to_string(),
        client_type: link.client(),
        release: Some(release),
        client_observed_server_side_session_id: link.observed(),
    };
    match link.ask::<_, Nothing>(method::RELEASE, request).await {
        Ok(Nothing {}) => true,
        Err(error) => !error.is_transient(),
    }
}
