//! Turns the settings into the options of the pipeline, the store and the index.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::frames::Frames;
use crate::click::mapping::{CompiledMapping, EnrichmentSource, Mapping};
use crate::click::{FieldLimits, Format};
use crate::config::{self, ConfigError, IndexKind, KafkaSettings, Settings, Synchronous};
use crate::engine::alarms::AlarmOptions;
use crate::engine::local::PipelineOptions;
use crate::engine::local::stages::aggregate::AggregateOptions;
use crate::engine::local::stages::ingest::KafkaOptions;
use crate::engine::local::stages::ingest::files::FileOptions;
use crate::engine::stages::index::IndexOptions;
use crate::engine::status::log::LogBuffer;
use crate::enrich::{Agents, Enrichment, Places, Pseudonyms};
use crate::protocol::snapshot::SourceStatus;
use crate::registry::{FrameReader, RegistryClient, Schemas};
use crate::search::elasticsearch::{Elasticsearch, ElasticsearchOptions};
use crate::search::embedded::Embedded;
use crate::search::{Bulk, SearchIndex};
use crate::source::files::RecordForm;
use crate::storage::{RejectLimits, Storage, StorageOptions};

/// The data directory: the one that is set, else the folder `suffix` in the user's own.
pub(super) fn data_dir(settings: &Settings, suffix: &str) -> Result<PathBuf, ConfigError> {
    match &settings.data_dir {
        Some(directory) => Ok(directory.clone()),
        None => Ok(config::default_data_dir()?.join(suffix)),
    }
}

pub(super) fn storage_options(settings: &Settings) -> StorageOptions {
    StorageOptions {
        sync_every_commit: settings.store.synchronous == Synchronous::Full,
        cache_bytes: settings.store.cache.get(),
        rejects: RejectLimits {
            rows: settings.store.max_rejects.get() as u64,
            bytes: settings.store.max_reject_bytes.get(),
        },
        check: settings.store.check,
    }
}

/// The client of the configured search engine.
pub(super) fn elasticsearch(settings: &Settings) -> anyhow::Result<Elasticsearch> {
    let index = &settings.index;
    Ok(Elasticsearch::new(ElasticsearchOptions {
        urls: index.urls.iter().map(|url| url.expose().to_owned()).collect(),
        index: index.name.clone(),
        credentials: index.credentials()?,
        ca_file: index.ca_file.clone(),
        verify: !index.danger_accept_invalid_certs,
        request_timeout: index.request_timeout,
        ..ElasticsearchOptions::default()
    })?)
}

/// The index that documents go to; the embedded one lies in the data directory.
pub(super) fn search_index(settings: &Settings, data_dir: &Path) -> anyhow::Result<Arc<dyn SearchIndex>> {
    Ok(match settings.index.kind {
        IndexKind::Embedded => Arc::new(Embedded::open(data_dir)?),
        IndexKind::Elasticsearch => Arc::new(elasticsearch(settings)?),
    })
}

/// How ingest reads Kafka, as the settings say; without the [`schemas`].
///
/// # Errors
/// A file of a secret cannot be read, or the mapping cannot be used.
pub(super) fn kafka_options(settings: &Settings, kafka: &KafkaSettings) -> anyhow::Result<KafkaOptions> {
    let client = kafka_client(settings, kafka)?;
    Ok(KafkaOptions { mapping: mapping(settings)?, pseudonyms: pseudonyms(settings)?, ..client })
}

/// How Kafka is reached, as the settings say; without what makes clicks of messages.
///
/// # Errors
/// A file of a secret cannot be read.
pub(super) fn kafka_client(settings: &Settings, kafka: &KafkaSettings) -> anyhow::Result<KafkaOptions> {
    Ok(KafkaOptions {
        mapping: None,
        properties: kafka.client_properties()?,
        topic: kafka.topic.clone(),
        group: kafka.group.clone(),
        group_protocol: kafka.group_protocol,
        schemas: None,
        pseudonyms: None,
        format: settings.events.own_format(kafka),
        field_limits: field_limits(settings),
        start: kafka.start,
        on_lost_offset: kafka.on_lost_offset,
        max_batch_bytes: kafka.max_batch_bytes.as_usize(),
        batch_events: settings.ingest.batch_events.get(),
        batch_interval: settings.ingest.batch_interval,
    })
}

/// The client of the configured schema registry; `None` if there is none.
///
/// # Errors
/// A setting cannot be used, or a file of a secret or a certificate cannot be read.
pub(super) fn registry(settings: &Settings) -> anyhow::Result<Option<RegistryClient>> {
    let options = settings.schema_registry.options()?;
    Ok(options.map(|options| RegistryClient::new(&options)).transpose()?)
}

/// The schemas of the configured registry; `None` if there is none. It connects when the first message needs a schema.
///
/// # Errors
/// As [`registry`], or the system gives no thread.
pub(super) fn schemas(settings: &Settings) -> anyhow::Result<Option<Schemas>> {
    let client = registry(settings)?;
    client.map(Schemas::of_registry).transpose().context("the thread for the schema registry cannot be started")
}

/// What opens messages with a schema for a command: those that fit `mapping`, or `any`; `None` without a registry.
///
/// # Errors
/// As [`schemas`].
pub(super) fn frames(
    settings: &Settings,
    mapping: Option<&CompiledMapping>,
    any: bool,
) -> anyhow::Result<Option<Frames>> {
    let reader = |schemas| match any {
        true => FrameReader::for_any(schemas, mapping),
        false => FrameReader::new(schemas, mapping),
    };
    // A schema may take two looks, and has references.
    let patience = settings.schema_registry.request_timeout.saturating_mul(2);
    Ok(schemas(settings)?.map(|schemas| Frames::new(reader(schemas), patience)))
}

/// The mapping of the events; `None` if they are clicks of the nine fields.
///
/// # Errors
/// It cannot be used: the line names the setting. Or a GeoIP database cannot be used.
pub(super) fn mapping(settings: &Settings) -> anyhow::Result<Option<CompiledMapping>> {
    let Some(mapping) = settings.events.mapping() else { return Ok(None) };
    Ok(Some(mapping.compile_with(enrichment(settings, &mapping)?)?))
}

/// What the events of `mapping` are enriched with, as far as they have addresses and user agents.
///
/// # Errors
/// A GeoIP database cannot be used; or there is one, but no address.
fn enrichment(settings: &Settings, mapping: &Mapping) -> anyhow::Result<Option<Arc<dyn EnrichmentSource>>> {
    let places = places(settings, mapping)?;
    let reads_agents = settings.user_agents.parse && mapping.fields.user_agent.is_some();
    let agents = if reads_agents { Some(Arc::new(Agents::compile()?)) } else { None };
    if places.is_none() && agents.is_none() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Enrichment { places, agents, bots: settings.user_agents.bots })))
}

/// The GeoIP databases of the settings; `None` if there are none.
///
/// # Errors
/// One cannot be used; or there is one, but the events have no address.
pub(super) fn places(settings: &Settings, mapping: &Mapping) -> anyhow::Result<Option<Arc<Places>>> {
    let files = &settings.geoip.database;
    if files.is_empty() {
        return Ok(None);
    }
    if mapping.fields.ip.is_none() {
        anyhow::bail!("geoip.database: the events have no address: set events.ip to the field that holds it");
    }
    Ok(Some(Places::open(files.clone()).context("geoip.database")?))
}

/// What is kept in place of user ids; `None` if they are kept.
///
/// # Errors
/// The file of the key cannot be read, or the key is too short.
fn pseudonyms(settings: &Settings) -> anyhow::Result<Option<Pseudonyms>> {
    let key = settings.privacy.key()?;
    key.map(|(key, file)| Pseudonyms::new(&key, &file)).transpose().context("privacy.key_file")
}

pub(super) fn field_limits(settings: &Settings) -> FieldLimits {
    FieldLimits { url: settings.events.max_url_bytes.as_usize(), field: settings.events.max_field_bytes.as_usize() }
}

/// What the records of files are: as the mapping says, or clicks in `format`.
///
/// # Errors
/// The mapping cannot be used.
pub(super) fn record_form(settings: &Settings, format: Format) -> anyhow::Result<RecordForm> {
    Ok(RecordForm { format, mapping: mapping(settings)?, limits: field_limits(settings) })
}

/// How ingest reads files, as the settings say; clicks are in `format`.
///
/// # Errors
/// The mapping cannot be used.
pub(super) fn file_options(settings: &Settings, format: Format) -> anyhow::Result<FileOptions> {
    Ok(FileOptions {
        form: record_form(settings, format)?,
        pseudonyms: pseudonyms(settings)?,
        rate: None,
        again: false,
        follow: false,
        batch_events: settings.ingest.batch_events.get(),
        batch_interval: settings.ingest.batch_interval,
    })
}

/// How documents are sent.
pub(super) fn index_options(settings: &Settings) -> IndexOptions {
    IndexOptions {
        interval: settings.index.interval,
        bulk: Bulk { documents: settings.index.bulk_documents.get(), in_flight: settings.index.in_flight.get() },
    }
}

/// What an engine works with, whatever its source is.
pub(super) struct EngineParts {
    pub(super) storage: Arc<Storage>,
    pub(super) index: Arc<dyn SearchIndex>,
    pub(super) alarms: AlarmOptions,
    pub(super) log: Arc<LogBuffer>,
}

/// The options of a pipeline on `source`.
pub(super) fn pipeline_options(settings: &Settings, source: SourceStatus, alarms: AlarmOptions) -> PipelineOptions {
    PipelineOptions {
        source,
        queue_batches: settings.ingest.queue_batches.get(),
        retention: settings.store.retention,
        aggregate: AggregateOptions {
            settings: settings.aggregate.figure_rules(),
            interval: settings.aggregate.interval,
        },
        index: index_options(settings),
        shutdown_timeout: settings.shutdown_timeout,
        alarms,
    }
}
