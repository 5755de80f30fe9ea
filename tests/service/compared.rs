//! A window beside the same span of time earlier, as a script asks for it.

use serde_json::{Value, json};

use crate::rig::{Client, until};
use crate::support::program::Home;

const NINE: &str = "click_id,user_id,timestamp,url,country,city,browser,os,device\n";

/// `clicks` of a url by one user, a second apart, from a minute of the hour on.
fn clicks(url: &str, clicks: u32, hour: u32, minute: u32) -> String {
    let line = |second| {
        format!("{url}{hour}{second},u,2026-01-01T{hour:02}:{minute:02}:{second:02}Z,{url},FR,Paris,F,L,desktop\n")
    };
    (0..clicks).map(line).collect()
}

#[test]
fn rows_have_their_figures_an_hour_before_and_those_that_are_gone_are_among_them() {
    let home = Home::new();
    let then = clicks("/cart", 4, 11, 58) + &clicks("/gone", 2, 11, 58);
    let now = clicks("/cart", 7, 12, 58) + &clicks("/new", 1, 12, 58);
    let text = format!("{NINE}{}{then}{now}", clicks("/old", 1, 10, 0));
    let file = home.file("clicks.csv", text.as_bytes()).display().to_string();
    let socket = home.path("s.sock").display().to_string();
    let run = home.start(&["replay", &file, "--follow", "--headless", "--listen", &socket]);
    let client = Client::at_socket(home.path("s.sock"));
    let rows = |query: &str| client.get(&format!("/v1/top?window=last_five_minutes&{query}")).json();
    until("every click counted", || client.path_exists() && rows("")["rows"][0]["clicks"] == 7);

    let compared = rows("compare=hour");
    let told: Vec<Value> = compared["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| json!([row["url"], row["clicks"], row["before"]["clicks"]]))
        .collect();
    assert_eq!(told, [json!(["/cart", 7, 4]), json!(["/new", 1, null]), json!(["/gone", 0, 2])], "{compared}");
    assert_eq!(compared["problem"], Value::Null);
    let rising = rows("compare=hour&sort=rising");
    assert_eq!(rising["rows"][2]["url"], "/gone", "{rising}");
    // Whoever waits for figures that never come waits for nothing.
    let nothing = rows("compare=week");
    assert_eq!(nothing["rows"][0]["clicks"], 7, "{nothing}");
    let why = nothing["problem"].as_str().unwrap_or_default();
    assert!(why.starts_with("nothing to compare with: no stored click is older than the same"), "{why}");
    let refused = client.get("/v1/top?compare=hour");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("compare needs a window"), "{}", refused.text());
    run.signal("TERM");
    assert_eq!(run.end().status.code(), Some(0));
}
