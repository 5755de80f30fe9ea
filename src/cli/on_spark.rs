//! `run` with `engine = "spark"`: from the settings to the engine on Spark.

use super::args::Command;
use super::setup::EngineParts;
use crate::config::{KafkaSettings, KeptUsers, Settings};
use crate::engine::EngineHandle;
use crate::engine::finding::Finding;
use crate::enrich::Bots;
use crate::registry::Schemas;

/// Refuses `engine = "spark"` in a program without it.
///
/// # Errors
/// This program was built without Spark.
pub(super) fn require_feature() -> anyhow::Result<()> {
    if cfg!(feature = "spark") { Ok(()) } else { Err(without_spark()) }
}

fn without_spark() -> anyhow::Error {
    anyhow::anyhow!(
        "engine = \"spark\", but this clicktop was built without Spark: take a released binary, or build it with \
         cargo build --release --features spark"
    )
}

/// Refuses what does not work with `engine = "spark"`.
///
/// # Errors
/// This program was built without Spark, the command brings a source of its own, or the mapping of the events cannot become SQL.
pub(super) fn require(command: &Command, settings: &Settings) -> anyhow::Result<()> {
    require_feature()?;
    require_mapping(settings)?;
    require_no_visitors(settings)?;
    let name = match command {
        Command::Demo(_) => "demo",
        Command::Replay(_) => "replay",
        _ => return Ok(()),
    };
    anyhow::bail!("{name} works with engine = \"local\" only; for this once: CLICKTOP_ENGINE=local clicktop {name} …")
}

/// Refuses settings about visitors and users that the cluster does not follow: it would store other clicks than the local engine.
///
/// # Errors
/// Such a setting is set. The message names it.
pub(super) fn require_no_visitors(settings: &Settings) -> anyhow::Result<()> {
    if settings.privacy.users == KeptUsers::Hash {
        anyhow::bail!(
            "privacy.users = \"hash\" works with engine = \"local\" only: the cluster would store the ids as they are"
        );
    }
    if settings.user_agents.bots == Bots::Drop && has_user_agents(settings) {
        anyhow::bail!(
            "user_agents.bots = \"drop\" works with engine = \"local\" only: the cluster learns what a user agent is after its clicks are \
             counted; with \"label\" their device is `bot`"
        );
    }
    Ok(())
}

/// Refuses GeoIP databases that cannot be used.
///
/// # Errors
/// A database cannot be read, or the events have no address.
#[cfg(feature = "spark")]
pub(super) fn require_places(settings: &Settings) -> anyhow::Result<()> {
    with_spark::places(settings).map(drop)
}

#[cfg(not(feature = "spark"))]
pub(super) fn require_places(_settings: &Settings) -> anyhow::Result<()> {
    require_feature()
}

fn has_user_agents(settings: &Settings) -> bool {
    let mapping = settings.events.mapping();
    settings.user_agents.parse && mapping.is_some_and(|mapping| mapping.fields.user_agent.is_some())
}

/// Refuses a mapping that cannot become SQL.
///
/// # Errors
/// SQL cannot do what the mapping asks for. The message names the setting.
#[cfg(feature = "spark")]
pub(super) fn require_mapping(settings: &Settings) -> anyhow::Result<()> {
    with_spark::decoder(settings).map(drop)
}

#[cfg(not(feature = "spark"))]
pub(super) fn require_mapping(_settings: &Settings) -> anyhow::Result<()> {
    require_feature()
}

#[cfg(not(feature = "spark"))]
pub(super) fn start(
    _settings: &Settings,
    _kafka: &KafkaSettings,
    _schemas: Option<Schemas>,
    _parts: EngineParts,
) -> anyhow::Result<EngineHandle> {
    Err(without_spark())
}

/// Starts the engine. `schemas` are those of the registry, if there is one.
///
/// # Errors
/// A setting cannot be used, a file of a secret cannot be read, or the engine does not start.
#[cfg(feature = "spark")]
pub(super) fn start(
    settings: &Settings,
    kafka: &KafkaSettings,
    schemas: Option<Schemas>,
    parts: EngineParts,
) -> anyhow::Result<EngineHandle> {
    let EngineParts { storage, index, alarms, log } = parts;
    let framed = with_spark::framed(settings, schemas)?;
    let places = with_spark::places(settings)?;
    let of_settings = with_spark::options(settings, kafka)?;
    let options = crate::engine::spark::SparkOptions { alarms, framed, places, ..of_settings };
    Ok(crate::engine::spark::start(options, storage, index, log)?)
}

/// Looks at the cluster, and gives each finding to `report` with its subject.
///
/// # Errors
/// A setting cannot be used, or a file of a secret cannot be read.
#[cfg(feature = "spark")]
pub(super) async fn check(settings: &Settings, report: impl FnMut(&'static str, Finding)) -> anyhow::Result<()> {
    // Events that no SQL can read have a line of their own, and the rest is worth a look.
    let decoder = with_spark::decoder(settings).unwrap_or_default();
    let framed = with_spark::framed(settings, crate::cli::setup::schemas(settings)?)?;
    let options = with_spark::options_with(settings, &settings.kafka, decoder)?;
    let options = crate::engine::spark::SparkOptions { framed, ..options };
    crate::engine::spark::check::check(&options, report).await;
    Ok(())
}

#[cfg(not(feature = "spark"))]
pub(super) async fn check(_settings: &Settings, _report: impl FnMut(&'static str, Finding)) -> anyhow::Result<()> {
    require_feature()
}

/// Counts everything on the cluster anew; `doing` hears of each step. Returns a line about the result.
///
/// # Errors
/// The cluster cannot do it, or somebody else does it already. Nothing is worse than before then.
#[cfg(feature = "spark")]
pub(super) fn rebuild(
    settings: &Settings,
    kept_clicks: bool,
    doing: impl FnMut(&str) + Send,
) -> anyhow::Result<String> {
    with_spark::rebuild(settings, kept_clicks, doing)
}

#[cfg(not(feature = "spark"))]
pub(super) fn rebuild(
    _settings: &Settings,
    _kept_clicks: bool,
    _doing: impl FnMut(&str) + Send,
) -> anyhow::Result<String> {
    require_feature()?;
    Ok(String::new())
}

#[cfg(feature = "spark")]
pub(super) use with_spark::options;

#[cfg(feature = "spark")]
mod with_spark {
    use std::collections::HashMap;
    use std::time::Instant;

    use anyhow::Context as _;

    use crate::cli::setup;
    use crate::click::mapping::CompiledMapping;
    use crate::click::mapping::compiled::VisitorReads;
    use crate::config::{KafkaSettings, Settings};
    use crate::engine::alarms::AlarmOptions;
    use crate::engine::local::stages::ingest::StartAt;
    use crate::engine::spark::connect::{ConnectOptions, ConnectUrl};
    use crate::engine::spark::rebuild::{self, RebuildOptions, Rebuilt};
    use crate::engine::spark::sql::{self, Decoder, Input, Root, Slices};
    use crate::engine::spark::{AgentRules, FramedTopic, HousekeepingRules, PlaceRules, SparkOptions, StartError};
    use crate::protocol::snapshot::SourceStatus;
    use crate::registry::Schemas;
    use crate::storage::{DATABASE_FILE, Reader, Storage, StorageError};
    use crate::text::{counted, plural};

    /// See [`super::rebuild`]. Where a console uses the data directory, that console brings the figures home.
    pub(super) fn rebuild(
        settings: &Settings,
        kept_clicks: bool,
        doing: impl FnMut(&str) + Send,
    ) -> anyhow::Result<String> {
        let begin = Instant::now();
        let options = options(settings, &settings.kafka)?;
        let rules = options.figures;
        let options = RebuildOptions {
            url: options.url,
            connect: options.connect,
            root: options.root,
            slices: options.slices,
            session_timeout_ms: options.figures.session_timeout_ms,
            kept_clicks,
        };
        let directory = setup::data_dir(settings, "")?;
        let home = match Reader::open(&directory.join(DATABASE_FILE)) {
            Ok(_) => match Storage::open(&directory, setup::storage_options(settings)) {
                Ok(storage) if storage.progress().last_click() > 0 => {
                    return Err(StartError::HoldsClicks { clicks: storage.progress().last_click() }.into());
                }
                Ok(storage) => Some(storage),
                Err(StorageError::InUse { .. }) => None,
                Err(error) => return Err(error.into()),
            },
            Err(StorageError::Missing { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let rebuilt =
            runtime.block_on(rebuild::rebuild(&options, home.as_ref().map(|storage| (storage, rules)), doing))?;
        let Rebuilt { pages, clicks, wrong, missing, surplus } = rebuilt;
        let before = match (wrong, missing, surplus) {
            (0, 0, 0) => "every figure was right before".to_owned(),
            _ => format!(
                "before, {} wrong, {missing} {} missing, and {surplus} had no click",
                counted(wrong, "figure was", "figures were"),
                plural(missing, "was", "were")
            ),
        };
        let seconds = begin.elapsed().as_secs_f64();
        let (pages, clicks) = (counted(pages, "page", "pages"), counted(clicks, "click", "clicks"));
        Ok(format!("{pages} recomputed from {clicks} in {seconds:.1} s; {before}"))
    }

    /// The options of the engine.
    ///
    /// # Errors
    /// A setting cannot be used, or a file of a secret cannot be read.
    pub(in crate::cli) fn options(settings: &Settings, kafka: &KafkaSettings) -> anyhow::Result<SparkOptions> {
        options_with(settings, kafka, decoder(settings)?)
    }

    /// What makes clicks of messages on the cluster.
    ///
    /// # Errors
    /// SQL cannot do what the mapping asks for. The message names the setting.
    pub(super) fn decoder(settings: &Settings) -> anyhow::Result<Decoder> {
        let (limits, slices) = (setup::field_limits(settings), slices(settings));
        let input = if settings.schema_registry.urls.is_empty() { Input::Plain } else { Input::Opened };
        match mapping(settings)? {
            Some(mapping) => Ok(sql::mapped_decoder(&mapping, limits, slices, input, &root(settings)?)?),
            None => Ok(sql::decoder(settings.events.own_format(&settings.kafka), limits, slices, input)),
        }
    }

    /// The mapping of the events; `None` if they are clicks of the nine fields.
    ///
    /// # Errors
    /// It cannot be used: the line names the setting.
    fn mapping(settings: &Settings) -> anyhow::Result<Option<CompiledMapping>> {
        let Some(mapping) = settings.events.mapping() else { return Ok(None) };
        let reads = VisitorReads {
            address: !settings.geoip.database.is_empty(),
            agent: settings.user_agents.parse && mapping.fields.user_agent.is_some(),
        };
        Ok(Some(mapping.compile_reading(reads)?))
    }

    /// How messages with these schemas are read.
    ///
    /// # Errors
    /// The mapping cannot be used.
    pub(super) fn framed(settings: &Settings, schemas: Option<Schemas>) -> anyhow::Result<Option<FramedTopic>> {
        let Some(schemas) = schemas else { return Ok(None) };
        Ok(Some(FramedTopic { schemas, mapping: mapping(settings)? }))
    }

    fn root(settings: &Settings) -> anyhow::Result<Root> {
        settings.spark.root.as_deref().unwrap_or_default().parse().context("spark.root")
    }

    fn slices(settings: &Settings) -> Slices {
        Slices::of_minutes(u32::try_from(settings.spark.slice.as_secs() / 60).unwrap_or(u32::MAX))
    }

    /// Where the places of addresses come from; `None` without a GeoIP database.
    ///
    /// # Errors
    /// A database cannot be used, or the events have no address.
    pub(super) fn places(settings: &Settings) -> anyhow::Result<Option<PlaceRules>> {
        let Some(mapping) = settings.events.mapping() else { return Ok(None) };
        let places = setup::places(settings, &mapping)?;
        Ok(places.map(|places| PlaceRules { places, longest: setup::field_limits(settings).field }))
    }

    /// The options of the engine with this decoder.
    pub(super) fn options_with(
        settings: &Settings,
        kafka: &KafkaSettings,
        decoder: Decoder,
    ) -> anyhow::Result<SparkOptions> {
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
        let root = root(settings)?;
        let reached = spark.kafka.of_cluster(kafka)?;
        secrets.extend(reached.secrets);
        // The console reads no messages: the cluster does.
        let options = setup::kafka_client(settings, kafka)?;
        Ok(SparkOptions {
            source: SourceStatus {
                description: kafka.brokers.clone(),
                topic: kafka.topic.clone(),
                group: String::new(),
                progress: None,
            },
            url,
            connect: ConnectOptions { ca_file: spark.ca_file.clone(), secrets, ..ConnectOptions::default() },
            ui: spark.ui_url.as_deref().map(str::parse).transpose().context("spark.ui_url")?,
            root,
            slices: slices(settings),
            trigger: spark.trigger,
            round_interval: spark.interval,
            source_options: source_options(settings, kafka, reached.options),
            decoder,
            agents: AgentRules { bots: settings.user_agents.bots, longest: setup::field_limits(settings).field },
            framed: None,
            places: None,
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
            alarms: AlarmOptions::default(),
        })
    }

    /// The options of Spark's Kafka source.
    fn source_options(
        settings: &Settings,
        kafka: &KafkaSettings,
        of_client: Vec<(String, String)>,
    ) -> HashMap<String, String> {
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
        of_client.into_iter().chain(own.map(|(name, value)| (name.to_owned(), value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Sources};

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let env = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        config::load(&Sources { env, ..Sources::default() }).expect("valid settings").settings
    }

    #[test]
    fn what_the_cluster_does_not_read_of_a_visitor_is_refused() {
        let preset = ("CLICKTOP_EVENTS__PRESET", "combined");
        for fine in [&[][..], &[preset], &[preset, ("CLICKTOP_USER_AGENTS__BOTS", "keep")]] {
            require_no_visitors(&settings(fine)).expect("the cluster reads user agents");
        }
        for (variables, named) in [
            (&[preset, ("CLICKTOP_USER_AGENTS__BOTS", "drop")][..], "user_agents.bots"),
            (&[("CLICKTOP_PRIVACY__USERS", "hash"), ("CLICKTOP_PRIVACY__KEY_FILE", "key")], "privacy.users"),
        ] {
            let settings = settings(variables);
            let refused = require_no_visitors(&settings);
            let error = refused.expect_err(named).to_string();
            assert!(error.contains(named) && error.contains("engine = \"local\" only"), "{error}");
        }
    }
}
