//! Ingest from Kafka: polls a consumer, decodes its messages, and hands them to the store.

mod assignment;
mod batch;
pub mod broker_error;
mod broker_status;
mod consumer;
mod context;
mod error_events;
#[cfg(feature = "bench-support")]
pub(crate) mod from_memory;
mod group_calls;
pub mod group_protocol;
mod held;
mod identity;
mod joining;
mod lag;
mod lost_offset;
mod one_message;
mod options;
mod partition_ends;
mod positions;
mod resume;
mod run;
mod stage;
mod start_offsets;
mod topic_watch;
mod trouble;
mod unpack;

use std::sync::Arc;

use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use assignment::Membership;
use consumer::ClickConsumer;
use group_protocol::Protocol;
use resume::Member;
use run::{End, IngestRun};

pub use group_protocol::GroupProtocol;
pub(crate) use lag::{LagWatch, LagWatchGuard};
pub(crate) use one_message::MessageReader;
pub use options::{KafkaOptions, OnLostOffset, StartAt};
pub(crate) use stage::{IngestError, IngestStage};
pub use start_offsets::{NoStart, fix_start_offsets};
pub use unpack::DEFAULT_LIMIT as DEFAULT_MAX_BATCH_BYTES;
pub(crate) use unpack::refusal as batch_refusal;

impl IngestStage {
    /// Works until asked to stop. Waits while the brokers give trouble, and shows it.
    ///
    /// # Errors
    /// The settings cannot work, or the stored offset is gone and the operator has to decide.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), IngestError> {
        let mut backoff = Backoff::new();
        // The embedded broker speaks the classic protocol best, and makes nobody wait.
        let mut protocol = if self.own_broker { Protocol::Classic } else { self.options.first_protocol() };
        loop {
            let tried = match self.member(handle)? {
                Some(member) => self.consume(handle, member, protocol),
                None => return Ok(()),
            };
            match tried {
                Ok(End::Asked) => return Ok(()),
                Ok(End::Again) => {}
                Ok(End::FallBack) => {
                    tracing::info!(target: "ingest", "{} has no consumer protocol for us: joining it by the classic one", self.options.group);
                    protocol = Protocol::Classic;
                }
                Err(error @ (IngestError::Fatal(_) | IngestError::NoStart(_))) => {
                    let pause = backoff.next();
                    handle.backing_off(&error.to_string(), pause);
                    if handle.sleep(Signal::Run, pause) != Signal::Run {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The life of a consumer.
    fn consume(&self, handle: &StageHandle, us: Member, protocol: Protocol) -> Result<End, IngestError> {
        handle.starting(format!("joining group {}", self.options.group));
        unpack::set_limit(self.options.max_batch_bytes);
        self.ledger.restart();
        let membership = (!self.own_broker).then(|| Membership { us, storage: Arc::clone(&self.storage) });
        let consumer = ClickConsumer::new(&self.options, &self.group(), protocol, membership, Arc::clone(&self.ledger))
            .map_err(|error| IngestError::Config(error.to_string()))?;
        IngestRun::new(self, handle, &consumer, protocol).run()
    }

    /// The member that we are in the group; `None` if the stage was asked to end meanwhile.
    fn member(&self, handle: &StageHandle) -> Result<Option<Member>, IngestError> {
        let seen_topic = (!self.own_broker).then_some(self.options.topic.as_str());
        Ok(identity::group_member(&self.storage, seen_topic, handle)?)
    }
}
