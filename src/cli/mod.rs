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

use crate::config::{self, Sources};
use crate::console::KeyBindings;
use crate::engine::status::log::LogBuffer;
use args::{Cli, Command};
use output::{Output, complain, is_unwritten};

/// Exit code for a command line that cannot be parsed.
const USAGE: u8 = 2;

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
                ExitCode::FAILURE
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

fn run(cli: &Cli, out: &mut Output) -> anyhow::Result<ExitCode> {
    // These need no settings, and work while a config file has a mistake.
    match &cli.command {
        Command::Completions(args) => {
            manual::completions(args.shell, out)?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Man(args) => {
            manual::pages(args.folder.as_deref(), out)?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let sources = Sources::from_process(cli.common.config.clone(), overrides::flag_overrides(cli))?;
    let loaded = config::load(&sources)?;
    let settings = &loaded.settings;
    let log = Arc::new(LogBuffer::default());
    match &cli.command {
        Command::Config => {
            config_cmd::print(&loaded, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys => {
            keys::print(&KeyBindings::with(settings.console.keys.iter())?, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Top(args) => {
            top::run(settings, args, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Backup(args) => {
            backup::run(settings, args, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Rebuild(args) => {
            rebuild::run(settings, *args, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Move(args) => {
            logging::start(&settings.log, logging::Lines::Nowhere, &log)?;
            moving::run(settings, *args, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Inspect(args) => {
            logging::start(&settings.log, logging::Lines::Nowhere, &log)?;
            inspect::run(&loaded, args, out)
        }
        Command::Check(_) => {
            logging::start(&settings.log, logging::Lines::Nowhere, &log)?;
            check::run(&loaded, out)
        }
        Command::Completions(_) | Command::Man(_) => Ok(ExitCode::SUCCESS),
        Command::Attach(args) => {
            logging::start(&settings.log, logging::Lines::Nowhere, &log)?;
            runtime()?.block_on(attach::run(settings, args, out))
        }
        Command::Ctl(args) => {
            logging::start(&settings.log, logging::Lines::Nowhere, &log)?;
            runtime()?.block_on(ctl::run(settings, args, out))
        }
        Command::Run(_) | Command::Demo(_) | Command::Replay(_) | Command::Serve(_) => {
            let lines = if cli.headless() || matches!(cli.command, Command::Serve(_)) {
                logging::Lines::Stderr
            } else {
                logging::Lines::Console
            };
            let logging = logging::start(&settings.log, lines, &log)?;
            for warning in loaded.warnings() {
                tracing::warn!(target: "config", "{warning}");
            }
            runtime()?.block_on(launch::run(cli, settings, sources, (logging, log), out))
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().context("the async runtime does not start")
}
