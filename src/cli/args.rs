//! The command line: commands, flags, and which settings the flags stand for. It runs nothing.

use std::convert::Infallible;
use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use super::values::{FormatArg, Limit, MadeFormat, Rate, TopFormat};
use super::values::{count, sort_by};
use crate::config::Override;
use crate::protocol::SortBy;

const EXAMPLES: &str = "\
Examples:
  clicktop demo                                     See it work, with nothing installed
  clicktop demo --rate 20k                          The same, faster
  clicktop run --brokers kafka:9092 --topic clicks  Watch a real topic
  clicktop replay clicks.csv                        Run a file through the whole pipeline
  clicktop top --country FR --by users              The figures so far, as a table

Settings come from the config file, then the environment, then the flags; the later wins. `clicktop config` shows \
all of them, and where each one came from.

The config file is the one that --config or CLICKTOP_CONFIG names, else, if it exists, \
$XDG_CONFIG_HOME/clicktop/clicktop.toml (~/.config/clicktop/clicktop.toml).

A setting's variable is CLICKTOP_ and its name in capitals, with two underscores for each dot: kafka.brokers is \
CLICKTOP_KAFKA__BROKERS. Passwords and keys have no flags: others could read them in the process list.";

/// top(1) for a clickstream: Kafka → SQLite → figures by url × country → search index, live in the terminal
#[derive(Clone, Debug, Parser)]
#[command(name = "clicktop", version, after_help = EXAMPLES, max_term_width = 120, propagate_version = false)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
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
    /// Keep the database and the embedded index in DIR [default: ~/.local/share/clicktop; its folder replay for `replay`, a
    /// temporary one for `demo`]
    #[arg(long, global = true, value_name = "DIR", value_parser = utf8)]
    pub data_dir: Option<String>,
    /// Append the log to FILE
    #[arg(long, global = true, value_name = "FILE", value_parser = utf8)]
    pub log_file: Option<String>,
    /// What to log: off, error, warn, info, debug, trace, or target=level,… [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// The commands.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the pipeline on the configured Kafka and search index, with the console
    #[command(after_help = "\
Examples:
  clicktop run                                              As configured
  clicktop run --brokers kafka:9092 --topic clicks          Another topic, the embedded index
  clicktop run --index-url https://search:9200              Figures into Elasticsearch or OpenSearch
  clicktop run --headless | jq .                            No console: one JSON object a second")]
    Run(RunArgs),
    /// Run the pipeline on generated traffic and an embedded broker: nothing to install
    #[command(after_help = "\
Examples:
  clicktop demo                                             2,000 clicks a second until you quit
  clicktop demo --rate max --events 5M --headless           How fast is this machine?
  clicktop demo --seed 7 --users 500 --urls 40              The same small traffic each time")]
    Demo(DemoArgs),
    /// Run the pipeline on files of clicks, CSV or JSON
    #[command(after_help = "\
Examples:
  clicktop replay clicks.csv                                As fast as it can be stored
  clicktop replay 2026-*.json.gz                            Packed by gzip or zstd, one after another
  tail -f clicks.csv | clicktop replay - --rate 5k          From a pipe, at most 5,000 clicks a second
  clicktop replay clicks.csv --brokers kafka:9092 --topic clicks
                                                            Through a real Kafka

CSV: nine columns in the order click_id,user_id,timestamp,url,country,city,browser,os,device, or a header that names \
the columns in any order (event_id, visitor_id, page_url and other usual names are known), with commas, semicolons, tabs \
or bars between them. Quoted fields may hold line ends.

JSON: objects one after another, over any number of lines, or in an array.

UTF-8, or UTF-16 with a byte order mark. What is no click is kept in the table rejects and costs no other record.

The exit code is 1 if there is not one click in the files.")]
    Replay(ReplayArgs),
    /// Print the figures by url × country and end
    #[command(after_help = "\
Examples:
  clicktop top                                              The 20 rows with most clicks
  clicktop top --country FR --by time --limit 5             Where France stays longest
  clicktop top --limit all --format csv > figures.csv       All of it")]
    Top(TopArgs),
    /// Recompute every figure from the stored clicks
    #[command(after_help = "\
Where clicks were deleted for their age (store.retention), the figures count more than is stored and cannot be recomputed; \
--kept-clicks makes them the figures of the clicks that are still there, and the search index with them.")]
    Rebuild(RebuildArgs),
    /// Copy the database to a new file, also while a pipeline runs
    #[command(after_help = "\
Examples:
  clicktop backup /backups/monday/clicktop.db               All of it, as of one moment, and checked
  clicktop top --data-dir /backups/monday                   What is in it")]
    Backup(BackupArgs),
    /// Say whether broker, topic, group, store and index can be reached and used
    #[command(after_help = "\
Examples:
  clicktop check                                            What is configured
  clicktop check --brokers kafka:9092 --topic clicks        Before `clicktop run` with the same flags
  clicktop check --index-url https://search:9200 | grep index")]
    Check(CheckArgs),
    /// Print every setting and where its value came from, secrets masked
    Config,
    /// Print the keys of the console: where they hold, what they do, and their names for the config
    Keys,
}

/// Flags of `run`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct RunArgs {
    /// Which Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Which index.
    #[command(flatten)]
    pub index: IndexArgs,
    /// How to show it.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// Flags of `check`: those of `run`, but for what concerns the console.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// Which Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Which index.
    #[command(flatten)]
    pub index: IndexArgs,
}

/// Which Kafka to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Kafka")]
pub struct KafkaArgs {
    /// Brokers to begin with, host:port, separated by commas [default: localhost:9092]
    #[arg(long, value_name = "BROKERS")]
    pub brokers: Option<String>,
    /// Topic of the clicks [default: clicks]
    #[arg(long, value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Consumer group [default: clicktop]
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// Format of the messages; auto tells by each message's first byte [default: auto]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<FormatArg>,
}

/// Which search index to fill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Index")]
pub struct IndexArgs {
    /// Fill Elasticsearch or OpenSearch at URL instead of the embedded index; repeat or part by commas for more nodes. A
    /// password in it shows in the list of processes: index.password_file keeps it out
    #[arg(long = "index-url", value_name = "URL", value_delimiter = ',')]
    pub index_urls: Vec<String>,
    /// Name of the index [default: clicktop]
    #[arg(long, value_name = "NAME")]
    pub index_name: Option<String>,
}

/// How to show the pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Console")]
pub struct ViewArgs {
    /// No console: print one JSON status object a second
    #[arg(long)]
    pub headless: bool,
    /// Use no colours; so does NO_COLOR
    #[arg(long, conflicts_with = "headless")]
    pub no_color: bool,
    /// Colours: auto, always, never, 16, 256 or true [default: auto]
    #[arg(long, value_name = "WHICH", conflicts_with_all = ["headless", "no_color"], value_parser = ["auto", "always", "never", "16", "256", "true"])]
    pub color: Option<String>,
    /// Theme: terminal, dark, light, high-contrast, or one of the config's [default: terminal]
    #[arg(long, value_name = "THEME", conflicts_with = "headless")]
    pub theme: Option<String>,
    /// Draw with ASCII characters only, or not (--ascii=false); auto: if the locale is not UTF-8 [default: auto]
    #[arg(long, value_name = "WHETHER", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = ["true", "false", "auto"], conflicts_with = "headless")]
    pub ascii: Option<String>,
    /// Leave the mouse to the terminal, for selecting text
    #[arg(long, conflicts_with = "headless")]
    pub no_mouse: bool,
    /// Take no keys that start or stop anything
    #[arg(long, conflicts_with = "headless")]
    pub read_only: bool,
}

/// Flags of `demo`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct DemoArgs {
    /// Clicks a second: 2000, 2k, 1.5k, 1M or max
    #[arg(long, value_name = "N", default_value = "2000")]
    pub rate: Rate,
    /// End after N clicks, 5M for five million; without it, go on until stopped
    #[arg(long, value_name = "N", value_parser = count)]
    pub events: Option<NonZeroU64>,
    /// Make the same traffic each time; without it, another each time
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many users there are, 50k for fifty thousand
    #[arg(long, value_name = "N", value_parser = count)]
    pub users: Option<NonZeroU64>,
    /// How many urls there are
    #[arg(long, value_name = "N", value_parser = count)]
    pub urls: Option<NonZeroU64>,
    /// Let traffic rise and fall with the hours of the day
    #[arg(long)]
    pub day_curve: bool,
    /// Format of the messages made
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    pub format: MadeFormat,
    /// Which index.
    #[command(flatten)]
    pub index: IndexArgs,
    /// How to show it.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// Flags of `replay`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ReplayArgs {
    /// Files to run through, one after another; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Format of the records; auto tells by each record's first byte [default: auto]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<FormatArg>,
    /// Records a second: 2000, 2k, 1.5k, 1M or max
    #[arg(long, value_name = "N", default_value = "max")]
    pub rate: Rate,
    /// Send the records to a real Kafka, host:port,…, and read them from there; without it, an embedded broker
    #[arg(long, value_name = "BROKERS", requires = "topic", help_heading = "Kafka")]
    pub brokers: Option<String>,
    /// Topic to send them to and read them from
    #[arg(long, value_name = "TOPIC", requires = "brokers", help_heading = "Kafka")]
    pub topic: Option<String>,
    /// Which index.
    #[command(flatten)]
    pub index: IndexArgs,
    /// How to show it.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// Flags of `top`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct TopArgs {
    /// Only this country, in any case; without it, all
    #[arg(long, value_name = "COUNTRY")]
    pub country: Option<String>,
    /// The figure to sort by, largest first
    #[arg(long, value_name = "FIGURE", default_value = "clicks", value_parser = sort_by())]
    pub by: SortBy,
    /// How many rows, or all
    #[arg(long, value_name = "N", default_value = "20")]
    pub limit: Limit,
    /// How to print them; in CSV a text that a spreadsheet would take for a formula gets a ' before it, in JSON none does
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: TopFormat,
    /// Print urls whole, also where the table is wider than the terminal; other formats, files and pipes get them whole anyway
    #[arg(long)]
    pub wide: bool,
}

/// Flags of `backup`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct BackupArgs {
    /// The file to make; it must not exist
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Flags of `rebuild`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
pub struct RebuildArgs {
    /// Give up the figures of clicks that were deleted for their age, and count those that are kept
    #[arg(long)]
    pub kept_clicks: bool,
}

/// Settings are UTF-8 throughout; clap refuses a flag that is not by itself.
fn utf8(text: &str) -> Result<String, Infallible> {
    Ok(text.to_owned())
}

impl Cli {
    /// How to show the pipeline, for the commands that run it.
    pub fn view(&self) -> Option<&ViewArgs> {
        match &self.command {
            Command::Run(args) => Some(&args.view),
            Command::Demo(args) => Some(&args.view),
            Command::Replay(args) => Some(&args.view),
            Command::Top(_)
            | Command::Rebuild(_)
            | Command::Backup(_)
            | Command::Check(_)
            | Command::Config
            | Command::Keys => None,
        }
    }

    /// Whether to run without a console.
    pub fn headless(&self) -> bool {
        self.view().is_some_and(|view| view.headless)
    }
}

/// The settings that the flags of `cli` stand for.
pub fn flag_overrides(cli: &Cli) -> Vec<Override> {
    let mut overrides = Overrides(Vec::new());
    let common = &cli.common;
    overrides.set("data_dir", "--data-dir", common.data_dir.as_deref());
    overrides.set("log.file", "--log-file", common.log_file.as_deref());
    overrides.set("log.level", "--log-level", common.log_level.as_deref());
    match &cli.command {
        Command::Run(args) => {
            overrides.kafka(&args.kafka);
            overrides.index(&args.index);
        }
        Command::Check(args) => {
            overrides.kafka(&args.kafka);
            overrides.index(&args.index);
        }
        Command::Demo(args) => {
            // The messages made are the messages read, whatever format the config expects of its own topic.
            overrides.set("kafka.format", "--format", Some(args.format.name()));
            overrides.index(&args.index);
        }
        Command::Replay(args) => {
            overrides.set("kafka.brokers", "--brokers", args.brokers.as_deref());
            overrides.set("kafka.topic", "--topic", args.topic.as_deref());
            overrides.set("kafka.format", "--format", args.format.map(FormatArg::name));
            overrides.index(&args.index);
        }
        Command::Top(_) | Command::Rebuild(_) | Command::Backup(_) | Command::Config | Command::Keys => {}
    }
    if let Some(view) = cli.view() {
        overrides.set("console.color", "--no-color", view.no_color.then_some("never"));
        overrides.set("console.color", "--color", view.color.as_deref());
        overrides.set("console.theme", "--theme", view.theme.as_deref());
        overrides.set("console.ascii", "--ascii", view.ascii.as_deref());
        overrides.set("console.mouse", "--no-mouse", view.no_mouse.then_some("false"));
    }
    overrides.0
}

struct Overrides(Vec<Override>);

impl Overrides {
    fn set(&mut self, key: &'static str, flag: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.push(Override { key, value: value.to_owned(), flag });
        }
    }

    fn kafka(&mut self, kafka: &KafkaArgs) {
        self.set("kafka.brokers", "--brokers", kafka.brokers.as_deref());
        self.set("kafka.topic", "--topic", kafka.topic.as_deref());
        self.set("kafka.group", "--group", kafka.group.as_deref());
        self.set("kafka.format", "--format", kafka.format.map(FormatArg::name));
    }

    /// A URL asks for the engine that listens there.
    fn index(&mut self, index: &IndexArgs) {
        if !index.index_urls.is_empty() {
            self.set("index.kind", "--index-url", Some("elasticsearch"));
            self.set("index.urls", "--index-url", Some(&index.index_urls.join(",")));
        }
        self.set("index.name", "--index-name", index.index_name.as_deref());
    }
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
