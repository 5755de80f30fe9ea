//! `run` with `engine = "spark"`: from the settings to the engine on Spark.

use std::sync::Arc;

use super::args::Command;
use crate::config::{KafkaSettings, Settings};
use crate::engine::EngineHandle;
use crate::engine::status::log::LogBuffer;
use crate::search::SearchIndex;
use crate::storage::Storage;

/// Refuses what does not work with `engine = "spark"`.
///
/// # Errors
/// This program was built without Spark, or the command brings a source of its own.
pub(super) fn require(command: &Command) -> anyhow::Result<()> {
    if !cfg!(feature = "spark") {
        anyhow::bail!(
            "engine = \"spark\", but this clicktop was built without Spark: cargo build --release --features spark"
        );
    }
    let name = match command {
        Command::Demo(_) => "demo",
        Command::Replay(_) => "replay",
        _ => return Ok(()),
    };
    anyhow::bail!("{name} works with engine = \"local\" only; for this once: CLICKTOP_ENGINE=local clicktop {name} …")
}

#[cfg(not(feature = "spark"))]
pub(super) fn start(
    _settings: &Settings,
    _kafka: &KafkaSettings,
    _storage: &Arc<Storage>,
    _index: Arc<dyn SearchIndex>,
    _log: Arc<LogBuffer>,
) -> anyhow::Result<EngineHandle> {
    anyhow::bail!("this clicktop was built without Spark")
}

/// Starts the engine.
///
/// # Errors
/// A setting cannot be used, a file of a secret cannot be read, or the engine does not start.
#[cfg(feature = "spark")]
pub(super) fn start(
    settings: &Settings,
    kafka: &KafkaSettings,
    storage: &Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    log: Arc<LogBuffer>,
) -> anyhow::Result<EngineHandle> {
    let options = with_spark::options(settings, kafka)?;
    Ok(crate::engine::spark::start(options, Arc::clone(storage), index, log)?)
}

#[cfg(feature = "spark")]
mod with_spark {
    use std::collections::HashMap;

    use anyhow::Context as _;

    use crate::cli::setup;
    use crate::config::{KafkaSettings, Settings};
    use crate::engine::local::stages::ingest::StartAt;
    use crate::engine::spark::{HousekeepingRules, SparkOptions};
    use crate::engine::spark::connect::{ConnectOptions, ConnectUrl};
    use crate::engine::spark::sql::{Root, Slices};
    use crate::protocol::snapshot::SourceStatus;
    use crate::secret::Secret;

    /// Properties of Kafka's client that hold a secret.
    const SECRET: [&str; 3] = ["sasl.jaas.config", "ssl.keystore.key", "ssl.key.password"];

    pub(super) fn options(settings: &Settings, kafka: &KafkaSettings) -> anyhow::Result<SparkOptions> {
        let spark = &settings.spark;
        let mut url: ConnectUrl = spark.url.parse().context("spark.url")?;
        let mut secrets = Vec::new();
        if let Some(token) = spark.token()? {
            secrets.push(token.clone());
            url = url.with_token(token);
        }
        if let Some(warning) = url.warning() {
            tracing::warn!(target: "config", "{warning}");
        }
        let root: Root = spark.root.as_deref().unwrap_or_default().parse().context("spark.root")?;
        let properties = kafka.cluster_properties(spark.brokers.as_deref().unwrap_or(&kafka.brokers))?;
        let hidden = properties.iter().filter(|(name, _)| SECRET.contains(&name.as_str()));
        secrets.extend(hidden.map(|(_, value)| Secret::new(value.clone())));
        if let Some(password) = &kafka.sasl.password {
            secrets.push(password.clone());
        }
        let minutes = u32::try_from(spark.slice.as_secs() / 60).unwrap_or(u32::MAX);
        let options = setup::kafka_options(settings, kafka)?;
        Ok(SparkOptions {
            source: SourceStatus {
                description: format!("{} by {}", kafka.brokers, url.target()),
                topic: kafka.topic.clone(),
                group: String::new(),
                progress: None,
            },
            url,
            connect: ConnectOptions { ca_file: spark.ca_file.clone(), secrets, ..ConnectOptions::default() },
            root,
            slices: Slices::of_minutes(minutes),
            trigger: spark.trigger,
            round_interval: spark.interval,
            source_options: source_options(settings, kafka, properties),
            format: options.format,
            field_limits: options.field_limits,
            kafka: options,
            figures: settings.aggregate.figure_rules(),
            index: setup::index_options(settings),
            leave_running: spark.leave_running,
            housekeeping: HousekeepingRules {
                interval: spark.optimize_interval,
                keep_versions: spark.keep_versions,
                retention: settings.store.retention,
            },
            shutdown_timeout: settings.shutdown_timeout,
        })
    }

    /// The options of Spark's Kafka source.
    fn source_options(
        settings: &Settings,
        kafka: &KafkaSettings,
        properties: Vec<(String, String)>,
    ) -> HashMap<String, String> {
        let of_client = properties.into_iter().map(|(name, value)| (format!("kafka.{name}"), value));
        let start = match kafka.start {
            StartAt::Earliest => "earliest",
            StartAt::Latest => "latest",
        };
        let own = [
            ("subscribe", kafka.topic.clone()),
            ("startingOffsets", start.to_owned()),
            // Else Spark would silently skip the beginning of a topic that was made anew. The stage stream does what the operator
            // has chosen for lost messages.
            ("failOnDataLoss", true.to_string()),
            ("maxOffsetsPerTrigger", settings.spark.batch_messages.to_string()),
            // Only what a transaction has committed, as the local engine reads.
            ("kafka.isolation.level", "read_committed".to_owned()),
        ];
        of_client.chain(own.map(|(name, value)| (name.to_owned(), value))).collect()
    }
}
