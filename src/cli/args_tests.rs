//! Tests of the command line as people type it.

use std::num::NonZeroUsize;

use clap::CommandFactory as _;

use super::*;
use crate::cli::overrides::flag_overrides;
use crate::config::{self, IndexKind, Origin, Override, Sources};
use crate::protocol::{Dimension, SortBy, Window};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

fn overrides(line: &str) -> Vec<(&'static str, String, &'static str)> {
    let cli = parse(line).unwrap();
    flag_overrides(&cli).into_iter().map(|flag| (flag.key, flag.value, flag.flag)).collect()
}

fn help(command: &str) -> String {
    parse(&format!("clicktop {command} --help")).unwrap_err().to_string()
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_plain_demo_makes_2000_csv_clicks_a_second() {
    let Command::Demo(demo) = parse("clicktop demo").unwrap().command else { panic!() };
    assert_eq!(demo.rate, Rate::PerSecond(NonZeroU64::new(2_000).unwrap()));
    assert_eq!((demo.events, demo.seed, demo.format), (None, None, MadeFormat::Csv));
}

#[test]
fn a_plain_top_prints_a_table_of_20_rows_by_clicks() {
    let Command::Top(top) = parse("clicktop top").unwrap().command else { panic!() };
    let limit = Limit::Rows(NonZeroUsize::new(20).unwrap());
    let (country, by, group_by, url, window) = (None, SortBy::Clicks, None, None, Window::AllTime);
    let (format, min_timed) = (TopFormat::Table, 10);
    assert_eq!(top, TopArgs { country, by, min_timed, limit, group_by, url, window, format, wide: false });
    let Command::Top(all) = parse("clicktop top --limit all --by time").unwrap().command else { panic!() };
    assert_eq!((all.limit, all.by), (Limit::All, SortBy::Time));
    assert!(parse("clicktop top --limit 0").is_err());
    for line in
        ["clicktop top --group-by os --window 1h --url /a", "clicktop top --by-dimension os --window 1h --url /a"]
    {
        let Command::Top(top) = parse(line).unwrap().command else { panic!() };
        assert_eq!((top.group_by, top.window, top.url.as_deref()), (Some(Dimension::Os), Window::LastHour, Some("/a")));
    }
    assert!(parse("clicktop top --min-timed 5 --group-by os").is_ok(), "groups have samples, too");
    assert!(parse("clicktop top --window 5m").is_err(), "a window is for groups");
}

#[test]
fn replay_reads_files_and_standard_input_at_full_speed() {
    let Command::Replay(replay) = parse("clicktop replay a.csv -").unwrap().command else { panic!() };
    assert_eq!(replay.files, [PathBuf::from("a.csv"), PathBuf::from("-")]);
    assert_eq!(replay.rate, Rate::Max);
    assert!(parse("clicktop replay").is_err(), "a file is needed");
    assert!(parse("clicktop replay a.csv --brokers k:9092").is_err(), "a broker needs a topic");
}

#[test]
fn common_flags_stand_before_or_after_the_command() {
    for line in ["clicktop --config a.toml --data-dir d check", "clicktop check --config a.toml --data-dir d"] {
        let cli = parse(line).unwrap();
        assert_eq!(cli.common.config, Some("a.toml".into()));
        assert_eq!(cli.common.data_dir.as_deref(), Some("d"));
    }
}

#[test]
fn flags_stand_for_settings() {
    assert_eq!(overrides("clicktop run"), []);
    assert_eq!(
        overrides("clicktop run --topic t --log-level debug --no-color --index-url http://a:1,http://b:2"),
        [
            ("log.level", "debug".into(), "--log-level"),
            ("kafka.topic", "t".into(), "--topic"),
            ("index.kind", "elasticsearch".into(), "--index-url"),
            ("index.urls", "http://a:1,http://b:2".into(), "--index-url"),
            ("console.color", "never".into(), "--no-color"),
        ]
    );
    assert_eq!(overrides("clicktop demo --format json"), [], "the demo's own format is no setting");
    assert_eq!(overrides("clicktop replay f"), []);
}

#[test]
fn a_format_is_that_of_our_clicks_or_the_form_of_other_events() {
    for (flags, settings) in [
        ("--format csv", vec![("kafka.format", "csv")]),
        ("--format combined", vec![("events.form", "combined")]),
        ("--format tsv", vec![("events.form", "tsv")]),
        ("--preset ga4", vec![("events.preset", "ga4")]),
        ("--preset segment --format json", vec![("events.preset", "segment"), ("events.form", "json")]),
    ] {
        for command in ["run", "check", "replay f"] {
            let found = overrides(&format!("clicktop {command} {flags}"));
            let found: Vec<_> = found.iter().map(|(key, value, _)| (*key, value.as_str())).collect();
            assert_eq!(found, settings, "{command} {flags}");
        }
    }
    assert!(parse("clicktop run --preset segmnet").unwrap_err().to_string().contains("'segment'"));
}

#[test]
fn inspect_takes_files_or_a_topic_or_the_name_of_a_preset() {
    let Command::Inspect(args) = parse("clicktop inspect a.csv b.csv --write f.toml").unwrap().command else {
        panic!()
    };
    assert_eq!(args.files, [PathBuf::from("a.csv"), PathBuf::from("b.csv")]);
    assert_eq!(args.write, Some("f.toml".into()));
    assert_eq!(
        overrides("clicktop inspect --topic web --brokers k:1"),
        [("kafka.brokers", "k:1".into(), "--brokers"), ("kafka.topic", "web".into(), "--topic")]
    );
    assert!(parse("clicktop inspect --preset segment").is_ok());
    assert!(parse("clicktop inspect").is_err(), "something to look at is needed");
    assert!(parse("clicktop inspect a.csv --topic t").is_err(), "one of them");
    assert!(help("inspect").contains("Examples:"));
}

#[test]
fn every_flag_that_stands_for_a_setting_is_accepted_as_one() {
    for line in [
        "clicktop run --data-dir d --log-file l --log-level warn --brokers b:1 --topic 42 --group g --format csv \
         --index-url http://a:1 --index-url http://b:2 --index-name n --no-color --ascii --no-mouse",
        "clicktop demo --format csv --index-url http://a:1",
        "clicktop replay f --format json --brokers b:1 --topic t --index-name n",
        "clicktop replay f --preset ga4 --format json",
    ] {
        let flags = flag_overrides(&parse(line).unwrap());
        let loaded = config::load(&Sources { flags: flags.clone(), ..Sources::default() }).unwrap();
        for Override { key, flag, .. } in flags {
            assert_eq!(loaded.origin.of(key), &Origin::Flag(flag));
        }
    }
    let cli = parse("clicktop run --index-url http://a:1 --index-url http://b:2 --topic 42").unwrap();
    let loaded = config::load(&Sources { flags: flag_overrides(&cli), ..Sources::default() }).unwrap();
    assert_eq!(loaded.settings.index.kind, IndexKind::Elasticsearch);
    assert_eq!(loaded.settings.index.urls.len(), 2);
    assert_eq!(loaded.settings.kafka.topic, "42");
}

#[test]
fn the_settings_declare_the_flags_that_set_them() {
    let lines = [
        "clicktop run --data-dir d --log-file l --log-level warn --brokers b:1 --topic t --group g --format csv --index-url \
         http://a:1 --index-name n --no-color --theme dark --ascii --no-mouse --listen ./s --schema-registry http://r:1",
        "clicktop attach --token-file t --ca-file c",
        "clicktop run --color 16",
        "clicktop run --preset ga4 --format tsv",
    ];
    let mut set: Vec<(&str, &str)> =
        lines.iter().flat_map(|line| overrides(line)).map(|(key, _, flag)| (key, flag)).collect();
    let mut declared: Vec<(&str, &str)> = config::declared_flags().collect();
    set.sort_unstable();
    set.dedup();
    declared.sort_unstable();
    assert_eq!(set, declared);
}

#[test]
fn check_takes_the_flags_of_run_but_those_of_the_console() {
    let flags = "--data-dir d --log-file l --log-level warn --brokers b:1 --topic t --group g --format csv --index-url http://a:1 \
                 --index-name n --schema-registry http://r:1";
    assert_eq!(overrides(&format!("clicktop check {flags}")), overrides(&format!("clicktop run {flags}")));
    // Whatever `run` is to have one day.
    let command = Cli::command();
    let flags_of = |name: &str| -> Vec<(String, Option<String>)> {
        let command = command.find_subcommand(name).unwrap();
        let flag = |arg: &clap::Arg| (arg.get_id().to_string(), arg.get_help_heading().map(str::to_owned));
        command
            .get_arguments()
            .map(flag)
            .filter(|(_, heading)| !matches!(heading.as_deref(), Some("Console" | "Service")))
            .collect()
    };
    assert_eq!(flags_of("check"), flags_of("run"));
    assert!(parse("clicktop check --headless").is_err());
}

#[test]
fn ascii_can_be_switched_on_off_and_left_to_the_locale() {
    let ascii = |flags: &str| overrides(&format!("clicktop run {flags}")).pop().map(|(key, value, _)| (key, value));
    assert_eq!(ascii(""), None);
    for (flag, value) in
        [("--ascii", "true"), ("--ascii=true", "true"), ("--ascii=false", "false"), ("--ascii=auto", "auto")]
    {
        assert_eq!(ascii(flag), Some(("console.ascii", value.to_owned())), "{flag}");
        let flags = flag_overrides(&parse(&format!("clicktop run {flag}")).unwrap());
        let loaded = config::load(&Sources { flags, ..Sources::default() }).unwrap();
        assert_eq!(loaded.settings.console.ascii, value.parse().ok(), "{flag}");
    }
    assert!(parse("clicktop run --ascii=maybe").is_err());
    // The word behind it is no value of it: `replay --ascii FILE`.
    let Command::Replay(replay) = parse("clicktop replay --ascii false").unwrap().command else { panic!() };
    assert_eq!(replay.files, [PathBuf::from("false")]);
}

#[test]
fn headless_is_for_the_commands_that_run() {
    for command in ["run", "demo", "replay f"] {
        assert!(parse(&format!("clicktop {command} --headless")).unwrap().headless());
        assert!(!parse(&format!("clicktop {command}")).unwrap().headless());
    }
    assert!(parse("clicktop top --headless").is_err());
    assert!(parse("clicktop run --headless --ascii").is_err(), "there is nothing to draw");
}

#[test]
fn a_move_names_its_goal() {
    let line = "clicktop move --to local --dry-run --data-dir /d";
    let Command::Move(args) = parse(line).unwrap().command else { panic!() };
    assert_eq!(args, MoveArgs { to: MoveTo::Local, dry_run: true, kept_clicks: false, restart: false });
    assert!(parse("clicktop move").is_err());
    assert!(parse("clicktop move --to elsewhere").is_err());
    assert!(help("move").contains("Examples:"));
}

#[test]
fn help_has_headings_examples_and_defaults() {
    let run = help("run");
    for part in ["Common:", "Kafka:", "Index:", "Console:", "Examples:", "[default: localhost:9092]", "--config <FILE>"]
    {
        assert!(run.contains(part), "{part} is missing in\n{run}");
    }
    assert!(help("demo").contains("[default: 2000]"));
    assert!(help("top").contains("[default: 20]"));
    let all = parse("clicktop --help").unwrap_err().to_string();
    for part in [
        "run ",
        "demo ",
        "replay ",
        "inspect ",
        "top ",
        "rebuild ",
        "backup ",
        "check ",
        "config ",
        "CLICKTOP_KAFKA__BROKERS",
    ] {
        assert!(all.contains(part), "{part} is missing in\n{all}");
    }
}

#[test]
fn defaults_told_by_the_help_are_the_settings_defaults() {
    let settings = config::Settings::default();
    let run = help("run");
    for default in [&settings.kafka.brokers, &settings.kafka.topic, &settings.kafka.group, &settings.log.level] {
        assert!(run.contains(&format!("[default: {default}]")), "{default} is missing in\n{run}");
    }
    assert!(run.contains(&format!("[default: {}]", settings.index.name)));
}
