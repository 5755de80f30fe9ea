//! The flags of the service: `serve`, `attach`, `ctl`, and `--listen`.

use std::convert::Infallible;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::inspect_args::EventsArgs;
use super::pipeline_args::{IndexArgs, KafkaArgs, LookArgs, ViewArgs};
use super::values::wait_time;

/// Where a pipeline is reached from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Service")]
pub struct ListenArgs {
    /// Offer the HTTP API at ADDRESS, for `clicktop attach`, scripts and the monitoring: a path with a / is a Unix socket, HOST:PORT
    /// is TCP. May be given several times
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<String>,
}

/// Flags of `serve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ServeArgs {
    /// The Kafka to read.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// How its events become clicks.
    #[command(flatten)]
    pub events: EventsArgs,
    /// The search index to fill.
    #[command(flatten)]
    pub index: IndexArgs,
    /// Where to listen.
    #[command(flatten)]
    pub listen: ListenArgs,
}

/// What it takes to come in over TCP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Connection")]
pub struct TokenArgs {
    /// Send the token in FILE, which holds one for every pipeline, or lines of an address and its token; the variable
    /// CLICKTOP_ATTACH__TOKEN can hold the same instead
    #[arg(long, value_name = "FILE", value_parser = utf8)]
    pub token_file: Option<String>,
    /// Trust the certificates in FILE (PEM), in addition to the public ones
    #[arg(long, value_name = "FILE", value_parser = utf8)]
    pub ca_file: Option<String>,
}

/// Flags of `attach`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct AttachArgs {
    /// The socket of the pipeline, its folder, or https://HOST:PORT [default: clicktop.sock in the data directory]. Several show several
    /// pipelines; NAME=ADDRESS gives one a name
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// What it takes to come in over TCP.
    #[command(flatten)]
    pub token: TokenArgs,
    /// How the console looks.
    #[command(flatten)]
    pub look: LookArgs,
}

impl AttachArgs {
    /// How to show the pipelines.
    pub(super) fn view(&self) -> ViewArgs {
        ViewArgs { headless: false, look: self.look.clone() }
    }
}

/// Flags of `ctl`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct CtlArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CtlCommand,
    /// The socket of the pipeline, or https://HOST:PORT [default: clicktop.sock in the data directory]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub at: Option<String>,
    /// What it takes to come in over TCP.
    #[command(flatten)]
    pub token: TokenArgs,
    /// How long to wait until it is done, such as 30s or 2m; 0s does not wait
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", value_parser = wait_time)]
    pub wait: Duration,
}

/// What `ctl` does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum CtlCommand {
    /// Start a stage, and wait until it runs
    Start(StageArgs),
    /// Stop a stage, and wait until it has finished the items that it holds
    Stop(StageArgs),
    /// Stop a stage and start it again
    Restart(StageArgs),
    /// Note that somebody knows of an alarm: consoles stop pointing at it until it begins anew
    Acknowledge(AlarmArgs),
    /// Delete every click and figure; asks on a terminal
    Reset(SureArgs),
    /// Print the state of every stage, or of one
    Status(StatusArgs),
    /// Drain and end the pipeline; asks on a terminal
    Shutdown(SureArgs),
}

/// Which stage.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct StageArgs {
    /// Id of the stage, as `ctl status` prints it; all stands for every stage
    #[arg(value_name = "STAGE")]
    pub stage: String,
}

/// Which alarm.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct AlarmArgs {
    /// Name of the alarm, as in the section [alarms] of the settings; all stands for every alarm that is on
    #[arg(value_name = "ALARM")]
    pub alarm: String,
}

/// Whether to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
pub struct SureArgs {
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// What of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct StatusArgs {
    /// Only this stage
    #[arg(value_name = "STAGE")]
    pub stage: Option<String>,
    /// Print JSON: the stages as a snapshot has them
    #[arg(long)]
    pub json: bool,
}

/// Settings are UTF-8 text, and clap refuses a flag that is not.
fn utf8(text: &str) -> Result<String, Infallible> {
    Ok(text.to_owned())
}
