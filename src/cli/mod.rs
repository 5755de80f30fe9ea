//! The command line: what each command does with everything below.

pub mod args;
mod backup;
mod check;
pub mod config_cmd;
mod country;
mod keys;
mod launch;
mod logging;
mod output;
mod rebuild;
mod setup;
mod table;
mod top;
mod values;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;

use crate::config::{self, Sources};
use crate::console::Keys;
use crate::pipeline::log::LogBuffer;
use crate::text::printable;
use args::{Cli, Command};

/// Runs the program: parses the command line, loads the settings, does the command. An error is printed as one line.
pub fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Several problems of one config file come as several lines.
            for line in format!("{error:#}").lines() {
                eprintln!("clicktop: {}", printable(line));
            }
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let sources = Sources::from_process(cli.common.config.clone(), args::flag_overrides(cli))?;
    let loaded = config::load(&sources)?;
    let settings = &loaded.settings;
    let log = Arc::new(LogBuffer::default());
    match &cli.command {
        Command::Config => {
            config_cmd::print(&loaded, &mut io::stdout().lock())?;
            io::stdout().flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys => {
            keys::print(&Keys::with(settings.console.keys.iter())?, &mut io::stdout().lock())?;
            io::stdout().flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Top(args) => {
            top::run(settings, args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Backup(args) => {
            backup::run(settings, args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Rebuild(args) => {
            rebuild::run(settings, *args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check => {
            logging::start(&settings.log, logging::Lines::Nowhere, &log)?;
            check::run(&loaded)
        }
        Command::Run(_) | Command::Demo(_) | Command::Replay(_) => {
            let lines = if cli.headless() { logging::Lines::Stderr } else { logging::Lines::Console };
            logging::start(&settings.log, lines, &log)?;
            for warning in settings.warnings() {
                tracing::warn!(target: "config", "{warning}");
            }
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .context("the async runtime does not start")?;
            runtime.block_on(launch::run(cli, settings, log))
        }
    }
}

/// `clicktop top | head` is no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| io.kind() == io::ErrorKind::BrokenPipe)
}
