//! The pipeline's options as `clicktop demo` has them, and its embedded broker with traffic.

use std::time::{Duration, Instant};

use clicktop::config::{KafkaSettings, Settings};
use clicktop::engine::local::PipelineOptions;
use clicktop::engine::local::bench::Passed;
use clicktop::engine::local::stages::aggregate::AggregateOptions;
use clicktop::engine::local::stages::ingest::{KafkaOptions, OnLostOffset, StartAt};
use clicktop::engine::stages::index::IndexOptions;
use clicktop::protocol::snapshot::SourceStatus;
use clicktop::search::Bulk;
use clicktop::source::StoredOffsets;
use clicktop::source::{EmbeddedBroker, SourceTask, Target};
use clicktop::storage::figures::AggregateSettings;

use super::Outcome;

pub const TOPIC: &str = "clicks";
/// As many as the demo's topic has.
pub const PARTITIONS: i32 = 8;
/// A producer that sends nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);

/// The options that the command line makes of `settings`, reading from `brokers`, with the client's `properties` over them.
pub fn options(
    settings: &Settings,
    brokers: &str,
    properties: &[(String, String)],
) -> Outcome<(PipelineOptions, KafkaOptions)> {
    let group: KafkaSettings = settings.kafka.for_embedded_broker(brokers);
    let own = group.client_properties()?;
    let kafka = KafkaOptions {
        mapping: None,
        properties: own.into_iter().chain(properties.iter().cloned()).collect(),
        topic: TOPIC.to_owned(),
        group: group.group.clone(),
        group_protocol: group.group_protocol,
        format: group.format,
        field_limits: clicktop::click::FieldLimits::default(),
        start: StartAt::Earliest,
        on_lost_offset: OnLostOffset::Stop,
        max_batch_bytes: group.max_batch_bytes.as_usize(),
        schemas: None,
        pseudonyms: None,
        batch_events: settings.ingest.batch_events.get(),
        batch_interval: settings.ingest.batch_interval,
    };
    let pipeline = PipelineOptions {
        source: SourceStatus { topic: TOPIC.to_owned(), group: group.group.clone(), ..SourceStatus::default() },
        retention: settings.store.retention,
        queue_batches: settings.ingest.queue_batches.get(),
        aggregate: AggregateOptions {
            settings: AggregateSettings {
                session_timeout_ms: i64::try_from(settings.aggregate.session_timeout.as_millis())?,
                recent_clicks: settings.aggregate.recent_clicks.get() as u64,
            },
            interval: settings.aggregate.interval,
        },
        index: IndexOptions {
            interval: settings.index.interval,
            bulk: Bulk { documents: settings.index.bulk_documents.get(), in_flight: settings.index.in_flight.get() },
        },
        shutdown_timeout: settings.shutdown_timeout,
        alarms: settings.alarms.options()?,
    };
    Ok((pipeline, kafka))
}

/// Where a producer sends to on `broker`; with `stored`, it holds back as the demo's does.
pub fn target(broker: &EmbeddedBroker, partitions: i32, stored: Option<StoredOffsets>) -> Target {
    Target {
        brokers: broker.bootstrap_servers().to_owned(),
        topic: TOPIC.to_owned(),
        partitions,
        stored,
        properties: Vec::new(),
    }
}

/// Waits until `source` has sent all of its `events`. What it passed begins when the first of them are acknowledged: until
/// then it connects.
pub fn sent(source: &SourceTask, events: u64) -> Outcome<Passed> {
    let progress = source.progress();
    let (mut sent, mut moved) = (0, Instant::now());
    let mut first = None;
    loop {
        let now = progress.borrow().clone();
        if let Some(error) = now.error {
            return Err(format!("the producer: {error}").into());
        }
        if now.end.is_some() {
            let (before, began) = first.unwrap_or((0, moved));
            return match now.sent == events {
                true => Ok(Passed { items: events - before, time: began.elapsed() }),
                false => Err(format!("the producer sent {} of {events} events", now.sent).into()),
            };
        }
        if now.sent != sent {
            (sent, moved) = (now.sent, Instant::now());
            first = first.or(Some((sent, moved)));
        }
        if moved.elapsed() > STUCK {
            return Err(format!("the producer stopped at {sent} of {events} events").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
