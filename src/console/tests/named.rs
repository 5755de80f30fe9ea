//! What is asked for by name: the palette, keys of the config, files, the clipboard.

use std::sync::Arc;

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::pipeline::{Command, SortBy, Stage, StageAction};

use super::steered::{console, view};

#[test]
fn the_palette_does_by_name_what_the_key_would() {
    let mut console = console(fixture::running());
    console.press(": r e s t");
    insta::assert_snapshot!("palette_120x40", console.screen());
    console.press("Enter");
    assert_eq!(console.sent(), [Command::Stage(Stage::Ingest, StageAction::Restart)]);
    console.press(": s t o p - a l Tab");
    assert_eq!(console.app.typing.as_ref().map(|typing| typing.text.as_str()), Some("stop-all"));
    console.press("Enter");
    assert!(console.screen().contains("Stop all four stages?"), "a dangerous one asks here too");
    console.press("n : v i e w Down Down Enter");
    assert_eq!(console.app.sheet, super::super::sheet::Sheet::Store);
    console.press(": s o r t Enter");
    assert!(console.screen().contains("nothing here is called sort"), "{}", console.screen());
    console.press(": Esc");
    assert!(console.app.typing.is_none());
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
    console.app.keys = super::super::Keys::with([("sort", "o")]).expect("fits");
    console.press("s");
    assert_eq!(console.sent(), []);
    console.press("o");
    assert_eq!(console.sent(), [view(None, SortBy::Users)]);
    assert!(console.screen().contains(" o sort "), "{}", console.screen());
    console.press("?");
    assert!(console.screen().contains("o          sort: clicks"), "{}", console.screen());
}

#[test]
fn every_action_can_be_given_a_key_in_the_config() {
    let settings = crate::config::ConsoleSettings::default();
    let mut in_config: Vec<&str> = settings.keys.iter().map(|(action, _)| action).collect();
    let mut named: Vec<&str> =
        super::super::key_table().iter().flat_map(|binding| binding.action.names()).copied().collect();
    in_config.sort_unstable();
    named.sort_unstable();
    named.dedup();
    assert_eq!(in_config, named);
}

#[test]
fn the_table_here_or_the_screen_is_written_under_the_name_typed() {
    use super::super::export::{Effect, Format};
    let mut console = console(fixture::running());
    console.press("Tab e");
    let screen = console.screen();
    assert!(screen.contains("write to urls-20260131-093000.csv"), "{screen}");
    console.press("Enter");
    let effects = std::mem::take(&mut console.app.effects);
    let [Effect::Write { name, content }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(name, "urls-20260131-093000.csv");
    assert!(
        content.starts_with("url,country,clicks,unique_users,avg_time_spent\n/,US,220129,99102,12.34\n"),
        "{content}"
    );
    console.press("Shift-Tab e Tab Enter");
    let effects = std::mem::take(&mut console.app.effects);
    let [Effect::Write { name, content }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(name, "countries-20260131-093000.json");
    assert!(content.contains("\"country\": \"US\""), "{content}");
    console.press("e Tab Tab Enter");
    let picture = Effect::Picture { name: "countries-20260131-093000.txt".into(), format: Format::Text };
    assert_eq!(std::mem::take(&mut console.app.effects), [picture]);
    console.press("e ^u x Enter");
    assert!(console.screen().contains("x: end the name in .csv or .json"), "{}", console.screen());
    console.press("e Esc");
    assert!(console.app.effects.is_empty());
    assert_eq!(console.sent(), [], "nothing of it concerns the pipeline");
}

#[test]
fn the_picked_url_is_copied() {
    use super::super::export::Effect;
    let mut console = console(fixture::running());
    console.press("y");
    assert!(console.screen().contains("no url is picked"), "{}", console.screen());
    console.press("Tab Down Down y");
    let url = "/products/espresso-machine?ref=mail,campaign".to_owned();
    assert_eq!(std::mem::take(&mut console.app.effects), [Effect::Copy(url)]);
    let mut hostile = fixture::running();
    let mut board = (*hostile.board).clone();
    board.pages[1].url = "/x\n\u{1b}[2Jrm".into();
    hostile.board = Arc::new(board);
    console.show(hostile).press("y");
    assert_eq!(console.app.effects, [Effect::Copy("/x\\n\\u{1b}[2Jrm".to_owned())], "a paste runs nothing");
}
