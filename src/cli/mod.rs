//! The command line: runs each command with the modules that it needs.

pub mod args;
mod attach;
mod backup;
mod check;
pub mod config_cmd;
mod country;
mod ctl;
mod demo_dir;
mod event_source;
mod exit_code;
mod fleet;
mod frames;
mod grouped;
mod inspect;
mod inspect_args;
mod keys;
mod launch;
mod locale;
mod logging;
mod manual;
mod moving;
mod on_spark;
mod output;
mod overrides;
mod pipeline_args;
mod rebuild;
mod reload;
mod serve;
mod service_args;
mod service_manager;
mod setup;
mod store_args;
mod table;
mod top;
mod top_args;
mod values;
mod version;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;

use crate::config::{self, Settings, Sources};
use crate::console::KeyBindings;
use crate::engine::status::log::LogBuffer;
use args::{Cli, Command};
use exit_code::{USAGE, is_of_settings};
use output::{Output, complain, is_unwritten};

/// Runs the program: parses the command line, loads the settings, runs the command. It prints an error as one line.
pub fn main() -> ExitCode {
    let mut out = Output::stdout();
    let code = match Cli::try_parse() {
        Ok(cli) => match run(&cli, &mut out) {
            Ok(code) => code,
            // Nobody reads the output any more, or `Output::end` says why it cannot be written.
            Err(error) if is_unwritten(&error) => ExitCode::SUCCESS,
            Err(error) => {
                // Several problems of one config file come as several lines.
                complain(&format!("{error:#}"));
                if is_of_settings(&error) { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
            }
        },
        Err(usage) if usage.use_stderr() => {
            // If nobody reads standard error, the exit code is enough.
            let _ = usage.print();
            ExitCode::from(USAGE)
        }
        Err(help) => {
            out.print_by(|| help.print());
            ExitCode::SUCCESS
        }
    };
    out.end(code)
}

/// `completions` and `man` read no settings, so they work while a config file has a mistake.
fn run(cli: &Cli, out: &mut Output) -> anyhow::Result<ExitCode> {
    let sources = || Sources::from_process(cli.common.config.clone(), overrides::flag_overrides(cli));
    let load = || config::load(&sources()?);
    let log = Arc::new(LogBuffer::default());
    // The command prints what it finds itself.
    let log_nowhere = |settings: &Settings| logging::start(&settings.log, logging::Lines::Nowhere, &log);
    let done = ExitCode::SUCCESS;
    match &cli.command {
        Command::Completions(args) => manual::completions(args.shell, out).map(|()| done),
        Command::Man(args) => manual::pages(args.folder.as_deref(), out).map(|()| done),
        Command::Config => Ok(config_cmd::print(&load()?, out).map(|()| done)?),
        Command::Keys => {
            let bindings = KeyBindings::with(load()?.settings.console.keys.iter())?;
            Ok(keys::print(&bindings, out).map(|()| done)?)
        }
        Command::Top(args) => top::run(&load()?.settings, args, out).map(|()| done),
        Command::Backup(args) => backup::run(&load()?.settings, args, out).map(|()| done),
        Command::Rebuild(args) => rebuild::run(&load()?.settings, *args, out).map(|()| done),
        Command::Move(args) => {
            let settings = load()?.settings;
            log_nowhere(&settings)?;
            moving::run(&settings, *args, out).map(|()| done)
        }
        Command::Inspect(args) => {
            let loaded = load()?;
            log_nowhere(&loaded.settings)?;
            inspect::run(&loaded, args, out)
        }
        Command::Check(_) => {
            let loaded = load()?;
            log_nowhere(&loaded.settings)?;
            check::run(&loaded, out)
        }
        Command::Attach(args) => {
            let settings = load()?.settings;
            log_nowhere(&settings)?;
            runtime()?.block_on(attach::run(&settings, args, out))
        }
        Command::Ctl(args) => {
            let settings = load()?.settings;
            log_nowhere(&settings)?;
            runtime()?.block_on(ctl::run(&settings, args, out))
        }
        Command::Run(_) | Command::Demo(_) | Command::Replay(_) | Command::Serve(_) => {
            let loaded = load()?;
            let lines = if cli.headless() || matches!(cli.command, Command::Serve(_)) {
                logging::Lines::Stderr
            } else {
                logging::Lines::Console
            };
            let logging = logging::start(&loaded.settings.log, lines, &log)?;
            for warning in loaded.warnings() {
                tracing::warn!(target: "config", "{warning}");
            }
            runtime()?.block_on(launch::run(cli, &loaded.settings, sources()?, (logging, log), out))
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().context("the async runtime does not start")
}
