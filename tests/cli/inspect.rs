//! `clicktop inspect`: what it prints, the file that it writes, and what it leaves alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clicktop::source::EmbeddedBroker;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::HANG;
use crate::support::program::{Home, Ran};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/presets").join(name)
}

fn inspect(home: &Home, file: &Path, more: &[&str]) -> Ran {
    home.run(&[&["inspect", &file.display().to_string()], more].concat())
}

/// A shop's own CSV.
fn shop() -> String {
    let line = |at: usize| {
        let (user, page) = (at % 37, at % 50);
        format!("{at};2026-01-31 09:{:02}:{:02};v{user};/p/{page};FR;page_view\n", at / 60, at % 60)
    };
    let lines: String = (0..400).map(line).collect();
    format!("Event No;Seen At;Visitor ID;Page URL;Country;Event Type\n{lines}")
}

/// All of the report in one line: it is wrapped.
fn said(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines from `[events]` on.
fn block(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().skip_while(|line| *line != "[events]").collect()
}

#[test]
fn the_printed_settings_and_the_written_file_are_read_as_settings() {
    let home = Home::new();
    let (csv, config) = (home.file("shop.csv", shop().as_bytes()), home.path("made.toml"));
    let ran = inspect(&home, &csv, &["--write", &config.display().to_string()]);
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    for text in [
        "CSV between ;, 6 columns, with a header; all 400 records",
        "user_id Visitor ID: its name; 37 different in 400 events",
        "400 records: 400 clicks, 0 left out, 0 rejected.",
        "37 users, 50 urls; countries: FR 400.",
    ] {
        assert!(said(&ran).contains(text), "{text} is missing in\n{}", ran.stdout);
    }
    let block = block(&ran);
    assert!(block.contains(&"url = \"Page URL\"") && block.contains(&"separator = \";\""), "{block:?}");
    let written = std::fs::read_to_string(&config).expect("a file");
    assert!(
        block
            .iter()
            .take_while(|line| !line.is_empty())
            .all(|line| written.contains(line) || line.starts_with("Written"))
    );
    let settings = home.succeed(&["config", "--config", &config.display().to_string()]).stdout;
    let url = settings.lines().find(|line| line.starts_with("url = ")).expect("a setting");
    assert!(url.contains("\"Page URL\"") && url.contains("made.toml"), "{url}");
    // Judged instead of guessed, and right.
    let again = inspect(&home, &csv, &["--config", &config.display().to_string()]);
    assert!(again.status.success() && said(&again).contains("The settings already say how to read them"), "{again:?}");
    assert!(again.stdout.contains("400 records: 400 clicks, 0 left out, 0 rejected."), "{again:?}");
}

#[test]
fn with_what_it_writes_each_known_clickstream_is_replayed() {
    for (file, clicks, left_out) in [
        ("nine.csv", 5, 0),
        ("segment.json", 5, 1),
        ("snowplow.tsv", 5, 1),
        ("snowplow_json.json", 5, 1),
        ("ga4.json", 5, 1),
        ("matomo.json", 5, 1),
        ("posthog.json", 5, 1),
        ("rees46.csv", 5, 1),
        ("combined.log", 6, 0),
        ("w3c.log", 6, 0),
        ("cloudfront.log", 6, 0),
        ("nginx_json.log", 6, 0),
        ("caddy.log", 6, 0),
        ("traefik.log", 6, 0),
    ] {
        let home = Home::new();
        let config = home.path("made.toml").display().to_string();
        let ran = inspect(&home, &sample(file), &["--write", &config]);
        assert!(ran.status.success(), "{file}: {ran:?}");
        let summary = home.replay(&sample(file), &["--config", &config]);
        let counted = [&summary["stored"], &summary["left_out"], &summary["rejected"]].map(|count| count.as_u64());
        assert_eq!(counted, [Some(clicks), Some(left_out), Some(0)], "{file}: {summary}");
    }
}

#[test]
fn no_line_is_wider_than_80_columns_and_no_text_of_an_event_steers_the_terminal() {
    let home = Home::new();
    let long = "x".repeat(300);
    let lines: String = (0..50)
        .map(|at| {
            format!(
                "{{\"user_id\":\"u{}\\u001b[2J\",\"ts\":{},\"url\":\"/{long}{at}\",\"{long}\":\"\\u202e\"}}\n",
                at % 9,
                1_769_851_800 + at
            )
        })
        .collect();
    let file = home.file("events.json", lines.as_bytes());
    let ran = inspect(&home, &file, &[]);
    assert!(ran.status.success(), "{ran:?}");
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{202e}'), "{}", ran.stdout);
    let report = ran.stdout.lines().take_while(|line| *line != "[events]");
    for line in report.filter(|line| !line.contains(&long)) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn readings_of_sensors_end_with_one_line_and_leave_no_file() {
    let home = Home::new();
    let lines: String = (0..200)
        .map(|at| format!("2026-01-31T09:00:{:02}Z,s{},21.{},4{}\n", at % 60, at % 9, at % 7, at % 10))
        .collect();
    let csv = home.file("sensors.csv", format!("time,sensor_id,temperature,humidity\n{lines}").as_bytes());
    let config = home.path("made.toml");
    let ran = inspect(&home, &csv, &["--write", &config.display().to_string()]);
    assert_eq!(ran.status.code(), Some(1));
    let line = ran.one_clear_line();
    assert!(line.starts_with("no field looks like the user (events.user_id) or the url (events.url)"), "{line}");
    assert!(line.contains("the fields are time, sensor_id, temperature, humidity"), "{line}");
    assert!(!config.exists());
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let home = Home::new();
    let config = home.file("mine.toml", b"# mine\n");
    let ran = inspect(&home, &sample("segment.json"), &["--write", &config.display().to_string()]);
    assert!(
        ran.one_clear_line().ends_with("mine.toml is there already, and inspect overwrites nothing; name another file")
    );
    assert_eq!(std::fs::read(&config).expect("a file"), b"# mine\n");
}

#[test]
fn a_preset_is_printed_and_judged() {
    let home = Home::new();
    let printed = home.succeed(&["inspect", "--preset", "segment"]).stdout;
    assert!(
        printed.starts_with("# Page calls of Segment") && printed.contains("[events]\nform = \"json\"\n"),
        "{printed}"
    );
    let fits = inspect(&home, &sample("segment.json"), &["--preset", "segment"]);
    assert!(fits.stdout.contains("6 records: 5 clicks, 1 left out, 0 rejected."), "{fits:?}");
    assert_eq!(block(&fits), ["[events]", "preset = \"segment\""]);
    let unfit = inspect(&home, &sample("segment.json"), &["--preset", "ga4"]);
    let line = unfit.one_clear_line();
    assert!(
        line.contains("this mapping makes no click of its 6 records; the conditions leave every event out"),
        "{line}"
    );
}

#[test]
fn packed_files_and_standard_input_are_looked_at_too() {
    let home = Home::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&std::fs::read(sample("combined.log")).expect("a sample")).expect("packed");
    let packed = home.file("access.log.1.gz", &gzip.finish().expect("packed"));
    let ran = inspect(&home, &packed, &[]);
    assert!(said(&ran).contains("common or combined format; gzip, all 6 records"), "{ran:?}");
    assert_eq!(block(&ran), ["[events]", "preset = \"combined\""]);
    let nothing = home.file("empty.csv", b"");
    assert!(inspect(&home, &nothing, &[]).one_clear_line().contains("it holds no record"));
    let words = home.file("words.txt", b"just words\nand more\n");
    let line = inspect(&home, &words, &[]);
    assert!(line.one_clear_line().contains("neither JSON, CSV, TSV nor an access log"), "{line:?}");
}

#[test]
fn a_topic_is_looked_at_without_a_group() {
    let broker = EmbeddedBroker::start("web", 2).expect("a broker");
    let brokers = broker.bootstrap_servers().to_owned();
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", &brokers).create().expect("a producer");
    let events = std::fs::read_to_string(sample("posthog.json")).expect("a sample");
    for event in events.lines() {
        let record: BaseRecord<'_, (), str> = BaseRecord::to("web").payload(event);
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(HANG).expect("sent");
    let home = Home::new();
    let ran = home.succeed(&["inspect", "--topic", "web", "--brokers", &brokers]);
    assert!(ran.stdout.starts_with("topic web: JSON; all 6 records\n"), "{ran:?}");
    assert_eq!(block(&ran), ["[events]", "preset = \"posthog\""]);
    assert!(!home.data().exists(), "nothing is stored");
    let absent = home.run(&["inspect", "--topic", "nowhere", "--brokers", &brokers]);
    assert!(absent.one_clear_line().contains("nowhere"), "{absent:?}");
}
