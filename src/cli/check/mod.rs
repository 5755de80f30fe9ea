//! `clicktop check`: tests whether clicktop can reach and use broker, topic, store and index.

mod advice;
mod heard;
mod kafka;
mod listeners;
mod sample;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{anyhow, bail};

use super::frames::Frames;
use super::output::{Output, ProgressLine};
use super::{on_spark, setup};
use crate::click::mapping::EventDecoder;
use crate::config::{EngineKind, IndexKind, KafkaSettings, Loaded, Settings};
use crate::engine::finding::Finding;
use crate::search::elasticsearch::{IndexState, WriteAccess};
use crate::search::embedded::Embedded;
use crate::search::{PRIVILEGES, SearchIndex};
use crate::storage::{DATABASE_FILE, Reader, Storage, StorageError};
use crate::text::counted;
use crate::text::printable;
pub(super) use kafka::{Patience, Probe};
use sample::Looked;

/// The config file of the packaged service (`assets/service/clicktop.service`).
const SERVICE_FILE: &str = "/etc/clicktop/clicktop.toml";

/// The size of the file that tests for free space: a megabyte, less than any run needs.
const TRIED_BYTES: usize = 1 << 20;

/// Checks everything that the settings name, and prints a line for each. Fails if one of them fails.
///
/// # Errors
/// The async runtime does not start.
pub(super) fn run(loaded: &Loaded, out: &mut Output) -> anyhow::Result<ExitCode> {
    let settings = &loaded.settings;
    let mut report = Report { out, failed: false };
    report.line("config", Ok(describe_layers(loaded)));
    if let Some(warning) = other_file(loaded, Path::new(SERVICE_FILE)) {
        report.warn("config", &warning);
    }
    for warning in loaded.warnings() {
        report.warn("config", &warning);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match settings.engine {
        EngineKind::Local => {
            let registry = runtime.block_on(check_registry(settings));
            let frames = match registry.as_ref().is_some_and(Result::is_ok) {
                true => frames(settings),
                false => None,
            };
            report.kafka(settings, frames);
            if let Some(registry) = registry {
                report.line("registry", registry);
            }
        }
        EngineKind::Spark => {
            on_spark::require_feature()?;
            let usable = on_spark::require_mapping(settings)
                .and_then(|()| on_spark::require_no_visitors(settings))
                .and_then(|()| on_spark::require_places(settings));
            match (settings.events.mapping(), usable) {
                (_, Err(error)) => report.line("events", Err(error)),
                (Some(_), Ok(_)) => report.line("events", Ok("the mapping becomes SQL on the cluster".to_owned())),
                (None, Ok(_)) => {}
            }
            runtime.block_on(on_spark::check(settings, |subject, finding| report.finding(subject, finding)))?;
            if let Some(registry) = runtime.block_on(check_registry(settings)) {
                report.line("registry", registry);
            }
            report.kafka_from_here(&settings.kafka);
        }
    }
    report.line("store", check_store(settings));
    report.line("index", runtime.block_on(check_index(settings)));
    Ok(if report.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The layers that set anything: `clicktop.toml; over it --topic`.
fn describe_layers(loaded: &Loaded) -> String {
    let over: Vec<&str> = loaded.origin.variables_and_flags().into_iter().collect();
    match (&loaded.file, over.is_empty()) {
        (Some(file), true) => file.display().to_string(),
        (Some(file), false) => format!("{}; over it {}", file.display(), over.join(", ")),
        (None, true) => "no config file; the defaults".to_owned(),
        (None, false) => format!("no config file; the defaults; over them {}", over.join(", ")),
    }
}

/// The config file of the packaged service, if it is there while none is read.
fn other_file(loaded: &Loaded, file: &Path) -> Option<String> {
    let is_another = loaded.file.is_none() && file.symlink_metadata().is_ok();
    let file = file.display();
    is_another
        .then(|| format!("{file}, which the packaged service reads, is not read here; --config {file} checks with it"))
}

struct Report<'a> {
    out: &'a mut Output,
    failed: bool,
}

impl Report<'_> {
    fn line(&mut self, what: &str, found: anyhow::Result<String>) {
        match found {
            Ok(found) => self.out.line(format_args!("{what:<8} ok     {}", printable(&found))),
            Err(error) => {
                self.failed = true;
                self.out.line(format_args!("{what:<8} FAILED {}", printable(&format!("{error:#}"))));
            }
        }
    }

    fn warn(&mut self, what: &str, warning: &str) {
        self.out.line(format_args!("{what:<8} warn   {}", printable(warning)));
    }

    /// Something that was not checked, and why.
    fn skip(&mut self, what: &str, why: &str) {
        self.out.line(format_args!("{what:<8} skip   {}", printable(why)));
    }

    fn finding(&mut self, what: &str, finding: Finding) {
        match finding {
            Finding::Fine(found) => self.line(what, Ok(found)),
            Finding::Warning(warning) => self.warn(what, &warning),
            Finding::Failed(why) => self.line(what, Err(anyhow!("{why}"))),
            Finding::Skipped(why) => self.skip(what, &why),
        }
    }

    /// With Spark, only the cluster must reach Kafka. From here, clicktop only looks how much is left to read.
    fn kafka_from_here(&mut self, kafka: &KafkaSettings) {
        const NOT_NEEDED: &str = "this machine need not reach Kafka: without it, the cluster tells the lag";
        let found = Probe::new(kafka).and_then(|probe| probe.brokers(Patience::Answer));
        match found.and_then(|brokers| Ok(brokers.topic?)) {
            Ok(partitions) => {
                self.line(
                    "broker",
                    Ok(format!(
                        "{}, from here: {}, {}",
                        kafka.brokers,
                        kafka.topic,
                        counted(partitions, "partition", "partitions")
                    )),
                );
            }
            Err(error) => self.warn("broker", &format!("from here: {error:#}; {NOT_NEEDED}")),
        }
    }

    fn kafka(&mut self, settings: &Settings, frames: Option<Frames>) {
        let kafka = &settings.kafka;
        let mapping = match setup::mapping(settings) {
            Ok(mapping) => mapping,
            Err(error) => {
                self.line("events", Err(error));
                None
            }
        };
        let format = settings.events.own_format(kafka);
        let decoder = EventDecoder::new(mapping.as_ref(), format, setup::field_limits(settings));
        let found = Probe::new(kafka).and_then(|probe| Ok((probe.brokers(Patience::Answer)?, probe)));
        let (brokers, probe) = match found {
            Ok(found) => found,
            Err(error) => {
                self.line("broker", Err(error));
                self.skip("topic", &format!("{}: no broker to ask", kafka.topic));
                return self.skip("group", &format!("{}: no broker to ask", kafka.group));
            }
        };
        self.line("broker", Ok(format!("{}: {}", kafka.brokers, counted(brokers.count, "broker", "brokers"))));
        let mut warnings = Vec::new();
        let topic = brokers.topic.map_err(Into::into).and_then(|partitions| {
            let (messages, looked) = probe.messages(partitions, Looked::new(decoder, frames))?;
            warnings = looked.warnings(&kafka.topic);
            let (partitions, messages) =
                (counted(partitions, "partition", "partitions"), counted(messages, "message", "messages"));
            Ok(format!("{}: {partitions}, {messages}", kafka.topic))
        });
        let usable = topic.is_ok();
        self.line("topic", topic);
        for warning in warnings {
            self.warn("topic", &warning);
        }
        if usable {
            self.line("group", probe.group().map(|protocol| format!("{} may be used, {protocol}", kafka.group)));
        } else {
            self.skip("group", &format!("{}: no topic to ask for", kafka.group));
        }
    }
}

/// What opens the messages of the topic. What is wrong with the mapping or the registry is told elsewhere.
fn frames(settings: &Settings) -> Option<Frames> {
    let mapping = setup::mapping(settings).ok()?;
    setup::frames(settings, mapping.as_ref(), false).ok()?
}

/// Asks the schema registry for the newest schema of the topic; `None` without a registry.
async fn check_registry(settings: &Settings) -> Option<anyhow::Result<String>> {
    let client = match setup::registry(settings) {
        Ok(client) => client?,
        Err(error) => return Some(Err(error)),
    };
    let subject = format!("{}-value", settings.kafka.topic);
    let found = match client.latest(&subject).await {
        Err(trouble) => return Some(Err(anyhow!("{trouble}"))),
        Ok(Some(latest)) => match latest.kind {
            Some(kind) => {
                format!("the newest schema of {subject} is {} ({}), version {}", latest.id, kind.name(), latest.version)
            }
            None => {
                format!("the newest schema of {subject} is {}, in a language that clicktop does not read", latest.id)
            }
        },
        Ok(None) => format!("it answers; it has no subject {subject}"),
    };
    Some(Ok(format!("{}: {found}", client.name())))
}

/// Fails with one clear line unless a broker answers and has the topic.
///
/// # Errors
/// No broker answers, or it does not have the topic. The line says what to do.
pub(super) fn require_topic(kafka: &KafkaSettings) -> anyhow::Result<()> {
    match Probe::new(kafka)?.brokers(Patience::Start)?.topic {
        Ok(_) => Ok(()),
        Err(problem) => bail!("at {}, topic {problem}", kafka.brokers),
    }
}

fn check_store(settings: &Settings) -> anyhow::Result<String> {
    let directory = setup::data_dir(settings, "")?;
    let path = directory.join(DATABASE_FILE);
    let on_spark = settings.engine == EngineKind::Spark;
    let holds = match Reader::open(&path) {
        Ok(reader) => {
            let clicks = reader.last_click()?;
            if on_spark && clicks > 0 {
                bail!(
                    "{}: holds {} of the local engine; choose an empty directory with --data-dir, or \
                     take them along with `clicktop move --to spark`",
                    path.display(),
                    counted(clicks, "click", "clicks")
                );
            }
            if on_spark {
                format!("figures of {}", counted(reader.page_count()?, "page", "pages"))
            } else {
                counted(clicks, "click", "clicks")
            }
        }
        Err(StorageError::Missing { .. }) => {
            try_writing(existing_parent(&directory))?;
            return Ok(format!("{}: nothing there yet", path.display()));
        }
        Err(error) => return Err(error.into()),
    };
    try_writing(&directory)?;
    match Storage::open(&directory, setup::storage_options(settings)) {
        Ok(storage) => {
            let read_through = storage.is_unverified();
            ProgressLine::new().verify(&storage)?;
            let state = if read_through { ", read through and sound" } else { "" };
            Ok(format!("{}: {holds}{state}", path.display()))
        }
        Err(StorageError::InUse { .. }) => Ok(format!("{}: {holds}, a pipeline is running", path.display())),
        Err(error) => Err(error.into()),
    }
}

/// Writes a file into `directory` and removes it.
fn try_writing(directory: &Path) -> anyhow::Result<()> {
    let written = tempfile::tempfile_in(directory).and_then(|mut file| {
        file.write_all(&vec![0x5a; TRIED_BYTES])?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            anyhow!("no space left in {}; free some, or choose another directory with --data-dir", directory.display())
        }
        _ => anyhow!("{} is not writable: {error}; choose another directory with --data-dir", directory.display()),
    })
}

/// The nearest existing path at or above `directory`, a directory or not.
fn existing_parent(directory: &Path) -> &Path {
    directory.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(directory)
}

async fn check_index(settings: &Settings) -> anyhow::Result<String> {
    if settings.index.kind == IndexKind::Embedded {
        let directory = setup::data_dir(settings, "")?;
        if !directory.is_dir() {
            return Ok("embedded: nothing there yet".to_owned());
        }
        let index = Embedded::open(&directory)?;
        let engine = index.prepare().await?.engine;
        return Ok(format!("{engine}: {}", counted(index.status().await?.documents, "document", "documents")));
    }
    let engine = setup::elasticsearch(settings)?;
    let found = engine.check().await.map_err(|error| anyhow!("{}", advice::of_engine(&error, &settings.index)))?;
    let state = match found.index {
        IndexState::Absent => "the index is absent and will be created".to_owned(),
        IndexState::Ready => "the index is ready".to_owned(),
        IndexState::Unfit(why) => bail!("{}: {why}", engine.target()),
    };
    let access = match found.write {
        WriteAccess::Allowed => "writing is allowed".to_owned(),
        WriteAccess::Denied(why) => bail!("{}: writing is denied: {why}; {}", engine.target(), PRIVILEGES),
        WriteAccess::Refused { reason, advice } => {
            bail!("{}: the index takes no documents: {}; {advice}", engine.target(), reason.trim_end_matches(';'))
        }
        WriteAccess::Unknown(why) => why,
    };
    Ok(format!("{}: {} {}, {state}, {access}", engine.target(), found.engine, found.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_packaged_service_is_named_if_no_file_is_read() {
        let mut loaded = crate::config::load(&crate::config::Sources::default()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let said = other_file(&loaded, file.path()).unwrap();
        assert!(said.contains(&format!("--config {}", file.path().display())), "{said}");
        assert_eq!(other_file(&loaded, Path::new("/nonexistent/clicktop.toml")), None);
        loaded.file = Some("mine.toml".into());
        assert_eq!(other_file(&loaded, file.path()), None);
    }
}
