//! What the screen names does what it says where it says it, and is there to be read.

use super::steered::console;
use super::{Console, fixture};
use crate::console::export::TableOutcome;
use crate::console::keys::bindings::KeyBindings;
use crate::console::state::panel::Panel;
use crate::protocol::StageState;

/// The last row.
fn footer(console: &mut Console) -> String {
    console.screen().lines().rfind(|line| line.starts_with('"')).unwrap_or_default().to_owned()
}

#[test]
fn a_filter_is_seen_while_it_is_typed_however_narrow_the_screen() {
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        console.show(fixture::running()).press("/ / c a r t");
        let urls = console.part(|layout| layout.urls);
        assert!(urls.contains("/cart"), "{width}: {urls}");
        console.press("Enter");
        let urls = console.part(|layout| layout.urls);
        assert!(urls.contains("/cart"), "in force, {width}: {urls}");
    }
}

#[test]
fn the_keys_of_a_line_are_named_by_what_they_do_to_it() {
    let mut console = console(fixture::running());
    for (keys, accept, leave) in
        [("/", "apply", "cancel"), ("F5", "go to the results", "cancel"), (":", "run", "cancel")]
    {
        console.press(keys);
        let footer = footer(&mut console);
        assert!(footer.contains(&format!("Enter {accept}")) && footer.contains(&format!("Esc {leave}")), "{footer}");
        console.press("Esc");
    }
}

#[test]
fn keys_that_the_end_refuses_are_not_named_any_more() {
    let mut console = console(fixture::running());
    console.press("2");
    assert!(footer(&mut console).contains("Space start/stop"));
    console.press("q y");
    let line = footer(&mut console);
    for refused in ["start/stop", "restart", "start all", "stop all", "reset"] {
        assert!(!line.contains(refused), "{refused}: {line}");
    }
    assert!(line.contains("q leave at once"), "{line}");
}

#[test]
fn the_way_out_of_a_finished_replay_is_seen_on_every_screen() {
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        let mut snapshot = fixture::finished();
        console.show(snapshot.clone());
        let banner = console.part(|layout| layout.banner);
        assert!(banner.contains("q quits") && banner.contains("clicks stored"), "{width}: {banner}");
        snapshot.totals.rejected = 7;
        console.show(snapshot);
        let banner = console.part(|layout| layout.banner);
        assert!(banner.contains("q quits") && banner.contains("7 rejected"), "{width}: {banner}");
    }
}

#[test]
fn the_help_of_a_small_screen_cuts_no_sentence() {
    for sheet in ["F1", "F2", "F4", "F5 Esc F5 x Enter", "F6", "F7"] {
        let mut console = Console::new(80, 24);
        console.show(fixture::running()).press(sheet).press("?");
        let screen = console.screen();
        let cut = screen.lines().find(|line| line.starts_with("\"┃ ") && line.contains('…') && !line.contains("F1–F7"));
        assert!(cut.is_none(), "{sheet}: {cut:?}");
    }
}

#[test]
fn a_key_of_the_config_is_named_in_place_of_ours() {
    let mut console = console(fixture::running());
    let keys = [("freeze", "P"), ("quit", "Q"), ("pick-stage-2", "B"), ("view-search", "F12"), ("filter", "f")];
    console.app.keys = KeyBindings::with(keys).expect("fits");
    console.press("P Down");
    assert!(console.screen().contains("tables are frozen: P unfreezes them"), "{}", console.screen());
    console.press("P Q n");
    assert!(footer(&mut console).contains("clicktop goes on; to quit, press Q and then y"));
    console.press("Space");
    assert!(footer(&mut console).contains("pick one with 1 B 3 4 first"), "{}", footer(&mut console));
    console.paste("/cart");
    assert!(footer(&mut console).contains(": f or F12 opens a line"), "{}", footer(&mut console));
    console.show(fixture::finished());
    assert!(console.part(|layout| layout.banner).contains("Q quits"));
    let mut failed = fixture::running();
    failed.stages["store"].state = StageState::Failed { cause: "the disk is gone".into() };
    console.show(failed);
    assert!(console.part(|layout| Some(layout.details)).contains("B picks it"));
}

#[test]
fn a_word_that_was_right_is_not_said_to_be_wrong() {
    let mut console = console(fixture::running());
    for key in ["Esc", "Tab", "^z", "Up"] {
        console.press("R r e s e t").press(key);
        let line = footer(&mut console);
        assert!(line.contains("nothing is deleted: press Enter after the word"), "{key}: {line}");
    }
    assert_eq!(console.sent(), []);
}

#[test]
fn the_hint_beside_a_files_name_is_whole_or_another() {
    for (width, hint) in [(60, ""), (80, "Tab: another format"), (120, ".txt .ansi .svg of the screen")] {
        let mut console = Console::new(width, 24);
        let line = footer(console.show(fixture::running()).press("e"));
        assert!(line.contains(hint) && !line.contains('…'), "{width}: {line}");
    }
}

#[test]
fn only_figures_that_were_written_are_told_from_those_that_are_held() {
    let mut console = console(fixture::running());
    console.press("p");
    console.app.end_table_export(TableOutcome { message: "700 rows written to a.csv".into(), is_written: true });
    assert!(console.screen().contains("a.csv; figures of now, not those held on the screen"), "{}", console.screen());
    console.app.end_table_export(TableOutcome {
        message: "a.csv exists already; give another name".into(),
        is_written: false,
    });
    assert!(!console.screen().contains("figures of now"), "{}", console.screen());
}

#[test]
fn what_does_not_come_while_tables_are_held_is_said_in_the_headers_words() {
    let mut console = console(fixture::running());
    console.press("p");
    for keys in ["Down", "F4", "F5 x Enter"] {
        let screen = console.press(keys).screen();
        assert!(screen.contains(" TABLES FROZEN SINCE "), "{screen}");
        assert!(screen.contains("tables are frozen: p unfreezes them"), "{keys}: {screen}");
    }
}

#[test]
fn held_tables_keep_their_rows_and_titles_and_a_key_for_other_rows_says_why() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = Console::new(width, height);
        console.show(fixture::running()).press("Tab p").sent();
        let held = console.part(|layout| layout.urls);
        for keys in ["w", "c", "s", "/", ": s a m p l e Space 5 0 Enter", ": c o m p a r e Space d a y Enter"] {
            let screen = console.press(keys).screen();
            assert!(screen.contains(" tables are frozen: p unfreezes them "), "{keys}: {screen}");
            assert_eq!(console.sent(), [], "{keys} asks for nothing");
            assert_eq!(console.part(|layout| layout.urls), held, "{keys}");
        }
        console.press("p w");
        assert_ne!(console.part(|layout| layout.urls), held);
    }
}

#[test]
fn held_tables_keep_their_filter_and_esc_still_leads_back() {
    let mut console = console(fixture::running());
    console.press("/ c a Enter p Esc");
    assert_eq!((console.app.overview.focus, console.app.selection.filter.as_str()), (Panel::Countries, "ca"));
}
