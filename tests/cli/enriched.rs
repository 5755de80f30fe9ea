//! Places, browsers and bots from addresses and user agents, and what is kept of users.

use std::path::{Path, PathBuf};

use crate::support::figures;
use crate::support::program::Home;

const MAPPING: &str = r#"
[events]
form = "json"
click_id = "id"
user_id = "user"
timestamp = "time"
url = "url"
ip = "ip"
user_agent = "ua"
"#;

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/17.0 Mobile/15E148 Safari/604.1";
const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

fn database(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/geoip").join(name).display().to_string()
}

fn event(id: u32, user: &str, ip: &str, agent: &str) -> String {
    let time = format!("2026-01-01T00:{:02}:00Z", id % 60);
    serde_json::json!({"id": id, "user": user, "time": time, "url": "/a", "ip": ip, "ua": agent}).to_string() + "\n"
}

/// The first column of what `query` finds.
fn texts(data: &Path, query: &str) -> Vec<String> {
    let database = figures::database(data);
    let mut statement = database.prepare(query).expect("a query");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.map(|text| text.expect("a text")).collect()
}

/// Whether a file of the data directory holds `text`.
fn holds(data: &Path, text: &str) -> bool {
    let files = std::fs::read_dir(data).expect("a folder").flatten().filter(|file| file.path().is_file());
    files
        .map(|file| std::fs::read(file.path()).expect("a file"))
        .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

/// A replay of five visitors under `config` below the mapping. Returns the summary.
fn replay(home: &Home, config: &str) -> serde_json::Value {
    home.file("clicktop.toml", format!("{MAPPING}{config}").as_bytes());
    let events = [
        event(1, "ann", "88.121.3.4", IPHONE),
        event(2, "bob", "10.0.0.7, 8.8.8.8", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        event(3, "eve", "192.168.0.1", ""),
        event(4, "crawler", "2a00:1450:4007::1", GOOGLEBOT),
        event(5, "far", "not an address", &"x".repeat(300_000)),
    ];
    let file =
        home.file("events.json", (events.concat() + "{\"user\":\"secret-user\",\"ip\":\"88.121.9.9\"}\n").as_bytes());
    home.replay(&file, &["--config", "clicktop.toml"])
}

fn rows(home: &Home) -> Vec<String> {
    texts(
        &home.data(),
        "SELECT user_id || ' ' || country || ' ' || city || ' ' || browser || ' ' || os || ' ' || device \
         FROM click_events ORDER BY CAST(click_id AS INTEGER)",
    )
}

#[test]
fn events_with_an_address_and_a_user_agent_get_place_browser_system_and_device() {
    let home = Home::new();
    let summary = replay(&home, &format!("[geoip]\ndatabase = \"{}\"\n", database("nested.mmdb")));
    assert_eq!((&summary["stored"], &summary["bots"], &summary["rejected"]), (&5.into(), &1.into(), &1.into()));
    assert_eq!(
        rows(&home),
        [
            "ann FR Paris Mobile Safari iOS iPhone",
            "bob US Mountain View Firefox Linux unknown",
            "eve unknown unknown unknown unknown unknown",
            "crawler GB London Googlebot unknown bot",
            "far unknown unknown unknown unknown unknown",
        ]
    );
    figures::assert_exact(&home.data());
    for file in ["88.121.3.4", "8.8.8.8", "192.168.0.1", "2a00:1450"] {
        assert!(!holds(&home.data(), file), "the address {file} is in the database");
    }
}

#[test]
fn bots_can_be_left_out_and_are_counted() {
    let home = Home::new();
    let summary = replay(&home, "[user_agents]\nbots = \"drop\"\n");
    assert_eq!((&summary["stored"], &summary["bots"], &summary["left_out"]), (&4.into(), &1.into(), &1.into()));
    assert!(rows(&home).iter().all(|row| !row.starts_with("crawler")));
}

#[test]
fn hashed_users_count_as_before_and_nothing_names_them() {
    let home = Home::new();
    home.file("key", "0123456789abcdef0123456789abcdef\n".as_bytes());
    let summary = replay(&home, "[privacy]\nusers = \"hash\"\nkey_file = \"key\"\n");
    assert_eq!((&summary["stored"], &summary["rejected"]), (&5.into(), &1.into()), "{summary}");
    figures::assert_exact(&home.data());
    let users = texts(&home.data(), "SELECT DISTINCT user_id FROM click_events");
    assert_eq!(users.len(), 5);
    assert!(
        users.iter().all(|user| user.len() == 32 && user.bytes().all(|byte| byte.is_ascii_hexdigit())),
        "{users:?}"
    );
    // A second run with the same key knows the same users.
    home.file("more.json", event(6, "ann", "", "").as_bytes());
    home.replay(&home.path("more.json"), &["--config", "clicktop.toml"]);
    assert_eq!(texts(&home.data(), "SELECT DISTINCT user_id FROM click_events").len(), 5);
    for text in ["crawler", "secret-user", "88.121.9.9", "0123456789abcdef"] {
        assert!(!holds(&home.data(), text), "{text} is in the database");
    }
}

#[test]
fn what_cannot_be_used_is_one_clear_line() {
    let refused = |config: &str| {
        let home = Home::new();
        home.file("key", b"short\n");
        home.file("clicktop.toml", format!("{MAPPING}{config}").as_bytes());
        home.file("text.mmdb", b"no database");
        let file = home.file("events.json", event(1, "u", "8.8.8.8", "").as_bytes());
        let file = file.display().to_string();
        let ran = home.run(&["replay", &file, "--headless", "--config", "clicktop.toml"]);
        ran.one_clear_line().to_owned()
    };
    let line = refused("[geoip]\ndatabase = \"missing.mmdb\"\n");
    assert!(line.contains("geoip.database") && line.contains("missing.mmdb: No such file"), "{line}");
    let line = refused("[geoip]\ndatabase = [\"text.mmdb\", \"missing.mmdb\"]\n");
    assert!(line.contains("not a complete GeoIP database"), "{line}");
    let line = refused(&format!("[geoip]\ndatabase = \"{}\"\n", database("asn.mmdb")));
    assert!(line.contains("tells neither countries nor cities"), "{line}");
    let line = refused("[privacy]\nusers = \"hash\"\n");
    assert!(line.contains("privacy.key_file"), "{line}");
    let line = refused("[privacy]\nusers = \"hash\"\nkey_file = \"key\"\n");
    assert!(line.contains("openssl rand -hex 32") && !line.contains("short\n"), "{line}");
}

#[test]
fn a_database_without_an_address_in_the_events_is_one_clear_line() {
    let home = Home::new();
    let mapping = MAPPING.replace("ip = \"ip\"\n", "");
    home.file("clicktop.toml", format!("{mapping}[geoip]\ndatabase = \"{}\"\n", database("nested.mmdb")).as_bytes());
    let file = home.file("events.json", event(1, "u", "8.8.8.8", "").as_bytes()).display().to_string();
    let ran = home.run(&["replay", &file, "--headless", "--config", "clicktop.toml"]);
    assert!(ran.one_clear_line().contains("set events.ip"), "{ran:?}");
}
