//! Files of foreign events, read with a mapping.

use crate::support::figures;
use crate::support::program::Home;

const MAPPING: &str = r#"
[events]
form = "csv"
separator = ";"
user_id = "who"
timestamp = "when"
url = "where"
where = [{ field = "kind", is = "page" }]
"#;

fn row(at: u32, kind: &str) -> String {
    format!("{kind};2026-01-01T00:{:02}:{:02}Z;u{};/p{}\n", at / 60, at % 60, at % 7, at % 5)
}

#[test]
fn csv_with_names_of_its_own_is_read_and_the_same_at_every_replay() {
    let home = Home::new();
    home.file("clicktop.toml", MAPPING.as_bytes());
    let header = "kind;when;who;where\n";
    let rows: Vec<String> = (0..600).map(|at| row(at, if at % 3 == 0 { "video" } else { "page" })).collect();
    let text = format!("{header}{}{header}{}broken\n", rows[..300].concat(), rows[300..].concat());
    let file = home.file("events.csv", text.as_bytes());
    let config = ["--config", "clicktop.toml"];
    let summary = home.replay(&file, &config);
    assert_eq!((&summary["stored"], &summary["left_out"]), (&400.into(), &200.into()), "{summary}");
    assert_eq!((&summary["rejected"], &summary["ingested"]), (&1.into(), &601.into()), "{summary}");
    figures::assert_exact(&home.data());
    let ids = "SELECT COUNT(DISTINCT click_id) FROM click_events";
    assert_eq!(figures::number(&home.data(), ids), 400, "each record has an id of its own");

    // Ids are those of the first time, under another name and packed.
    let packed = home.file("renamed.zst", &zstd::encode_all(text.as_bytes(), 3).expect("packed"));
    let again = home.replay(&packed, &[&config[..], &["--again"]].concat());
    assert_eq!((&again["stored"], &again["duplicates"]), (&0.into(), &400.into()), "{again}");
}

#[test]
fn an_access_log_is_followed_under_its_preset() {
    let home = Home::new();
    let line = |at: u32| {
        format!(
            "10.0.0.{at} - - [01/Jan/2026:00:00:{at:02} +0000] \"GET /p{at} HTTP/1.1\" 200 5 \"-\" \"Mozilla/5.0\"\n"
        )
    };
    let text: String = (0..20).map(line).collect();
    let file = home.file("access.log", text.as_bytes());
    let arguments = ["replay", "--follow", "access.log", "--preset", "combined", "--headless"];
    let mut run = home.start(&arguments);
    run.await_object("clicks", |object| object["totals"]["clicks"] == 20);
    std::fs::write(&file, text + &line(20)).expect("written");
    run.await_object("another click", |object| object["totals"]["clicks"] == 21);
    run.signal("TERM");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!((&ran.summary()["rejected"], &ran.summary()["duplicates"]), (&0.into(), &0.into()));
}

#[test]
fn the_fields_of_a_w3c_log_change_in_the_middle_and_a_replay_goes_on_under_the_new_ones() {
    let home = Home::new();
    let one = "#Version: 1.0\n#Fields: date time c-ip cs-uri-stem\n2026-01-01 00:00:00 10.0.0.1 /a\n";
    let two = "#Fields: c-ip date time cs-uri-stem\n10.0.0.2 2026-01-01 00:00:01 /b\n";
    let file = home.file("u_ex.log", format!("{one}{two}").as_bytes());
    let config = home.file(
        "clicktop.toml",
        b"[events]\nform = \"w3c\"\nuser_id = \"c-ip\"\nurl = \"cs-uri-stem\"\ntimestamp = { join = [\"date\", \"time\"], with = \" \" }\n",
    );
    let config = config.display().to_string();
    let summary = home.replay(&file, &["--config", &config]);
    assert_eq!((&summary["stored"], &summary["rejected"]), (&2.into(), &0.into()), "{summary}");
    std::fs::write(&file, format!("{one}{two}10.0.0.3 2026-01-01 00:00:02 /c\n")).expect("written");
    let summary = home.replay(&file, &["--config", &config]);
    assert_eq!((&summary["stored"], &summary["duplicates"]), (&1.into(), &0.into()), "{summary}");
    assert_eq!(home.top().len(), 3);
}

#[test]
fn a_mapping_that_does_not_fit_is_one_clear_line() {
    let home = Home::new();
    home.file("clicktop.toml", MAPPING.as_bytes());
    home.file("other.csv", b"kind;when;user;where\npage;2026-01-01T00:00:00Z;u1;/a\n");
    let ran = home.run(&["replay", "other.csv", "--config", "clicktop.toml", "--headless"]);
    let line = ran.one_clear_line();
    assert!(line.contains("other.csv") && line.contains("`who`") && line.contains("events.user_id"), "{line}");
}
