//! Flags that several commands share: the Kafka, the index, the console.

use clap::Args;

use super::values::FormatArg;

/// The Kafka to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Kafka")]
pub struct KafkaArgs {
    /// First brokers to ask, host:port, separated by commas [default: localhost:9092]
    #[arg(long, value_name = "BROKERS")]
    pub brokers: Option<String>,
    /// Topic of the clicks [default: clicks]
    #[arg(long, value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Consumer group [default: clicktop]
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// Schema registry of the topic, for Avro, JSON Schema and Protobuf; for more servers, separate them by commas. Put no password
    /// into URL, because the list of processes shows it: use schema_registry.password_file
    #[arg(long, value_name = "URL")]
    pub schema_registry: Option<String>,
    /// Format of the messages; auto detects it from the first byte of each message [default: auto]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<FormatArg>,
}

/// The search index to fill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Index")]
pub struct IndexArgs {
    /// Fill Elasticsearch or OpenSearch at URL instead of the embedded index; for more nodes, repeat the flag or separate
    /// them by commas. Put no password into URL, because the list of processes shows it: use index.password_file
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
    /// Run without the console, and print one JSON object a second
    #[arg(long, conflicts_with_all = ["no_color", "color", "theme", "ascii", "no_mouse", "read_only"])]
    pub headless: bool,
    /// How the console looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// How the console looks, and what its keys may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Console")]
pub struct LookArgs {
    /// Use no colours; the variable NO_COLOR does the same
    #[arg(long)]
    pub no_color: bool,
    /// Colours: auto, always, never, 16, 256 or true [default: auto]
    #[arg(long, value_name = "WHICH", conflicts_with = "no_color")]
    #[arg(value_parser = ["auto", "always", "never", "16", "256", "true"])]
    pub color: Option<String>,
    /// Theme: terminal, dark, light, high-contrast, or one from the config [default: terminal]
    #[arg(long, value_name = "THEME")]
    pub theme: Option<String>,
    /// Draw with ASCII characters only; --ascii=false never does, auto does so if the locale is not UTF-8 [default: auto]
    #[arg(long, value_name = "WHETHER", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = ["true", "false", "auto"])]
    pub ascii: Option<String>,
    /// Leave the mouse to the terminal, for selecting text
    #[arg(long)]
    pub no_mouse: bool,
    /// Ignore every key that starts, stops or ends anything
    #[arg(long)]
    pub read_only: bool,
}
