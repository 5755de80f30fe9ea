//! The settings that the flags set.

use super::args::{Cli, Command, EventsArgs, IndexArgs, KafkaArgs, ListenArgs, TokenArgs, ViewArgs};
use super::values::FormatArg;
use crate::config::Override;

/// The settings that the flags of `cli` set.
pub(super) fn flag_overrides(cli: &Cli) -> Vec<Override> {
    let mut overrides = Overrides(Vec::new());
    let common = &cli.common;
    overrides.set("data_dir", "--data-dir", common.data_dir.as_deref());
    overrides.set("log.file", "--log-file", common.log_file.as_deref());
    overrides.set("log.level", "--log-level", common.log_level.as_deref());
    match &cli.command {
        Command::Run(args) => {
            overrides.kafka(&args.kafka);
            overrides.events(&args.events, args.kafka.format);
            overrides.index(&args.index);
            overrides.listen(&args.listen);
        }
        Command::Serve(args) => {
            overrides.kafka(&args.kafka);
            overrides.events(&args.events, args.kafka.format);
            overrides.index(&args.index);
            overrides.listen(&args.listen);
        }
        Command::Attach(args) => overrides.token(&args.token),
        Command::Ctl(args) => overrides.token(&args.token),
        Command::Check(args) => {
            overrides.kafka(&args.kafka);
            overrides.events(&args.events, args.kafka.format);
            overrides.index(&args.index);
        }
        Command::Demo(args) => {
            overrides.index(&args.index);
            overrides.listen(&args.listen);
        }
        Command::Replay(args) => {
            overrides.set("kafka.brokers", "--brokers", args.brokers.as_deref());
            overrides.set("kafka.topic", "--topic", args.topic.as_deref());
            overrides.events(&args.events, args.format);
            overrides.index(&args.index);
            overrides.listen(&args.listen);
        }
        Command::Inspect(args) => {
            overrides.set("kafka.brokers", "--brokers", args.brokers.as_deref());
            overrides.set("kafka.topic", "--topic", args.topic.as_deref());
            overrides.set("schema_registry.urls", "--schema-registry", args.schema_registry.as_deref());
            overrides.events(&args.events, None);
        }
        Command::Top(_)
        | Command::Rebuild(_)
        | Command::Move(_)
        | Command::Backup(_)
        | Command::Config
        | Command::Keys
        | Command::Completions(_)
        | Command::Man(_) => {}
    }
    if let Some(ViewArgs { look, .. }) = cli.view() {
        overrides.set("console.color", "--no-color", look.no_color.then_some("never"));
        overrides.set("console.color", "--color", look.color.as_deref());
        overrides.set("console.theme", "--theme", look.theme.as_deref());
        overrides.set("console.ascii", "--ascii", look.ascii.as_deref());
        overrides.set("console.mouse", "--no-mouse", look.no_mouse.then_some("false"));
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
        self.set("schema_registry.urls", "--schema-registry", kafka.schema_registry.as_deref());
    }

    fn events(&mut self, events: &EventsArgs, format: Option<FormatArg>) {
        self.set("events.preset", "--preset", events.preset.as_deref());
        if let Some(format) = format {
            self.set(format.setting(events.preset.is_some()), "--format", Some(format.name()));
        }
    }

    fn listen(&mut self, listen: &ListenArgs) {
        if !listen.listen.is_empty() {
            self.set("serve.listen", "--listen", Some(&listen.listen.join(",")));
        }
    }

    fn token(&mut self, token: &TokenArgs) {
        self.set("attach.token_file", "--token-file", token.token_file.as_deref());
        self.set("attach.ca_file", "--ca-file", token.ca_file.as_deref());
    }

    /// A URL selects the engine that listens there, too.
    fn index(&mut self, index: &IndexArgs) {
        if !index.index_urls.is_empty() {
            self.set("index.kind", "--index-url", Some("elasticsearch"));
            self.set("index.urls", "--index-url", Some(&index.index_urls.join(",")));
        }
        self.set("index.name", "--index-name", index.index_name.as_deref());
    }
}
