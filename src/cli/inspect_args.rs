//! The flags of `inspect`, and those of every command that reads events.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::config::preset_names;

/// The help of `inspect` below its flags.
pub(super) const INSPECT_EXAMPLES: &str = "\
Examples:
  clicktop inspect events.csv                               What is in the file, and which column is which field
  clicktop inspect access.log.gz --write clicktop.toml      The same, and the settings in a file for --config
  clicktop replay access.log.gz --config clicktop.toml      Then run the pipeline with these settings
  clicktop inspect --topic web --brokers kafka:9092         The first messages of a topic
  clicktop inspect --preset segment                         Print a preset: the settings for events of Segment
  clicktop inspect events.json --preset segment             Does this preset fit the file?

inspect reads the first thousand events. It shows their form and fields, the mapping that it guesses with its reasons, \
the first clicks, what would be rejected and why, and the settings to paste into the config file. If the settings already \
hold a mapping, it judges that one instead of guessing.

It stores nothing. It reads a topic without a consumer group, and commits no offset.

The exit code is 1 if no field can be the user, the time or the url; then it writes no file.";

/// How events become clicks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Events")]
pub struct EventsArgs {
    /// Read the events of another program by a mapping that clicktop knows; the settings `events.…` change it
    #[arg(long, value_name = "NAME", value_parser = presets())]
    pub preset: Option<String>,
}

/// Flags of `inspect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).multiple(true).args(["files", "topic", "preset"]))]
pub struct InspectArgs {
    /// Files to look at, compressed or not; - is standard input
    #[arg(value_name = "FILE", conflicts_with_all = ["topic", "brokers"])]
    pub files: Vec<PathBuf>,
    /// Write a file for --config; it must not exist
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// How the events become clicks.
    #[command(flatten)]
    pub events: EventsArgs,
    /// First brokers to ask, host:port, separated by commas [default: localhost:9092]
    #[arg(long, value_name = "BROKERS", requires = "topic", help_heading = "Kafka")]
    pub brokers: Option<String>,
    /// Topic to look at
    #[arg(long, value_name = "TOPIC", help_heading = "Kafka")]
    pub topic: Option<String>,
    /// Schema registry of the topic, for Avro, JSON Schema and Protobuf
    #[arg(long, value_name = "URL", requires = "topic", help_heading = "Kafka")]
    pub schema_registry: Option<String>,
}

fn presets() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(preset_names())
}
