//! Beyond the overview: filters, the mouse, the other views, files, the title, the reset.

use clicktop::click::Timestamp;

use crate::demo;
use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::Home;
use crate::support::screen::{all_run, figure};
use crate::support::terminal::{Size, Terminal};

/// The rows of the urls' table: its part of each line, from below its heads.
fn urls(screen: &str) -> Vec<String> {
    let lines: Vec<&str> = screen.lines().collect();
    let Some(at) = lines.iter().position(|line| line.contains("urls of ")) else { return Vec::new() };
    let tables = lines.iter().skip(at + 2).take_while(|line| !line.contains('╰') && !line.contains('┗'));
    let cell = |line: &&str| line.rsplit(['│', '┃']).nth(1).map(|cell| cell.trim_matches(['▸', ' ']).to_owned());
    tables.filter_map(cell).filter(|cell| !cell.is_empty()).collect()
}

fn quit(mut terminal: Terminal, home: &Home) {
    terminal.quit();
    figures::assert_exact(&home.data());
}

#[test]
fn urls_are_filtered_as_it_is_typed_by_text_and_by_pattern_and_a_bad_pattern_says_so() {
    let home = Home::new();
    let mut terminal = demo(&home);
    terminal.keys("/cart");
    let all_hold = |screen: &str, part: &str| {
        let rows = urls(screen);
        !rows.is_empty() && rows.iter().all(|row| row.contains(part))
    };
    terminal.wait("urls with cart only", |screen| all_hold(screen, "cart"));
    terminal.keys("\x15~^/product[");
    terminal.wait("what is wrong with it", |screen| screen.contains("unclosed character class"));
    terminal.keys("\x7fs/.*-[0-9]+ ?$\r");
    terminal.wait("urls of products only", |screen| all_hold(screen, "/products/") && !screen.contains("unclosed"));
    terminal.keys("\x1b");
    terminal.wait("every url again", |screen| urls(screen).iter().any(|row| row.starts_with("/ ")));
    quit(terminal, &home);
}

#[test]
fn a_click_on_a_columns_head_sorts_and_the_mouse_can_be_given_away() {
    let home = Home::new();
    let mut terminal = demo(&home);
    let screen = terminal.screen();
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains("avg time")).expect("the heads");
    let column = line.chars().collect::<String>().split("avg time").next().map_or(0, |before| before.chars().count());
    terminal.keys(&format!("\x1b[<0;{};{}M", column + 3, row + 1));
    terminal.wait("by time", |screen| screen.contains("urls of all countries by time"));
    terminal.keys("m");
    terminal.wait("a word about it", |screen| screen.contains("mouse off: select text with it"));
    // The terminal has its mouse back.
    terminal.wait_for_sent(b"\x1b[?1000l");
    terminal.keys("m");
    terminal.wait("the mouse again", |screen| screen.contains("mouse on: it picks rows and panels"));
    quit(terminal, &home);
}

#[test]
fn every_view_opens_by_its_key_and_the_palette_and_esc_leads_back() {
    let home = Home::new();
    let mut terminal = demo(&home);
    for (key, shown) in [
        ("\x1bOQ", "loses in"),
        ("\x1bOR", "write-ahead log"),
        ("\x1bOS", "nothing was rejected"),
        ("\x1b[17~", "assigned partitions"),
        ("\x1b[18~", "5% and more"),
        (":view-store\r", "write-ahead log"),
        ("\x1bOP", "1 ingest"),
    ] {
        terminal.keys(key);
        terminal.wait(shown, |screen| screen.contains(shown));
    }
    terminal.keys("\x1b[15~cart");
    terminal.wait("what the index finds", |screen| screen.matches("/cart").count() > 2);
    terminal.keys("\r\r");
    // A frame may be on its way: whole, it has nothing of the one before.
    let is_page = |screen: &str| screen.contains("newest clicks") && screen.contains("trend");
    terminal.wait("a url's page", |screen| is_page(screen) && !screen.contains(" results "));
    terminal.keys("\x1b");
    terminal.wait("the search again", |screen| screen.contains(" results ") && !screen.contains("newest clicks"));
    terminal.keys("\x1b");
    terminal.wait("the overview", all_run);
    quit(terminal, &home);
}

#[test]
fn the_table_and_the_screen_are_written_to_files() {
    let home = Home::new();
    let mut terminal = demo(&home);
    terminal.keys("\t");
    for (name, begins) in [("urls.csv", "url,country,clicks"), ("screen.svg", "<svg "), ("screen.txt", " clicktop")] {
        export(&mut terminal, name);
        terminal.wait("a word about it", |screen| screen.contains(&format!("written to {name}")));
        let written = std::fs::read_to_string(home.path(name)).expect("the file");
        assert!(written.starts_with(begins), "{name}: {}", written.chars().take(200).collect::<String>());
    }
    quit(terminal, &home);
}

fn export(terminal: &mut Terminal, name: &str) {
    terminal.keys("e\x15");
    terminal.keys(name);
    terminal.keys("\r");
}

#[test]
fn an_export_holds_every_row_of_the_view_and_says_how_many() {
    let mut clicks = made(81, 6_000);
    for (at, click) in clicks.iter_mut().enumerate() {
        click.url = format!("/page/{}", at % 1_500);
    }
    let all = figures::of_clicks(&clicks);
    let home = Home::new();
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))).display().to_string();
    let mut terminal = Terminal::start(&home, &["replay", &file], crate::WIDE);
    terminal.wait("the end", |screen| screen.contains("finished: 6,000 clicks stored"));
    assert!(all.len() > 200, "more rows than the screen asks for: {}", all.len());
    terminal.keys("\t");
    for name in ["all.csv", "all.json"] {
        export(&mut terminal, name);
        let said = format!("{} rows written to {name}", grouped(all.len()));
        terminal.wait(&said, |screen| screen.contains(&said));
    }
    figures::assert_same("csv", &figures::of_csv(&home.path("all.csv")), &all);
    let rows: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(home.path("all.json")).expect("a file")).expect("an array");
    assert_eq!(rows.len(), all.len());
    // In the order of the screen.
    assert!(rows.is_sorted_by(|a, b| a["clicks"].as_u64() >= b["clicks"].as_u64()));

    terminal.keys("/~[02468]$\r");
    let even = |url: &str| url.ends_with(['0', '2', '4', '6', '8']);
    let some: figures::Figures =
        all.iter().filter(|((url, _), _)| even(url)).map(|(page, figure)| (page.clone(), *figure)).collect();
    assert!(!some.is_empty() && some.len() < all.len(), "{}", some.len());
    let said = format!("{} rows written to some.csv", grouped(some.len()));
    export(&mut terminal, "some.csv");
    terminal.wait(&said, |screen| screen.contains(&said));
    figures::assert_same("filter", &figures::of_csv(&home.path("some.csv")), &some);
    // What is there is not written over.
    export(&mut terminal, "some.csv");
    terminal.wait("a refusal", |screen| screen.contains("some.csv exists already"));
    let left: Vec<_> =
        std::fs::read_dir(home.path("")).expect("a folder").flatten().map(|file| file.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".clicktop-")), "{left:?}");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn the_table_of_top_fits_the_terminal() {
    let mut clicks = made(82, 200);
    for (at, click) in clicks.iter_mut().enumerate() {
        click.url = format!("/{}/{}", "日本語/long".repeat(30), at % 7);
    }
    let home = Home::new();
    home.replay(&home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))), &[]);
    for (flags, fits) in [(&["top", "--limit", "5"][..], true), (&["top", "--limit", "5", "--wide"], false)] {
        let mut terminal = Terminal::start(&home, flags, crate::USUAL);
        assert_eq!(terminal.end(), 0);
        let screen = terminal.screen();
        let used = screen.lines().filter(|line| !line.trim().is_empty()).count();
        assert!((used == 6) == fits, "{flags:?}:\n{screen}");
        assert_eq!(screen.matches('…').count(), if fits { 5 } else { 0 }, "{screen}");
    }
}

/// `1,234`.
fn grouped(n: usize) -> String {
    if n < 1_000 { n.to_string() } else { format!("{},{:03}", n / 1_000, n % 1_000) }
}

#[test]
fn what_is_steered_by_key_is_in_the_log() {
    let home = Home::new();
    let mut terminal = demo(&home);
    terminal.keys("2 ");
    terminal.wait("a stopped store", |screen| screen.contains("store stopped"));
    terminal.keys(" ");
    terminal.wait("all running", all_run);
    terminal.keys("\x1b[17~");
    terminal.wait("what was done", |screen| {
        screen.contains("store stopped by key") && screen.contains("store started by key")
    });
    quit(terminal, &home);
}

#[test]
fn a_broker_that_refuses_is_read_in_full_in_place_of_no_clicks() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["run", "--brokers", "127.0.0.1:1"], crate::USUAL);
    terminal.wait("the cause", |screen| {
        // However it is broken into lines.
        let words: String = screen.chars().filter(|c| c.is_alphanumeric()).collect();
        words.to_lowercase().contains("refuse") && screen.contains("next try in") && !screen.contains("no clicks yet")
    });
    terminal.quit();
}

#[test]
fn the_title_says_how_the_pipeline_is() {
    let home = Home::new();
    let mut terminal = demo(&home);
    terminal.keys("2 ");
    terminal.wait("a stopped store", |screen| screen.contains("store stopped"));
    for title in ["running", "3 of 4 stages run"] {
        terminal.wait_for_sent(format!("\x1b]0;clicktop clicks: {title}\x07").as_bytes());
    }
    assert!(terminal.has_sent(b"\x1b[22;0t"), "the title before is kept");
    terminal.keys(" ");
    terminal.wait("all running", all_run);
    quit(terminal, &home);
}

#[test]
fn a_reset_asks_and_then_counts_anew() {
    let home = Home::new();
    let mut terminal = demo(&home);
    terminal.wait("some clicks", |screen| figure(screen, "clicks") > Some(3_000));
    terminal.keys("R");
    terminal.wait("a question", |screen| screen.contains("Type reset, then Enter:"));
    terminal.keys("n\r");
    terminal.wait("more clicks", |screen| figure(screen, "clicks") > Some(5_000));
    terminal.keys("R");
    terminal.wait("a question", |screen| screen.contains("Type reset, then Enter:"));
    terminal.keys("reset\r");
    terminal.wait("fewer clicks", |screen| figure(screen, "clicks").is_some_and(|clicks| clicks < 3_000));
    terminal.wait("clicks that are counted again", |screen| all_run(screen) && figure(screen, "clicks") > Some(500));
    quit(terminal, &home);
}

#[test]
fn a_click_of_the_future_is_shown_as_such_and_leaves_the_windows_to_the_others() {
    let home = Home::new();
    let now = Timestamp::now().as_millis() / 1000;
    let mut text = "x0,bot,9999-12-31T23:59:59Z,/future,FR,,,,\n".to_owned();
    for at in 0..2_000 {
        text += &format!("l{at},u{},{},/live{},FR,,,,\n", at % 50, now - 200 + at % 200, at % 5);
    }
    let file = home.file("live.csv", text.as_bytes()).display().to_string();
    let mut terminal = Terminal::start(&home, &["replay", &file], Size { columns: 140, rows: 40 });
    terminal.wait("the end", |screen| screen.contains("finished: 2,001 clicks stored"));
    terminal.wait("the future", |screen| screen.contains("1 future"));
    // The last minute of the live clicks: 60 of 200 seconds, ten clicks a second, over five urls.
    let is_live = |row: &str| row.starts_with("/live") && row.split_whitespace().nth(3) == Some("120");
    terminal.wait("the clicks of the last minute", |screen| {
        let rows = urls(screen);
        rows.iter().filter(|row| is_live(row)).count() == 5
            && rows.iter().any(|row| row.starts_with("/future") && row.split_whitespace().nth(3) == Some("0"))
    });
    for window in ["last hour", "last 5 min"] {
        terminal.keys("w");
        terminal.wait(window, |screen| {
            let rows = urls(screen);
            screen.contains(window)
                && rows.len() == 5
                && rows.iter().all(|row| row.starts_with("/live") && row.split_whitespace().nth(2) == Some("400"))
        });
    }
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}
