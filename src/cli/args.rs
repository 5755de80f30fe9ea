//! The command line: commands and flags. It runs nothing.

use std::convert::Infallible;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use super::inspect_args::INSPECT_EXAMPLES;
pub use super::inspect_args::{EventsArgs, InspectArgs};
pub use super::pipeline_args::{IndexArgs, KafkaArgs, LookArgs, ViewArgs};
pub use super::service_args::{
    AttachArgs, CtlArgs, CtlCommand, ListenArgs, ServeArgs, StageArgs, StatusArgs, SureArgs, TokenArgs,
};
pub use super::store_args::{BackupArgs, MoveArgs, MoveTo, RebuildArgs};
pub use super::top_args::TopArgs;
pub use super::values::{FormatArg, Limit, MadeFormat, Rate, TopFormat};
use super::values::{count, wait_time};
use super::version;

const EXAMPLES: &str = "\
Examples:
  clicktop demo                                     See it work, with nothing installed
  clicktop demo --rate 20k                          The same, faster
  clicktop run --brokers kafka:9092 --topic clicks  Watch a real topic
  clicktop replay clicks.csv                        Run a file through the whole pipeline
  clicktop inspect access.log                       What is in a file, and the settings with which clicktop reads it
  clicktop top --country FR --by users              The figures so far, as a table
  clicktop serve                                    Run without a console; `clicktop attach` looks at it

Settings come from the config file, the environment and the flags; a later one overrides an earlier one. \
`clicktop config` shows all settings, and where each one came from.

The config file is the file that --config or CLICKTOP_CONFIG names, else $XDG_CONFIG_HOME/clicktop/clicktop.toml \
(~/.config/clicktop/clicktop.toml), if it exists.

The variable of a setting is CLICKTOP_ and the name of the setting in capitals, with two underscores for each dot: \
kafka.brokers is CLICKTOP_KAFKA__BROKERS. Passwords and keys have no flags, because others could read them in the \
process list.";

/// top(1) for a clickstream: Kafka → SQLite → figures by url × country → search index, live in the terminal
#[derive(Clone, Debug, Parser)]
#[command(name = "clicktop", version, long_version = version::long(), after_help = EXAMPLES, max_term_width = 120, propagate_version = false)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Flags of every command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Common")]
pub struct CommonArgs {
    /// Read settings from FILE; it must exist
    #[arg(long, short, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Keep the database and the embedded index in DIR [default: ~/.local/share/clicktop; for `replay` the folder replay in
    /// it, for `demo` a temporary folder]
    #[arg(long, global = true, value_name = "DIR", value_parser = utf8)]
    pub data_dir: Option<String>,
    /// Append the log to FILE
    #[arg(long, global = true, value_name = "FILE", value_parser = utf8)]
    pub log_file: Option<String>,
    /// Log level: off, error, warn, info, debug, trace, or target=level,… [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// The commands.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the pipeline on the configured Kafka and search index, with the console
    #[command(after_help = "\
Examples:
  clicktop run                                              With the settings that are in effect
  clicktop run --brokers kafka:9092 --topic clicks          Another topic, the embedded index
  clicktop run --topic web --preset segment                 Events of Segment; see `clicktop inspect`
  clicktop run --index-url https://search:9200              Figures into Elasticsearch or OpenSearch
  clicktop run --headless | jq .                            No console: one JSON object a second

With engine = \"spark\", a Spark cluster stores and counts the clicks. When clicktop ends, the cluster goes on \
storing them (spark.leave_running); it counts them when a clicktop runs again.")]
    Run(RunArgs),
    /// Run the pipeline on generated traffic and an embedded broker: nothing to install
    #[command(after_help = "\
Examples:
  clicktop demo                                             2,000 clicks a second until you quit
  clicktop demo --rate max --events 5M --headless           How fast is this machine?
  clicktop demo --seed 7 --users 500 --urls 40              The same small traffic each time")]
    Demo(DemoArgs),
    /// Run the pipeline on files of clicks: CSV, JSON, access logs, or what a preset or a mapping describes
    #[command(after_help = "\
Examples:
  clicktop replay clicks.csv                                As fast as clicktop can store it
  clicktop replay 2026-*.json.gz                            Several compressed files (gzip, zstd, bzip2)
  clicktop replay --follow access.csv                       Like tail -F: wait for new lines, until Ctrl-C
  clicktop replay access.log --format combined              An access log of Apache or NGINX
  clicktop replay events.json --preset ga4                  Events of another program; see `clicktop inspect`
  tail -f clicks.csv | clicktop replay - --rate 5k          From a pipe, at most 5,000 a second
  clicktop replay clicks.csv --brokers kafka:9092 --topic clicks
                                                            Through a real Kafka

CSV: nine columns in the order click_id,user_id,timestamp,url,country,city,browser,os,device, or a header that names \
the columns in any order (replay also knows event_id, visitor_id, page_url and other usual names). Commas separate the \
columns; under a header, semicolons, tabs or | may do so, too. Quoted fields may hold line ends.

JSON: objects one after another, over any number of lines, or in an array.

Files are in UTF-8, or in UTF-16 with a byte order mark. clicktop stores a record that is not a click in the table \
rejects; the other records are not affected.

The database keeps how far each file was read. The next replay goes on there, and does not read again what it knows, also \
if the file has another name or is compressed; --again reads it from its beginning.

The exit code is 1 if the files hold no click.")]
    Replay(ReplayArgs),
    /// Print the figures by url × country, or by one dimension of the clicks
    #[command(after_help = "\
Examples:
  clicktop top                                              The 20 rows with the most clicks
  clicktop top --country FR --by time --limit 5             Where France stays longest
  clicktop top --limit all --format csv > figures.csv       Every row, as CSV

With engine = \"spark\", these are the figures that a console has brought into the data directory.")]
    Top(TopArgs),
    /// Recompute every figure from the stored clicks
    #[command(after_help = "\
If clicktop has deleted old clicks (store.retention), the figures count more clicks than the database holds, and \
rebuild refuses to recompute them. With --kept-clicks it recomputes them, and the search index, from the clicks that are \
still stored.

With engine = \"spark\", the cluster recomputes them for every console. Consoles may work meanwhile.")]
    Rebuild(RebuildArgs),
    /// Move clicks, rejects and offsets from the data directory to Spark, or back
    #[command(after_help = "\
Examples:
  clicktop move --to spark --dry-run                        What it would do, and what stands in its way
  clicktop move --to spark                                  From the data directory to the tables in spark.root
  clicktop move --to local --data-dir ~/clicks-2            From the tables into a new data directory

To Spark: the data directory stays as it is. When everything is in the tables and both sides are equal (clicks by slice, rejects, \
figures), clicktop notes that the directory was moved, and the local engine no longer counts there. The streaming query then \
begins at the stored offsets. Partitions that the directory does not know begin at their beginning.

To local: stop the stage stream first. The local engine goes on at the offsets that the streaming query has reached.

If a move is cut off, run the same command again: it goes on where it was. No clicktop may run on the data directory meanwhile.")]
    Move(MoveArgs),
    /// Copy the database to a new file, also while a pipeline runs
    #[command(after_help = "\
Examples:
  clicktop backup /backups/monday/clicktop.db               The state of one moment, checked for damage
  clicktop top --data-dir /backups/monday                   The figures in that backup")]
    Backup(BackupArgs),
    /// Check whether clicktop can reach and use broker, topic, group, store and index
    #[command(after_help = "\
Examples:
  clicktop check                                            Everything that the settings name
  clicktop check --brokers kafka:9092 --topic clicks        The same flags as for `clicktop run`
  clicktop check --index-url https://search:9200            Another search engine

With engine = \"spark\", it looks at the Spark server, Delta, the tables, the streaming query, and at Kafka from there.")]
    Check(CheckArgs),
    /// Look at a file or a topic, and print the settings with which clicktop reads its events
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
    /// Run the pipeline without a console, and offer it to consoles, scripts and the monitoring
    #[command(after_help = "\
Examples:
  clicktop serve                                            At clicktop.sock in the data directory, for this user only
  clicktop serve --listen 127.0.0.1:7070                    Also to read at this port of this machine
  clicktop attach                                           In another terminal: the console on it; q leaves it running
  clicktop ctl status                                       The states of its stages, for scripts

Without a token, a port of this machine only reads. An address that other machines reach needs a token (serve.read_token_file, \
serve.steer_token_file) and a certificate (serve.cert_file, serve.key_file).

A stage that fails stays failed until somebody starts it again; SIGTERM drains and ends.")]
    Serve(ServeArgs),
    /// Show the console on a pipeline that runs elsewhere
    #[command(after_help = "\
Examples:
  clicktop attach                                           The pipeline of the data directory on this machine
  clicktop attach --data-dir ~/clicks                       Another data directory
  clicktop attach https://box:7070 --token-file token       Another machine
  clicktop attach --read-only                               Look, and touch nothing
  clicktop attach eu=https://eu:7070 us=https://us:7070     Several pipelines, and a list of all of them

Each console has its own country, order, filter, window and question. After a break it connects again by itself, and says how old \
the picture is. q leaves at once and never stops the pipeline; Ctrl-q ends the pipeline, and asks. Of several pipelines, a lists all; \
] and [ go from one to the next.")]
    Attach(AttachArgs),
    /// Start and stop stages of a pipeline that runs elsewhere, for scripts
    #[command(after_help = "\
Examples:
  clicktop ctl status                                       The states of all stages
  clicktop ctl status index --json                          One stage as JSON
  clicktop ctl stop index                                   Stop a stage, and wait until it has
  clicktop ctl restart all                                  Every stage
  clicktop ctl shutdown --yes                               Drain and end the pipeline

Exit codes: 0 done, or every stage runs; 1 not done, with the reason; 2 wrong usage; 3 a stage does not run, or is not there in time.")]
    Ctl(CtlArgs),
    /// Print every setting and where its value came from, with secrets masked
    Config,
    /// Print the keys of the console: where they work, what they do, and the action names for the config file
    Keys,
    /// Print the completions of a shell
    #[command(after_help = "\
Examples:
  clicktop completions bash > ~/.local/share/bash-completion/completions/clicktop
  clicktop completions zsh > ~/.zfunc/_clicktop
  clicktop completions fish > ~/.config/fish/completions/clicktop.fish")]
    Completions(CompletionsArgs),
    /// Write the manual pages of clicktop and its commands
    #[command(after_help = "\
Examples:
  clicktop man | man -l -                                   Read the first page
  clicktop man ~/.local/share/man/man1                      Install every page: man clicktop-run")]
    Man(ManArgs),
}

/// Flags of `run`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct RunArgs {
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
    /// How to show the pipeline.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// Flags of `check`: those of `run`, without the flags of the console.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// The Kafka to read.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// How its events become clicks.
    #[command(flatten)]
    pub events: EventsArgs,
    /// The search index to fill.
    #[command(flatten)]
    pub index: IndexArgs,
}

/// Flags of `demo`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct DemoArgs {
    /// Clicks a second: 2000, 2k, 1.5k, 1M or max
    #[arg(long, value_name = "N", default_value = "2000")]
    pub rate: Rate,
    /// End after N clicks, 5M for five million; without it, run until you quit
    #[arg(long, value_name = "N", value_parser = count)]
    pub events: Option<NonZeroU64>,
    /// Generate the same traffic for the same N; without it, every run differs
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of users, such as 5000 or 50k [default: 50k]
    #[arg(long, value_name = "N", value_parser = count)]
    pub users: Option<NonZeroU64>,
    /// Number of urls [default: 2000]
    #[arg(long, value_name = "N", value_parser = count)]
    pub urls: Option<NonZeroU64>,
    /// Let traffic rise and fall with the hours of the day
    #[arg(long)]
    pub day_curve: bool,
    /// Format of the generated messages
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    pub format: MadeFormat,
    /// Take the embedded broker away for TIME, such as 15s, once the demo has run for 20 s: to see an alarm, and how clicktop catches up
    #[arg(long, value_name = "TIME", value_parser = wait_time)]
    pub outage: Option<Duration>,
    /// The search index to fill.
    #[command(flatten)]
    pub index: IndexArgs,
    /// Where to listen.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// How to show the pipeline.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// Flags of `replay`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ReplayArgs {
    /// Files to replay, or patterns such as 'logs/*.gz'; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Format of the records; auto detects it from the first byte of each record [default: auto]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<FormatArg>,
    /// How the events become clicks.
    #[command(flatten)]
    pub events: EventsArgs,
    /// Records a second: 2000, 2k, 1.5k, 1M or max
    #[arg(long, value_name = "N", default_value = "max")]
    pub rate: Rate,
    /// Read files again that were read before, from their beginning; clicks that are stored already count as duplicates
    #[arg(long)]
    pub again: bool,
    /// Follow the files like tail -F: wait for new lines, also when the files are rotated or truncated; it ends on Ctrl-C
    #[arg(long, conflicts_with = "brokers")]
    pub follow: bool,
    /// Send the records to a real Kafka at host:port,…, and read them from there
    #[arg(long, value_name = "BROKERS", requires = "topic", help_heading = "Kafka")]
    pub brokers: Option<String>,
    /// Topic of that Kafka to write and read
    #[arg(long, value_name = "TOPIC", requires = "brokers", help_heading = "Kafka")]
    pub topic: Option<String>,
    /// The search index to fill.
    #[command(flatten)]
    pub index: IndexArgs,
    /// Where to listen.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// How to show the pipeline.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// Flags of `completions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Flags of `man`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ManArgs {
    /// Write the pages into this folder; without it, print the page of clicktop itself
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Settings are UTF-8 text, and clap refuses a flag that is not.
fn utf8(text: &str) -> Result<String, Infallible> {
    Ok(text.to_owned())
}

impl ReplayArgs {
    /// Whether it reads standard input or a named pipe, which cannot be read again.
    pub fn has_pipe(&self) -> bool {
        self.files.iter().any(|file| file.as_os_str() == "-" || !file.is_file())
    }
}

impl Cli {
    /// How to show the pipeline, for the commands that run it.
    pub fn view(&self) -> Option<ViewArgs> {
        match &self.command {
            Command::Run(args) => Some(args.view.clone()),
            Command::Demo(args) => Some(args.view.clone()),
            Command::Replay(args) => Some(args.view.clone()),
            Command::Attach(args) => Some(args.view()),
            Command::Top(_)
            | Command::Rebuild(_)
            | Command::Move(_)
            | Command::Backup(_)
            | Command::Check(_)
            | Command::Inspect(_)
            | Command::Serve(_)
            | Command::Ctl(_)
            | Command::Config
            | Command::Keys
            | Command::Completions(_)
            | Command::Man(_) => None,
        }
    }

    /// Whether to run without a console.
    pub fn headless(&self) -> bool {
        self.view().is_some_and(|view| view.headless)
    }
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
