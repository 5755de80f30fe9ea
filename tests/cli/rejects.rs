//! Lines that are no clicks are kept with their reason, and cost none of their neighbours.

use crate::support::clicks::{lines, made};
use crate::support::figures::{self, database};
use crate::support::program::Home;

/// Every kind of broken line, with a word of the reason that must be given.
fn broken() -> Vec<(Vec<u8>, &'static str)> {
    let mut too_long = b"c,u,2024-01-01T00:00:00Z,/".to_vec();
    too_long.resize(2 << 20, b'x');
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (text("c,u,2024-01-01T00:00:00Z,\"/cut"), "never closed"),
        (text("c,u,2024-01-01T00:00:00Z,\"/a\"b,FR,,,,"), "after the closing quote"),
        (text("c,u,2024-01-01T00:00:00Z,/a\"b,FR,,,,"), "quote inside"),
        (text("c,u,yesterday,/,FR,,,,"), "timestamp `yesterday`"),
        (text("c,u,2024-13-01T00:00:00Z,/,FR,,,,"), "calendar"),
        (text("c,u,17000000000000,/,FR,,,,"), "is not a Unix time"),
        (text("c,u,20170801,/,FR,,,,"), "a date without separators"),
        (text("c,u,\u{1b}[2J,/,FR,,,,"), "timestamp"),
        (text("c,u,,/,FR,,,,"), "`timestamp` is missing"),
        (text(",u,2024-01-01T00:00:00Z,/,FR,,,,"), "`click_id` is missing"),
        (text("c,,2024-01-01T00:00:00Z,/,FR,,,,"), "`user_id` is missing"),
        (text("c,u,2024-01-01T00:00:00Z,,FR,,,,"), "`url` is missing"),
        (text("just a line"), "1 CSV field instead"),
        (text("c,u,2024-01-01T00:00:00Z,/,FR,,,,,too,many"), "CSV fields"),
        (b"c,u,2024-01-01T00:00:00Z,/\xff\xfe,FR,,,,".to_vec(), "not UTF-8"),
        (text("{\"click_id\":\"c\",\"user_id\":\"u\""), "JSON"),
        (text("{\"user_id\":\"u\",\"timestamp\":\"2024-01-01T00:00:00Z\",\"url\":\"/\"}"), "`click_id` is missing"),
        (text("{\"click_id\":[1],\"user_id\":\"u\",\"timestamp\":1700000000,\"url\":\"/\"}"), "`click_id` is"),
        (too_long, "longer than the limit"),
    ]
}

#[test]
fn broken_lines_are_kept_and_good_ones_counted() {
    const CLICKS: usize = 4_000;
    let broken = broken();
    let mut clicks = made(31, CLICKS);
    // Text that steers terminals is data like any other.
    for (at, click) in clicks.iter_mut().enumerate().filter(|(at, _)| at % 40 == 0) {
        click.url = ["/\u{1b}[2J\u{1b}]0;owned\u{7}", "/\u{9b}31m", "/\u{202e}gpj.exe", "/\u{8}\u{0}\t"][at / 40 % 4]
            .to_owned();
    }
    let mut text = Vec::new();
    let mut sent = Vec::new();
    for (at, click) in clicks.iter().enumerate() {
        if at % 100 == 50 {
            let (line, _) = &broken[at / 100 % broken.len()];
            sent.push(&broken[at / 100 % broken.len()]);
            text.extend_from_slice(&lines([line.clone()]));
        }
        text.extend_from_slice(&lines([click.csv()]));
    }
    assert!(sent.len() >= CLICKS / 100, "one line in a hundred is broken");

    let home = Home::new();
    let summary = home.replay(&home.file("clicks.csv", &text), &[]);
    assert_eq!(summary["complete"], true, "{summary}");
    assert_eq!((&summary["stored"], &summary["rejected"]), (&CLICKS.into(), &sent.len().into()), "{summary}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
    figures::assert_exact(&home.data());

    let database = database(&home.data());
    let mut select = database
        .prepare(
            "SELECT reason, payload, payload_bytes FROM rejects WHERE stage = 'ingest' AND topic LIKE '%clicks.csv'",
        )
        .expect("a query");
    let kept: Vec<(String, Vec<u8>, usize)> = select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rejects");
    assert_eq!(kept.len(), sent.len());
    for (line, reason) in sent {
        let found = kept.iter().find(|(why, payload, _)| line.starts_with(payload) && why.contains(reason));
        let (why, payload, bytes) = found.unwrap_or_else(|| panic!("{reason:?} is not among {:?}", reasons(&kept)));
        assert_eq!(payload.len(), line.len().min(64 * 1024), "{why}");
        assert!(*bytes >= payload.len() && *bytes <= line.len(), "{why}: {bytes} bytes");
        assert!(!why.contains(char::is_control), "{why:?} is safe to print");
    }
    let oldest = "SELECT COUNT(*) FROM rejects WHERE partition IS NOT NULL OR \"offset\" IS NULL";
    assert_eq!(figures::number(&home.data(), oldest), 0, "each names its line in the file");
}

fn reasons(kept: &[(String, Vec<u8>, usize)]) -> Vec<&str> {
    kept.iter().map(|(why, ..)| why.as_str()).collect()
}

#[test]
fn no_format_of_top_lets_a_url_steer_the_terminal() {
    let mut clicks = made(32, 20);
    for click in &mut clicks {
        click.url = "/\u{1b}[2J\u{9b}31m\u{202e}".to_owned();
    }
    let home = Home::new();
    home.replay(&home.file("clicks.json", &lines(clicks.iter().map(|click| click.json()))), &[]);
    for format in ["table", "json"] {
        let text = home.succeed(&["top", "--format", format]).stdout;
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{format}: {text:?}");
    }
}

#[test]
fn the_oldest_rejects_go_where_there_are_too_many_and_are_told_and_counted() {
    let home = Home::new();
    let config = home.file("clicktop.toml", b"[store]\nmax_rejects = 100\nmax_reject_bytes = '10 KB'\n");
    let config = ["--config", config.to_str().expect("a path")];
    let mut text: Vec<u8> = (0..400).flat_map(|at| format!("not a click {at}\n").into_bytes()).collect();
    text.extend_from_slice(&lines(made(33, 50).iter().map(crate::support::clicks::OwnedClick::csv)));
    let file = home.file("clicks.csv", &text).display().to_string();
    let ran = home.succeed(&[&["replay", &file, "--headless"][..], &config].concat());
    let summary = ran.summary();
    assert_eq!((&summary["stored"], &summary["rejected"]), (&50.into(), &400.into()), "{summary}");
    let said = ran.stderr.matches("the oldest ones are deleted (store.max_rejects, store.max_reject_bytes)").count();
    assert_eq!(said, 1, "{}", ran.stderr);
    let kept = || {
        let kept = "SELECT COUNT(*) FROM rejects";
        let all = "SELECT MAX(id) FROM rejects";
        (figures::number(&home.data(), kept), figures::number(&home.data(), all))
    };
    let (rows, all) = kept();
    assert!(rows <= 100 && all == 400, "{rows} of {all}");
    assert_eq!(figures::number(&home.data(), "SELECT MIN(id) FROM rejects"), all - rows + 1, "the newest stay");
    // By their bytes: ten of a kilobyte at most.
    let long: Vec<u8> =
        (0..30).flat_map(|at| format!("not a click {at} {}\n", "x".repeat(1_000)).into_bytes()).collect();
    let long = home.file("long.csv", &long).display().to_string();
    let ran = home.run(&[&["replay", &long, "--headless"][..], &config].concat());
    assert_eq!(ran.summary()["rejected"], 30);
    let (rows, all) = kept();
    assert!((5..10).contains(&rows) && all == 430, "{rows} of {all}");
}
