//! The commands beside the pipeline: top, rebuild, check, config, help.

use std::collections::BTreeMap;

use clicktop::source::EmbeddedBroker;
use rusqlite::Connection;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::Home;

#[test]
fn every_command_has_help() {
    let home = Home::new();
    let all = home.succeed(&["--help"]).stdout;
    for command in ["run", "demo", "replay", "top", "rebuild", "check", "config"] {
        assert!(all.contains(command), "{all}");
        let help = home.succeed(&[command, "--help"]).stdout;
        assert!(help.contains("--data-dir"), "{command}: {help}");
    }
    assert!(home.succeed(&["--version"]).stdout.starts_with("clicktop "));
}

#[test]
fn a_wrong_command_line_is_refused_with_the_usage() {
    for arguments in [&["nonsense"][..], &["replay"], &["demo", "--rate", "fast"], &["top", "--limit", "0"], &[]] {
        let ran = Home::new().run(arguments);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains("--help") || ran.stderr.contains("Usage"), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn top_sorts_filters_and_cuts() {
    let clicks = made(61, 3_000);
    let home = Home::new();
    home.replay(&home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))), &[]);
    let rows = |arguments: &[&str]| -> Vec<serde_json::Value> {
        let text = home.succeed(&[&["top", "--format", "json"], arguments].concat()).stdout;
        serde_json::from_str(&text).expect("an array")
    };
    let french = rows(&["--country", "FR", "--limit", "all"]);
    let wanted = figures::of_clicks(&clicks).keys().filter(|(_, country)| country == "FR").count();
    assert_eq!(french.len(), wanted);
    assert!(french.iter().all(|row| row["country"] == "FR"));
    assert_eq!(rows(&["--limit", "3"]).len(), 3);
    assert_eq!(rows(&[]).len(), 20);
    let users: Vec<_> = rows(&["--by", "users"]).iter().map(|row| row["unique_users"].as_u64()).collect();
    assert!(users.is_sorted_by(|a, b| a >= b), "{users:?}");
    let times = |least: u64| -> Vec<(bool, Option<f64>)> {
        let rows = rows(&["--by", "time", "--limit", "all", "--min-timed", &least.to_string()]);
        let timed = |row: &serde_json::Value| row["timed"].as_u64().expect("how many clicks the mean is of");
        rows.iter().map(|row| (timed(row) >= least, row["avg_time_spent"].as_f64())).collect()
    };
    for least in [0, 25] {
        let times = times(least);
        assert!(times.is_sorted_by(|a, b| a >= b), "{least}: {times:?}");
        assert_eq!(
            (times.len(), times.iter().all(|(enough, _)| *enough)),
            (rows(&["--limit", "all"]).len(), least == 0)
        );
    }

    let csv = home.succeed(&["top", "--limit", "all", "--format", "csv"]).stdout;
    let file = home.file("figures.csv", csv.as_bytes());
    figures::assert_same("csv", &figures::of_csv(&file), &figures::of_clicks(&clicks));
    let table = home.succeed(&["top", "--limit", "2"]).stdout;
    assert!(table.contains("URL") && table.contains("CLICKS"), "{table}");
}

#[test]
fn top_takes_a_country_in_any_case_and_offers_what_is_near() {
    let clicks = made(61, 500);
    let home = Home::new();
    let empty = home.run(&["top", "--country", "us"]);
    assert!(!empty.status.success(), "there is no database: {empty:?}");
    home.replay(&home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))), &[]);
    let of = |country: &str, format: &str| home.succeed(&["top", "--country", country, "--format", format]);
    assert_eq!(of("fr", "json").stdout, of("FR", "json").stdout);
    assert!(of("fr", "table").stdout.contains(" FR "));
    let said = of("frr", "table").stdout;
    assert!(said.contains("no clicks of country `frr`; did you mean `FR`?"), "{said}");
    // A program that reads rows gets none, and a person the reason.
    let none = of("frr", "json");
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&none.stdout).expect("an array").len(), 0);
    assert!(none.stderr.contains("did you mean `FR`?"), "{}", none.stderr);
    let none = of("frr", "csv");
    assert_eq!(none.stdout.lines().count(), 1, "{}", none.stdout);
}

#[test]
fn top_groups_by_each_dimension_over_all_countries_or_one() {
    let home = Home::new();
    home.succeed(&["demo", "--headless", "--rate", "max", "--events", "5000", "--seed", "7"]);
    let database = Connection::open(home.data().join("clicktop.db")).expect("a database");
    let rows = |arguments: &[&str]| -> Vec<serde_json::Value> {
        let text = home.succeed(&[&["top", "--limit", "all", "--format", "json"], arguments].concat()).stdout;
        serde_json::from_str(&text).expect("an array")
    };
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    for name in ["url", "country", "city", "browser", "os", "device"] {
        let group = if name == "city" { "city, country" } else { name };
        for country in [None, Some("FR")] {
            let given = country.map_or(vec![], |country| vec!["--country", country]);
            let found: BTreeMap<_, _> = rows(&[&["--group-by", name], &given[..]].concat())
                .iter()
                .map(|row| {
                    let of = if name == "city" { text(row, "country") } else { String::new() };
                    ((text(row, name), of), (row["clicks"].as_u64(), row["unique_users"].as_u64()))
                })
                .collect();
            let sql = format!(
                "SELECT {name}, {}, COUNT(*), COUNT(DISTINCT user_id) FROM click_events
                 WHERE ?1 IS NULL OR country = ?1 GROUP BY {group}",
                if name == "city" { "country" } else { "''" }
            );
            let mut select = database.prepare(&sql).expect("SQL");
            let wanted =
                select.query_map([country], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))));
            let wanted: BTreeMap<_, _> = wanted.expect("rows").collect::<Result<_, _>>().expect("rows");
            assert!(!wanted.is_empty());
            assert_eq!(found, wanted, "{name} {country:?}");
        }
    }
    let table = home.succeed(&["top", "--by-dimension", "city", "--limit", "1", "--window", "5m"]).stdout;
    assert!(table.contains("CITY") && table.contains("SHARE"), "{table}");
    let csv = home.succeed(&["top", "--group-by", "city", "--limit", "1", "--format", "csv"]).stdout;
    assert!(csv.starts_with("city,country,clicks,unique_users,avg_time_spent\n"), "{csv}");
    let by_time = ["top", "--group-by", "city", "--by", "time", "--min-timed", "1", "--format"];
    let csv = home.succeed(&[&by_time[..], &["csv"]].concat()).stdout;
    assert!(csv.starts_with("city,country,clicks,unique_users,avg_time_spent,timed\n"), "{csv}");
    let sampled: Vec<serde_json::Value> =
        serde_json::from_str(&home.succeed(&[&by_time[..], &["json"]].concat()).stdout).expect("an array");
    assert!(sampled.iter().all(|row| row["timed"].is_u64() && (row["timed"] == 0) == row["avg_time_spent"].is_null()));
    let none = home.succeed(&["top", "--group-by", "os", "--url", "/nowhere"]).stdout;
    assert!(none.contains("no clicks on /nowhere"), "{none}");
}

#[test]
fn top_through_a_pipe_cuts_no_url() {
    let mut clicks = made(61, 20);
    let long = format!("/{}", "long/".repeat(80));
    for click in &mut clicks {
        click.url.clone_from(&long);
    }
    let home = Home::new();
    home.replay(&home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))), &[]);
    assert!(home.succeed(&["top"]).stdout.contains(&long));
}

#[test]
fn top_reads_while_a_pipeline_writes() {
    let home = Home::new();
    let mut run = home.start(&["demo", "--headless", "--rate", "5k"]);
    run.await_object("pages", |object| object["totals"]["pages"].as_u64() > Some(0));
    for _ in 0..5 {
        assert!(!home.top().is_empty());
    }
    assert!(run.is_alive());
    run.signal("TERM");
    let summary = run.end().summary();
    assert_eq!(home.top().len() as u64, summary["pages"].as_u64().expect("a count"));
    figures::assert_exact(&home.data());
}

#[test]
fn rebuild_mends_figures_and_leaves_good_ones() {
    let clicks = made(62, 3_000);
    let wanted = figures::of_clicks(&clicks);
    let home = Home::new();
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv)));
    home.replay(&file, &[]);
    let said = home.succeed(&["rebuild"]).stdout;
    assert!(said.contains(&format!("{} pages", wanted.len())) && said.contains("3,000 clicks"), "{said}");
    figures::assert_same("rebuilt", &home.top(), &wanted);

    let database = Connection::open(home.data().join("clicktop.db")).expect("a database");
    database.execute_batch("UPDATE page_stats SET clicks = 1, unique_users = 1, spent_ms = 7").expect("damaged");
    drop(database);
    home.succeed(&["rebuild"]);
    figures::assert_same("mended", &home.top(), &wanted);
    let summary = home.replay(&file, &["--again"]);
    assert_eq!((&summary["duplicates"], &summary["documents"]), (&3_000.into(), &summary["pages"]), "{summary}");
    figures::assert_exact(&home.data());
}

#[test]
fn check_tells_what_works_and_what_does_not() {
    let broker = EmbeddedBroker::start("clicks", 3).expect("a broker");
    let home = Home::new()
        .with("CLICKTOP_KAFKA__BROKERS", broker.bootstrap_servers())
        .with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "2s");
    let said = home.succeed(&["check"]).stdout;
    assert!(said.contains("3 partitions") && !said.contains("FAILED"), "{said}");
    home.succeed(&["demo", "--events", "100", "--rate", "max", "--headless"]);
    let said = home.succeed(&["check"]).stdout;
    assert!(said.contains("100 clicks") && !said.contains("FAILED"), "{said}");

    let home = home.with("CLICKTOP_KAFKA__TOPIC", "other");
    let ran = home.run(&["check"]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert!(ran.stdout.contains("topic    FAILED other does not exist"), "{ran:?}");

    let home = home.with("CLICKTOP_KAFKA__BROKERS", "127.0.0.1:1");
    let ran = home.run(&["check"]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert!(ran.stdout.contains("broker   FAILED") && ran.stdout.contains("store    ok"), "{ran:?}");
}

#[test]
fn config_shows_where_values_come_from_and_no_secret() {
    let home = Home::new()
        .with("CLICKTOP_KAFKA__SECURITY", "sasl_ssl")
        .with("CLICKTOP_KAFKA__SASL__MECHANISM", "PLAIN")
        .with("CLICKTOP_KAFKA__SASL__USERNAME", "reader")
        .with("CLICKTOP_KAFKA__SASL__PASSWORD", "hunter2");
    let file = home.file("clicktop.toml", b"[kafka]\ntopic = \"views\"\n").display().to_string();
    let ran = home.succeed(&["config", "--config", &file, "--log-level", "debug"]);
    let said = &ran.stdout;
    assert!(!said.contains("hunter2") && !ran.stderr.contains("hunter2"), "{said}");
    for words in ["views", "clicktop.toml", "reader", "CLICKTOP_KAFKA__SASL__PASSWORD", "--log-level"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// What a pod's environment holds of the services `clicktop` and `clicktop-kafka` beside it, and a shell's of the tests.
const OF_OTHERS: [(&str, &str); 20] = [
    ("CLICKTOP_SERVICE_HOST", "10.96.17.4"),
    ("CLICKTOP_SERVICE_PORT", "8080"),
    ("CLICKTOP_SERVICE_PORT_HTTP", "8080"),
    ("CLICKTOP_PORT", "tcp://10.96.17.4:8080"),
    ("CLICKTOP_PORT_8080_TCP", "tcp://10.96.17.4:8080"),
    ("CLICKTOP_PORT_8080_TCP_PROTO", "tcp"),
    ("CLICKTOP_PORT_8080_TCP_PORT", "8080"),
    ("CLICKTOP_PORT_8080_TCP_ADDR", "10.96.17.4"),
    ("CLICKTOP_KAFKA_SERVICE_HOST", "fd00:10:96::a1"),
    ("CLICKTOP_KAFKA_SERVICE_PORT", "9092"),
    ("CLICKTOP_KAFKA_PORT", "tcp://[fd00:10:96::a1]:9092"),
    ("CLICKTOP_KAFKA_PORT_9092_TCP_ADDR", "fd00:10:96::a1"),
    ("CLICKTOP_TEST_KAFKA", "127.0.0.1:9092"),
    ("CLICKTOP_TEST_KAFKA_TLS_PASSWORD", "x"),
    ("CLICKTOP_TEST_SEARCH_URL", "http://127.0.0.1:9200"),
    ("CLICKTOP_FAULT_SEED", "7"),
    ("CLICKTOP_FAULT_ROUNDS", "2"),
    ("CLICKTOP_SOAK_MINUTES", "1"),
    ("CLICKTOP_BENCH_DOCUMENTS", "100"),
    ("CLICKTOP_BIN", "/usr/bin/clicktop"),
];

#[test]
fn variables_of_others_stop_no_command() {
    let home = OF_OTHERS.iter().fold(Home::new(), |home, (name, value)| home.with(name, value));
    home.succeed(&["demo", "--events", "100", "--rate", "max", "--headless"]);
    for command in ["top", "rebuild", "keys", "config"] {
        home.succeed(&[command]);
    }
    let said = home.succeed(&["config"]).stdout;
    let line = said.lines().find(|line| line.starts_with("# Ignored variables")).expect("a line");
    for (name, _) in OF_OTHERS {
        assert!(line.contains(name), "{name}: {line}");
    }
    let home = home.with("CLICKTOP_KAFKA_BROKERS", "10.96.17.4:9092");
    let ran = home.run(&["top"]);
    assert!(ran.one_clear_line().contains("did you mean CLICKTOP_KAFKA__BROKERS?"), "{ran:?}");
}
