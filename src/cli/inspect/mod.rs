//! `clicktop inspect`: looks at a file or a topic, and prints the settings with which clicktop reads its events.

mod print;
mod source;

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};

use super::args::InspectArgs;
use super::output::Output;
use super::setup;
use super::table::width;
use crate::click::mapping::{EventDecoder, Mapping};
use crate::config::{Loaded, events_block, preset_text};
use crate::inspect::{Found, Guess, Looked, Sample, Target, detect, judge, look, parts_of};
use crate::text::counted;
use crate::text::{excerpt, printable};
use print::{Report, Verdict};

/// The events that are looked at.
const EVENTS: usize = 1_000;

/// The columns of a table that does not go to a terminal.
const COLUMNS: usize = 80;

/// Looks at what `args` name, and prints what it finds.
///
/// # Errors
/// Nothing can be read, no field can be one of the required ones, or the file of `--write` is there already.
pub(super) fn run(loaded: &Loaded, args: &InspectArgs, out: &mut Output) -> anyhow::Result<ExitCode> {
    if let Some(path) = &args.write {
        require_absent(path)?;
    }
    if args.files.is_empty() && args.topic.is_none() {
        let name = loaded.settings.events.preset.as_deref().unwrap_or_default();
        let text = preset_text(name).with_context(|| format!("there is no preset `{name}`"))?;
        write!(out, "{text}")?;
        return finish(args, text, out);
    }
    let mut source = match &args.topic {
        Some(_) => {
            let mapping = loaded.settings.events.mapping().map(|mapping| mapping.compile()).transpose()?;
            let frames = setup::frames(&loaded.settings, mapping.as_ref(), true)?;
            source::of_topic(&loaded.settings.kafka, frames, EVENTS)?
        }
        None => source::of_files(&args.files, EVENTS)?,
    };
    let lines = source.lines();
    if lines.iter().all(|line| line.trim().is_empty()) {
        bail!("{}: it holds no record to look at", source.name);
    }
    let Some(written) = detect(lines.iter().map(|line| line.as_ref()), source.may_have_header) else {
        let first = lines.first().map_or_else(String::new, |line| excerpt(line, 60).into_owned());
        bail!(
            "{}: its events are neither JSON, CSV, TSV nor an access log, as far as clicktop can tell; the first line: {first}",
            source.name
        );
    };
    drop(lines);
    let sample = source.sample(&written)?;
    let looked = look(&sample, written);
    let columns = width(out.is_terminal()).unwrap_or(COLUMNS).max(COLUMNS);
    let mut report = Report::new(out, columns);
    report.subject(&source, &looked, sample.records.len())?;
    report.fields(&looked.fields)?;
    let events = &loaded.settings.events;
    let (preset, mapping) = if events.preset.is_some() || events.mapping().is_some() {
        report.given(events.preset.as_deref(), loaded)?;
        if let Some(mapping) = events.mapping() {
            report.reasons(&parts_of(&mapping, &looked.fields))?;
        }
        (events.preset.as_deref(), events.mapping())
    } else {
        found(&mut report, &looked)?
    };
    let verdict = decide(&source.name, &sample, mapping.as_ref(), loaded)?;
    report.judged(&verdict)?;
    if verdict.judged.clicks == 0 {
        let why = match verdict.judged.reasons.first() {
            Some(rejection) => format!("; most often: {}", rejection.reason),
            None => "; the conditions leave every event out".to_owned(),
        };
        bail!(
            "{}: this mapping makes no click of its {}{why}",
            source.name,
            counted(sample.records.len(), "record", "records")
        );
    }
    let preset = preset.or(mapping.is_none().then_some("nine"));
    let block =
        mapping.as_ref().map_or_else(|| "[events]\npreset = \"nine\"\n".to_owned(), |of| events_block(preset, of));
    report.block(&block, mapping.is_some())?;
    finish(args, &block, out)
}

/// What the events were found to be: the preset for them, and the mapping.
fn found(report: &mut Report<'_>, looked: &Looked) -> anyhow::Result<(Option<&'static str>, Option<Mapping>)> {
    match &looked.found {
        Found::Nine => {
            report.nine()?;
            Ok((None, None))
        }
        Found::Known { preset, name, mapping } => {
            report.known(preset, name)?;
            report.reasons(&parts_of(mapping, &looked.fields))?;
            Ok((Some(*preset), Some(mapping.clone())))
        }
        Found::Guessed(guess) => {
            report.reasons(&guess.reasons)?;
            require_fields(guess, looked)?;
            Ok((None, Some(guess.mapping.clone())))
        }
    }
}

/// Fails if no field can be one of the required ones.
fn require_fields(guess: &Guess, looked: &Looked) -> anyhow::Result<()> {
    const LISTED: usize = 20;
    if guess.missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<&str> = guess
        .missing
        .iter()
        .map(|target| match target {
            Target::User => "the user (events.user_id)",
            Target::Time => "the time (events.timestamp)",
            _ => "the url (events.url)",
        })
        .collect();
    let all: Vec<&str> = looked.fields.iter().map(|field| field.label.as_str()).collect();
    let shown = all.iter().take(LISTED).map(|label| excerpt(label, 60)).collect::<Vec<_>>().join(", ");
    let more = if all.len() > LISTED { format!(" and {} more", all.len() - LISTED) } else { String::new() };
    Err(anyhow!(
        "no field looks like {}; the fields are {shown}{more}. If one of them is it all the same, name it in [events]",
        missing.join(" or ")
    ))
}

/// Decodes the sample.
fn decide(name: &str, sample: &Sample, mapping: Option<&Mapping>, loaded: &Loaded) -> anyhow::Result<Verdict> {
    let settings = &loaded.settings;
    let compiled = mapping.map(Mapping::compile).transpose()?;
    let format = settings.events.own_format(&settings.kafka);
    let mut decoder = EventDecoder::new(compiled.as_ref(), format, setup::field_limits(settings));
    let judged = judge(sample, &mut decoder).map_err(|error| anyhow!("{name}: {error}"))?;
    Ok(Verdict { judged, records: sample.records.len() })
}

fn finish(args: &InspectArgs, block: &str, out: &mut Output) -> anyhow::Result<ExitCode> {
    if let Some(path) = &args.write {
        write_new(path, block)?;
        let next = match (args.files.first(), args.topic.is_some()) {
            (Some(file), _) => format!("clicktop replay {} --config {}", file.display(), path.display()),
            (None, true) => {
                let registry = if args.schema_registry.is_some() { " --schema-registry …" } else { "" };
                format!("clicktop run --config {} --topic …{registry}", path.display())
            }
            (None, false) => format!("clicktop run --config {}", path.display()),
        };
        out.line("");
        out.line(format_args!("Written to {}. Then: {}", path.display(), printable(&next)));
    }
    Ok(ExitCode::SUCCESS)
}

fn require_absent(path: &Path) -> anyhow::Result<()> {
    match path.symlink_metadata() {
        Ok(_) => bail!("{} is there already, and inspect overwrites nothing; name another file", path.display()),
        Err(_) => Ok(()),
    }
}

/// Writes a file that is there as a whole or not at all, and that replaces none.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = path.display();
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(|| format!("{shown} cannot be written"))?;
    file.write_all(b"# Made by `clicktop inspect`. `clicktop config` prints every other setting.\n\n")?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => require_absent(path),
        Err(error) => Err(error.error).with_context(|| format!("{shown} cannot be written")),
    }
}
