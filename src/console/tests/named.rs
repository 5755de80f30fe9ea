//! What is asked for by name: the palette, keys of the config, files, the clipboard.

use std::sync::Arc;

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::console::export::{ExportFormat, TableOutcome};
use crate::console::state::effect::Effect;
use crate::console::state::line_input::LineInput;
use crate::protocol::{Command, SortBy, StageAction};

use super::steered::{console, view};

#[test]
fn the_palette_does_by_name_what_the_key_would() {
    let mut console = console(fixture::running());
    console.press(": r e s t");
    insta::assert_snapshot!("palette_120x40", console.screen());
    console.press("Enter");
    assert_eq!(console.sent(), [Command::Stage { id: "ingest".into(), action: StageAction::Restart }]);
    console.press(": s t o p - a l Tab");
    assert_eq!(console.app.overlays.line.as_ref().map(LineInput::text), Some("stop-all"));
    console.press("Enter");
    assert!(console.screen().contains("Stop all 4 stages?"), "a dangerous one asks here too");
    console.press("n : v i e w - Down Down Enter");
    assert_eq!(console.app.screens.open, crate::console::state::screen::Screen::Store);
    console.press(": n o n e Enter");
    assert!(console.screen().contains("there is no command none"), "{}", console.screen());
    console.press("Esc");
    assert!(console.app.overlays.line.is_none());
    assert_eq!(console.sent(), []);
}

#[test]
fn a_read_only_console_is_read_only_by_name_too() {
    let mut console = Console::with(120, 40, Theme::plain(true, false), true);
    console.show(fixture::running());
    console.sent();
    console.press(": s t a r t - a l l Enter");
    assert!(console.screen().contains("read-only: "), "{}", console.screen());
    assert_eq!(console.sent(), []);
}

#[test]
fn keys_of_the_config_work_and_stand_in_footer_and_help() {
    let mut console = console(fixture::running());
    console.app.keys = super::super::KeyBindings::with([("sort", "o")]).expect("fits");
    console.press("s");
    assert_eq!(console.sent(), []);
    console.press("o");
    assert_eq!(console.sent(), [view(None, SortBy::Users)]);
    assert!(console.screen().contains(" o sort "), "{}", console.screen());
    console.press("?");
    assert!(console.screen().contains("o          sort by the next figure"), "{}", console.screen());
}

#[test]
fn every_action_can_be_given_a_key_in_the_config() {
    let mut in_config: Vec<&str> = crate::config::built_in_keys().map(|(action, _)| action).collect();
    let mut named: Vec<&str> =
        super::super::key_table().iter().flat_map(|binding| binding.action.names()).copied().collect();
    in_config.sort_unstable();
    named.sort_unstable();
    named.dedup();
    assert_eq!(in_config, named);
}

#[test]
fn the_keys_that_the_config_tells_are_those_of_the_console() {
    for (action, told) in crate::config::built_in_keys() {
        let bindings = super::super::key_table().iter().filter(|binding| binding.action.names().contains(&action));
        let names: Vec<Vec<String>> = bindings
            .map(|binding| match binding.action.names() {
                [_] => binding.chords.iter().map(|chord| chord.name()).collect(),
                // Each of several actions has one key.
                names => {
                    let of_action = binding.chords.iter().zip(names).filter(|(_, name)| **name == action);
                    of_action.map(|(chord, _)| chord.name()).collect()
                }
            })
            .collect();
        let told: Vec<&str> = told.split(' ').collect();
        let some_binding = names.iter().any(|names| {
            names.first().is_some_and(|first| told[0] == first)
                && told.iter().all(|key| names.iter().any(|name| name == key))
        });
        assert!(some_binding, "{action}: the config tells {told:?}, the console has {names:?}");
    }
}

#[test]
fn the_table_here_or_the_screen_is_written_under_the_name_typed() {
    let mut console = console(fixture::running());
    console.press("Tab e");
    let screen = console.screen();
    assert!(screen.contains("write to urls-20260131-093000.csv"), "{screen}");
    console.press("Esc Shift-Tab e Tab Enter");
    let effects = std::mem::take(&mut console.app.outgoing.effects);
    let [Effect::WriteFile { name, content, message }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(name, "countries-20260131-093000.json");
    assert_eq!(content.lines().nth(1), Some("{\"clicks\":4812334,\"country\":\"US\",\"urls\":10},"), "{content}");
    assert_eq!(message, "8 rows written to countries-20260131-093000.json");
    console.press("e Tab Tab Enter");
    let effects = std::mem::take(&mut console.app.outgoing.effects);
    let [Effect::WriteScreen { name, format: ExportFormat::Text }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(name, "countries-20260131-093000.txt");
    // Of the clicks the console has the newest alone, and says so.
    console.press("Tab Tab e Enter");
    let effects = std::mem::take(&mut console.app.outgoing.effects);
    let [Effect::WriteFile { message, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(message, "the newest 40 of 10,640,512 rows written to clicks-20260131-093000.csv");
    console.press("e ^u x Enter");
    assert!(console.screen().contains("x: give the name an ending: .csv or .json"), "{}", console.screen());
    console.press("e Esc");
    assert!(console.app.outgoing.effects.is_empty());
    assert_eq!(console.sent(), [], "nothing of it concerns the pipeline");
}

#[test]
fn what_the_console_has_only_a_part_of_is_ordered_whole_and_its_progress_shown() {
    use crate::protocol::table::Table;
    let mut console = console(fixture::knowing());
    let ordered = |console: &mut Console| {
        let orders = console.ordered();
        let effects = std::mem::take(&mut console.app.outgoing.effects);
        assert!(matches!(effects.as_slice(), [Effect::WriteTable(_)]), "{effects:?}");
        orders
    };
    console.press("Tab / c a r Enter s e Enter");
    let view = crate::protocol::View { sort: SortBy::Users, filter: "car".into(), ..Default::default() };
    assert_eq!(ordered(&mut console), [Table::View(view)], "no limit");
    let screen = console.screen();
    assert!(screen.contains("writing urls-20260131-093000.csv: 0 rows so far   Esc cancels it"), "{screen}");
    console.press("e Enter");
    assert!(console.screen().contains("or press Esc to cancel it"), "{}", console.screen());
    assert!(console.app.outgoing.effects.is_empty(), "one at a time");
    console.app.end_table_export(TableOutcome { message: "1,234 rows written to urls.csv".into(), is_written: true });
    assert!(console.screen().contains("1,234 rows written to urls.csv"), "{}", console.screen());

    console.press("F4 / y e s t e r Enter e Enter");
    assert_eq!(ordered(&mut console), [Table::Rejects { filter: "yester".into() }]);
    console.press("Esc");
    assert!(console.app.table_export.is_some(), "it is asked to stop, and says itself when it has");
    console.app.end_table_export(TableOutcome { message: "stopped".into(), is_written: false });
    console.press("F5 c a r Enter e Enter");
    let orders = ordered(&mut console);
    let [Table::Search(question)] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!(question.text, "car");
}

#[test]
fn the_picked_url_is_copied() {
    let mut console = console(fixture::running());
    console.press("y");
    assert!(console.screen().contains("no url is picked"), "{}", console.screen());
    console.press("Tab Down Down y");
    let url = "/products/espresso-machine?ref=mail,campaign".to_owned();
    let effects = std::mem::take(&mut console.app.outgoing.effects);
    assert!(matches!(effects.as_slice(), [Effect::Copy(copied)] if *copied == url), "{effects:?}");
    let mut hostile = fixture::running();
    let mut board = (*hostile.board).clone();
    board.pages[1].url = "/x\n\u{1b}[2Jrm".into();
    hostile.board = Arc::new(board);
    console.show(hostile).press("y");
    let [Effect::Copy(copied)] = console.app.outgoing.effects.as_slice() else {
        panic!("{:?}", console.app.outgoing.effects)
    };
    assert_eq!(copied, "/x\\n\\u{1b}[2Jrm", "a paste runs nothing");
}
