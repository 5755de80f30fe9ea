//! The views beside the overview: what they ask for, what they show, and how one gets there and back.

use super::{Console, fixture};
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::protocol::Command;
use crate::protocol::answer::Answer;
use crate::protocol::question::{PageQuestion, Question, RejectsQuestion, SearchQuestion};
use crate::protocol::snapshot::{LogLevel, Snapshot};
use std::sync::Arc;

fn console(width: u16, height: u16) -> Console {
    let mut console = Console::new(width, height);
    console.show(fixture::running());
    console.sent();
    console
}

fn search(text: &str) -> SearchQuestion {
    SearchQuestion { text: text.into(), country: None, limit: 200 }
}

fn asked(question: Question) -> Vec<Command> {
    vec![Command::Ask(question)]
}

#[test]
fn every_view_at_every_size() {
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut console = console(width, height);
        console.show(fixture::knowing());
        for (key, name) in [("F2", "partitions"), ("F3", "store"), ("F4", "rejects"), ("F6", "log")] {
            console.press(key);
            insta::assert_snapshot!(format!("view_{name}_{width}x{height}"), console.screen());
        }
        console.press("F5 c a r Enter Down");
        insta::assert_snapshot!(format!("view_search_{width}x{height}"), console.screen());
        console.press("Enter");
        insta::assert_snapshot!(format!("view_url_{width}x{height}"), console.screen());
    }
}

#[test]
fn keys_tabs_and_the_mouse_lead_from_view_to_view_and_esc_back() {
    let mut console = console(120, 40);
    console.press("F3");
    assert_eq!(console.app.screens.open, Screen::Store);
    console.press("v Left Left Right");
    assert_eq!(console.app.screens.open, Screen::Store);
    console.press("F1");
    assert_eq!(console.app.screens.open, Screen::Overview);
    console.press("v Esc");
    assert_eq!(console.app.screens.open, Screen::Overview);
    console.press("F2");
    let tabs = console.app.display.layout.as_ref().and_then(|layout| layout.tabs).expect("visible");
    let x = console.screen().lines().find_map(|line| line.find("F6 log")).expect("on the screen");
    console.click(u16::try_from(x).expect("on the screen") + 3, tabs.y);
    assert_eq!(console.app.screens.open, Screen::Log);
}

#[test]
fn a_stages_key_goes_to_where_it_is_steered_from_every_view() {
    let mut console = console(120, 40);
    console.press("F3 2 Space");
    assert_eq!(console.sent(), [Command::Stage { id: "store".into(), action: crate::protocol::StageAction::Stop }]);
    assert_eq!(console.app.screens.open, Screen::Overview);
    console.press("F3 s l Space r");
    assert_eq!(
        (console.sent(), console.app.screens.open),
        (vec![], Screen::Store),
        "keys of the overview mean nothing here"
    );
}

#[test]
fn rejects_are_asked_for_when_opened_and_when_there_are_more() {
    let mut console = console(120, 40);
    console.press("F4");
    let question = Question::Rejects(RejectsQuestion { limit: 200 });
    assert_eq!(console.sent(), asked(question.clone()));
    assert!(console.screen().contains("asking the store…"));
    console.show(fixture::knowing()).pass(1);
    assert_eq!(console.sent(), [], "the same number of rejects: the same rejects");
    console.press("Down");
    let screen = console.screen();
    assert!(screen.contains("payload") && screen.contains("expected 9 fields, found 2"), "{screen}");
    let mut more = fixture::knowing();
    more.totals.rejected += 1;
    console.show(more.clone()).pass(1);
    assert_eq!(console.sent(), asked(question));
    let answer = more.answers.rejects.as_ref().expect("an answer");
    let mut found = answer.found.clone().expect("rejects");
    found.rows.insert(0, fixture::reject("a newer one", "x"));
    more.answers.rejects = Some(Arc::new(Answer { asked: answer.asked.clone(), found: Ok(found) }));
    console.show(more);
    assert_eq!(console.app.screens.rejects.at, 2, "the cursor stays on its message");
}

#[test]
fn a_search_runs_as_it_is_typed_and_shows_no_answer_to_another() {
    let mut console = console(120, 40);
    console.press("F5 c");
    assert_eq!(console.sent(), asked(Question::Search(search("c"))));
    console.press("a r");
    assert_eq!(console.sent(), asked(Question::Search(search("car"))), "only the newest question matters");
    assert!(console.screen().contains("searching…"));
    let mut snapshot = fixture::knowing();
    console.show(snapshot.clone());
    assert!(console.screen().contains("/cart"));
    console.press("t");
    assert!(console.screen().contains("searching…") && !console.screen().contains("2 results"), "{}", console.screen());
    let failed = Answer { asked: search("cart"), found: Err("https://search:9200 is unreachable".to_owned()) };
    snapshot.answers.search = Some(Arc::new(failed));
    console.show(snapshot);
    assert!(console.screen().contains("https://search:9200 is unreachable"), "{}", console.screen());
    console.press("Esc q");
    assert!(console.app.overlays.prompt.is_some(), "after Esc the keys are keys again");
}

#[test]
fn a_search_that_found_as_much_as_was_asked_for_says_that_these_are_the_first() {
    let mut console = console(120, 40);
    console.press("F5 c a r Enter");
    let mut snapshot = fixture::knowing();
    let found = |rows| Some(Arc::new(Answer { asked: search("car"), found: Ok(rows) }));
    let row = snapshot.answers.search.as_ref().and_then(|answer| answer.found.as_ref().ok()).expect("rows")[0].clone();
    for (rows, said) in [(199, " 199 results "), (200, " the first 200 results ")] {
        snapshot.answers.search = found(vec![row.clone(); rows]);
        assert!(console.show(snapshot.clone()).screen().contains(said), "{}", console.screen());
    }
}

#[test]
fn letters_are_text_while_a_line_is_typed_but_ctrl_c_ends() {
    let mut console = console(120, 40);
    console.press("F5 q X Space ? 1");
    assert_eq!(console.app.screens.search_text, "qX ?1");
    assert!(console.app.overlays.prompt.is_none() && console.app.overlays.help.is_none());
    console.press("^u");
    assert_eq!(console.app.screens.search_text, "");
    console.press("^c");
    assert!(console.app.overlays.prompt.is_some());
    console.press("n Esc");
    assert_eq!(console.app.screens.open, Screen::Overview, "an empty search has nothing to stay for");
}

#[test]
fn enter_on_a_url_opens_its_page_and_esc_leads_back() {
    let mut console = console(120, 40);
    console.press("Tab Down Down Enter");
    let url = "/products/espresso-machine?ref=mail,campaign";
    let question = Question::Page(PageQuestion { url: url.into(), clicks: 200 });
    let both = [question, Question::Breakdown(console.app.screens.breakdown.question_beside(url))];
    let both: Vec<Command> = both.into_iter().map(Command::Ask).collect();
    assert_eq!((console.app.screens.open, console.sent()), (Screen::Url, both.clone()));
    assert!(console.screen().contains("loading…"));
    console.pass(1);
    assert_eq!(console.sent(), both, "its figures go on");
    console.press("Esc");
    assert_eq!((console.app.screens.open, console.app.overview.focus), (Screen::Overview, Panel::Urls));
}

#[test]
fn the_log_shows_levels_down_to_the_one_chosen_and_keeps_its_place() {
    let mut console = console(80, 24);
    console.press("F6 Up Up Up");
    let before = console.screen();
    assert!(before.contains("3 newer") && before.contains("errors 1"), "{before}");
    let mut snapshot = fixture::running();
    let mut log = snapshot.log.to_vec();
    log.push(crate::protocol::snapshot::LogLine { message: "one more".into(), ..log[0].clone() });
    snapshot.log = log.into();
    console.show(snapshot);
    assert!(console.screen().contains("4 newer"));
    console.press("f f");
    assert_eq!(console.app.screens.log.level(), LogLevel::Warn);
    let screen = console.screen();
    assert!(screen.contains("429 from the engine") && !screen.contains("committed"), "{screen}");
    console.press("f");
    assert!(!console.screen().contains("429 from the engine"));
}

#[test]
fn the_log_shows_the_lines_that_pass_the_filter_and_esc_takes_it_off() {
    let mut console = console(120, 40);
    console.press("F6 / ~ 4 2 9 | ^ i n g e s t $");
    let screen = console.screen();
    assert!(screen.contains("429 from the engine") && screen.contains("assigned clicks"), "{screen}");
    assert!(!screen.contains("committed"), "{screen}");
    console.press("(");
    let screen = console.screen();
    assert!(screen.contains("unclosed group") && screen.contains("429 from the engine"), "{screen}");
    assert!(!screen.contains("committed"), "the filter before stays: {screen}");
    insta::assert_snapshot!("log_filter_problem_120x40", screen);
    console.press("Enter Backspace Enter");
    assert!(
        console.app.overlays.line.is_none() && console.screen().contains("/ ~429|^ingest$"),
        "{}",
        console.screen()
    );
    console.press("/ ^u n o w h e r e Enter");
    assert!(console.screen().contains("no line matches"), "{}", console.screen());
    console.press("Esc");
    assert_eq!((console.app.screens.open, console.app.screens.log.filter.is_empty()), (Screen::Log, true));
    console.press("/ ! 4 2 9 Enter");
    assert!(!console.screen().contains("429 from the engine"));
    console.press("Esc Esc");
    assert_eq!((console.app.screens.open, console.sent()), (Screen::Overview, vec![]), "nobody else hears of it");
}

#[test]
fn rejects_are_filtered_by_reason_and_payload() {
    let mut console = console(120, 40);
    console.press("F4 Down / y e s t e r");
    console.show(fixture::knowing());
    let screen = console.screen();
    assert!(screen.contains("1 of the newest 2") && !screen.contains("expected 9 fields"), "{screen}");
    assert!(screen.contains("1,u,yesterday,/a"), "the first that is left is picked: {screen}");
    console.press("^u ~ e x p e c t e d | y e s t e r d a y , / Enter Down");
    let screen = console.screen();
    assert!(screen.contains("2 of the newest 2"), "{screen}");
    console.press("/ ^u ~ [ Enter");
    assert!(console.app.overlays.line.is_some() && console.screen().contains("unclosed character class"));
    console.press("Esc");
    assert!(console.screen().contains("2 of the newest 2"), "the filter before stays: {}", console.screen());
    console.press("Esc");
    assert!(console.screen().contains("newest 2 of 4,012"), "{}", console.screen());
    console.press("F2 /");
    assert!(console.app.overlays.line.is_none(), "there is nothing to filter");
}

#[test]
fn the_focused_panel_expands_and_comes_back() {
    let mut console = console(80, 24);
    console.press("Tab z");
    let screen = console.screen();
    assert!(screen.contains("urls of all countries") && !screen.contains("throughput"), "{screen}");
    insta::assert_snapshot!("expanded_urls_80x24", screen);
    console.press("Tab");
    assert!(console.screen().contains("recent clicks"), "Tab expands the next panel in its place");
    console.press("Tab");
    let screen = console.screen();
    assert!(screen.contains("rejected") && screen.contains("engine") && !screen.contains("countries"), "{screen}");
    console.press("Tab");
    assert!(console.screen().contains("throughput"), "the stages keep their throughput");
    console.press("Esc");
    assert!(console.screen().contains("countries"));
    console.press("z z");
    assert!(!console.app.overview.expanded);
}

#[test]
fn partitions_show_how_fast_each_is_stored() {
    let mut console = console(120, 40);
    for second in 0..10 {
        let mut snapshot: Snapshot = fixture::knowing();
        snapshot.uptime += std::time::Duration::from_secs(second);
        let mut partitions = snapshot.partitions.to_vec();
        partitions[0].stored = Some(1_000 + 250 * i64::try_from(second).expect("small"));
        snapshot.partitions = partitions.into();
        console.show(snapshot);
    }
    console.press("F2");
    let screen = console.screen();
    assert!(screen.contains("250/s") && screen.contains("paused"), "{screen}");
}

#[test]
fn hostile_text_never_breaks_a_view() {
    let evil = "a\u{1b}[2J\u{7}\r\n\tb\u{9b}31m\u{202e}\u{200b}\u{301}\u{301}👩‍👩‍👧日本".repeat(40);
    let mut snapshot = fixture::knowing();
    snapshot.store.path = evil.clone();
    snapshot.source.topic = evil.clone();
    let mut found = snapshot.answers.rejects.as_ref().expect("an answer").found.clone().expect("rejects");
    found.rows.insert(0, fixture::reject(&evil, &evil));
    let question = RejectsQuestion { limit: 200 };
    snapshot.answers.rejects = Some(Arc::new(Answer { asked: question, found: Ok(found) }));
    snapshot.answers.search = Some(Arc::new(Answer { asked: search("x"), found: Err(evil) }));
    for (width, height) in [(60, 16), (80, 24), (200, 60)] {
        let mut console = Console::new(width, height);
        console.show(snapshot.clone());
        for keys in ["F2", "F3", "F4", "F5 x"] {
            console.press(keys);
            for cell in &console.draw().content {
                let symbol = cell.symbol();
                assert!(
                    !symbol.chars().any(char::is_control) && !symbol.contains(['\u{202e}', '\u{200b}']),
                    "{symbol:?}"
                );
            }
        }
    }
}

#[test]
fn a_reject_of_a_replay_names_file_and_line_however_long_the_path_is() {
    for (width, height) in [(200, 60), (120, 40), (80, 24)] {
        let mut console = console(width, height);
        let mut snapshot = fixture::knowing();
        let of_file = crate::protocol::answer::RejectRow {
            topic: "/srv/exports/of-last-year/from-the-old-shop/bad.csv".into(),
            partition: None,
            offset: Some(4),
            ..fixture::reject("no timestamp", "1,u,,/a")
        };
        let found = Ok(crate::protocol::answer::Rejects { total: 1, deleted: 0, rows: vec![of_file] });
        let asked = crate::protocol::question::RejectsQuestion { limit: 200 };
        snapshot.answers.rejects = Some(Arc::new(Answer { asked, found }));
        console.show(snapshot).press("F4");
        let row = console.screen().lines().find(|line| line.contains("▸")).map(str::to_owned).expect("a row");
        assert!(row.contains("bad.csv:4 "), "{row}");
        console.press("Enter");
        let screen = console.screen();
        assert!(screen.contains("/srv/exports/of-last-year/from-the-old-shop/bad.csv:4"), "{screen}");
    }
}

#[test]
fn on_a_usual_terminal_the_store_explains_each_figure_in_full() {
    // A banner takes a row from the view.
    let finished = Snapshot { finished: true, ..fixture::knowing() };
    for snapshot in [fixture::knowing(), finished] {
        let mut console = Console::new(80, 24);
        console.show(snapshot).press("F3");
        let screen = console.screen();
        assert!(screen.contains("half of the newest ones took no longer") && !screen.contains('…'), "{screen}");
        assert!(screen.contains("checkpoints"), "and no figure is lost: {screen}");
    }
    let mut console = Console::new(70, 30);
    console.show(fixture::knowing()).press("F3");
    let screen = console.screen();
    assert!(screen.contains("half of the newest ones took") && !screen.contains('…'), "a narrow one wraps: {screen}");
}

#[test]
fn the_size_of_the_store_includes_what_waits_for_a_checkpoint() {
    let mut snapshot = fixture::knowing();
    (snapshot.store.file_bytes, snapshot.store.wal_bytes) = (Some(8_192), Some(22_649_241));
    snapshot.totals.clicks = 300_000;
    let mut console = Console::new(120, 40);
    let screen = console.show(snapshot).press("F3").screen();
    let figure = |name: &str| screen.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(figure("size  ").contains("21.6 MiB"), "{screen}");
    assert!(figure("bytes per click").contains("76 B"), "{screen}");
}

#[test]
fn recent_clicks_say_that_they_are_a_sample() {
    let mut snapshot = fixture::running();
    let mut console = Console::new(120, 40);
    assert!(!console.show(snapshot.clone()).screen().contains("a sample"));
    snapshot.recent_left_out = 4_213;
    let screen = console.show(snapshot).screen();
    assert!(screen.contains("a sample: 4,213 clicks between these are not shown"), "{screen}");
}
