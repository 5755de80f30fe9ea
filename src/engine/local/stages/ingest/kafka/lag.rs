//! Asks the broker for the newest offsets while ingest does not fetch. librdkafka learns them only from fetches, so
//! without this the lag of a stopped or paused consumer would not change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};

use super::options::KafkaOptions;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::offsets::OffsetLedger;
use crate::engine::local::status::partitions::{PartitionBoard, Watermarks};
use crate::engine::stages::handle::StageHandle;

/// How often the broker is asked.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long it may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Watches the lag on a thread of its own.
pub(crate) struct LagWatch {
    options: KafkaOptions,
    ingest: StageHandle,
    ledger: Arc<OffsetLedger>,
    partitions: Arc<PartitionBoard>,
    /// Disconnected once the watch should end.
    alive: Receiver<()>,
}

/// The watch ends when this is dropped.
#[derive(Debug)]
pub(crate) struct LagWatchGuard {
    _alive: Sender<()>,
}

impl LagWatch {
    /// Starts the watch. It asks the broker while `ingest` does not fetch.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(
        shared: &SharedParts,
        options: KafkaOptions,
        ingest: StageHandle,
    ) -> std::io::Result<LagWatchGuard> {
        let (guard, alive) = bounded(0);
        let SharedParts { ledger, partitions, .. } = shared.clone();
        let watch = Self { options, ingest, ledger, partitions, alive };
        std::thread::Builder::new().name("lag".to_owned()).spawn(move || watch.run())?;
        Ok(LagWatchGuard { _alive: guard })
    }

    fn run(&self) {
        let mut asking: Option<BaseConsumer<Quiet>> = None;
        while self.alive.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let fetching = self.ingest.state().is_active() && !self.partitions.is_paused();
            if fetching {
                asking = None;
                continue;
            }
            if asking.is_none() {
                asking = self.connect().ok();
            }
            let Some(client) = &asking else {
                continue;
            };
            match self.ask(client) {
                Ok(watermarks) => self.partitions.set_watermarks(watermarks),
                Err(error) => tracing::debug!(target: "ingest", "no lag: {error}"),
            }
        }
    }

    fn connect(&self) -> KafkaResult<BaseConsumer<Quiet>> {
        self.options.bystander().create_with_context(Quiet)
    }

    /// Asks for the partitions that are ours as far as we know, else for all of the topic.
    fn ask(&self, client: &BaseConsumer<Quiet>) -> KafkaResult<BTreeMap<i32, Watermarks>> {
        let topic = &self.options.topic;
        let mut partitions: Vec<i32> =
            self.partitions.status(&self.ledger.stored()).iter().map(|partition| partition.partition).collect();
        if partitions.is_empty() {
            let metadata = client.fetch_metadata(Some(topic), TIMEOUT)?;
            partitions = metadata
                .topics()
                .iter()
                .filter(|found| found.name() == topic)
                .flat_map(|found| found.partitions())
                .map(|partition| partition.id())
                .collect();
        }
        let ask = |partition| {
            let (low, high) = client.fetch_watermarks(topic, partition, TIMEOUT)?;
            Ok((partition, (Some(low), Some(high))))
        };
        partitions.into_iter().map(ask).collect()
    }
}

/// What goes wrong here is told by ingest, too.
pub(crate) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}

    fn error(&self, _error: KafkaError, _reason: &str) {}
}

impl ConsumerContext for Quiet {}
