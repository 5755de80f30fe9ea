//! What is on the screen. The snapshots are files: read them as pictures.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Color;

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::console::keys::Action;
use crate::console::state::layout::ScreenLayout;
use crate::console::state::panel::Panel;
use crate::protocol::answer::LastMinute;
use crate::protocol::board::{CountryRow, PageRow, RecentClick};
use crate::protocol::snapshot::{LogLevel, LogLine, Snapshot};

type Area = fn(&ScreenLayout) -> Option<Rect>;
type State = fn() -> Snapshot;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn the_whole_screen_in_every_state_at_every_size() {
    let states: [(&str, State); 5] = [
        ("empty", fixture::empty),
        ("running", fixture::running),
        ("backing_off", fixture::backing_off),
        ("failed", fixture::failed),
        ("finished", fixture::finished),
    ];
    for (name, state) in states {
        for (width, height) in SIZES {
            let mut console = Console::new(width, height);
            let snapshot = state();
            match snapshot.at {
                Some(_) => console.show_with_history(&snapshot),
                None => console.show(snapshot),
            };
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), console.screen());
        }
    }
}

#[test]
fn a_wall_of_a_screen_is_used_to_its_edges() {
    let mut console = Console::new(300, 100);
    console.show_with_history(&fixture::running());
    insta::assert_snapshot!("running_300x100", console.screen());
}

#[test]
fn narrow_screens_list_the_stages_in_rows() {
    let mut console = Console::new(60, 16);
    console.show_with_history(&fixture::backing_off());
    insta::assert_snapshot!("narrow_60x16", console.screen());
}

#[test]
fn a_screen_too_small_says_how_large_it_must_be() {
    let mut console = Console::new(59, 16);
    console.show(fixture::running());
    assert!(console.screen().contains("need 60×16"));
    for (width, height) in [(1, 1), (3, 2), (59, 100), (300, 15)] {
        Console::new(width, height).show(fixture::running()).screen();
    }
}

#[test]
fn ascii_screens_hold_nothing_else() {
    let mut console = Console::with(120, 40, Theme::plain(true, true), false);
    console.show_with_history(&fixture::backing_off());
    let screen = console.screen();
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("ascii_120x40", screen);
    console.press("?");
    assert!(console.screen().is_ascii());
}

#[test]
fn each_panel() {
    let mut console = Console::new(120, 40);
    console.show_with_history(&fixture::running());
    let panels: [(&str, Area); 8] = [
        ("header", |layout| Some(layout.header)),
        ("stages", |layout| Some(layout.stages)),
        ("throughput", |layout| layout.throughput),
        ("index", |layout| layout.index),
        ("countries", |layout| layout.countries),
        ("urls", |layout| layout.urls),
        ("recent_clicks", |layout| layout.activity),
        ("footer", |layout| Some(layout.footer)),
    ];
    for (name, area) in panels {
        insta::assert_snapshot!(format!("panel_{name}"), console.part(area));
    }
    console.press("l");
    insta::assert_snapshot!("panel_log", console.part(|layout| layout.activity));
}

#[test]
fn conflicts_and_documents_of_others_show_where_there_are_any() {
    let mut snapshot = fixture::running();
    let mut console = Console::new(120, 40);
    let panel = |console: &mut Console| console.part(|layout| layout.index).replace(' ', "");
    console.show_with_history(&snapshot);
    assert!(!panel(&mut console).contains("conflicts"));
    (snapshot.index.conflicts, snapshot.index.foreign) = (Some(12_345), Some(835));
    console.show_with_history(&snapshot);
    let panel = panel(&mut console);
    assert!(panel.contains("conflicts12,345") && panel.contains("ofothers835"), "{panel}");
}

#[test]
fn the_help_shows_every_key_at_every_size() {
    for (width, height) in SIZES {
        let mut console = Console::new(width, height);
        console.show(fixture::running()).press("?");
        let screen = console.screen();
        // What does not fit is a few rows further down.
        let all = format!("{screen}{}", console.press("PgDn PgDn").screen());
        for binding in super::super::key_table() {
            // In its own process, quitting ends the pipeline.
            let attached_only = binding.action == Action::ShutDown;
            // Only a console on several pipelines has keys for them.
            // Each view has a line of its own.
            let elsewhere = attached_only
                || binding.action == Action::OpenView
                || binding.action.is_of_fleet()
                || binding.context.is_modal()
                || binding.context.is_view();
            let words: String = binding.description.chars().take(20).collect();
            assert!(elsewhere || all.contains(&words), "{words} is missing at {width}×{height}:\n{all}");
        }
        assert!(all.contains("F7         the view map"), "{all}");
        insta::assert_snapshot!(format!("help_{width}x{height}"), screen);
    }
}

#[test]
fn frozen_holds_the_tables_and_says_so() {
    let mut console = Console::new(120, 40);
    console.show_with_history(&fixture::running()).press("p");
    let mut later = fixture::running();
    later.totals.clicks = 99_999_999;
    let mut board = (*later.board).clone();
    board.countries.clear();
    later.board = board.into();
    console.show(later);
    let screen = console.screen();
    assert!(screen.contains("TABLES FROZEN SINCE") && screen.contains("All       10,640,512"), "{screen}");
    insta::assert_snapshot!("frozen_120x40", screen);
    let screen = console.press("p").screen();
    assert!(!screen.contains("TABLES FROZEN") && !screen.contains("10,640,512"), "{screen}");
}

#[test]
fn states_have_their_colours_and_none_without_colour() {
    let words = [("◒ draining", Color::Blue), ("✖ failed", Color::Red), ("◔ starting", Color::Cyan)];
    let mut console = Console::new(120, 40);
    console.show(fixture::failed());
    for (word, color) in words {
        assert_eq!(console.style_of(word).fg, Some(color), "{word}");
    }
    assert_eq!(console.style_of("○ stopped").fg, Some(Color::Yellow));
    console.show(fixture::backing_off());
    assert_eq!(console.style_of("◐ backing off").fg, Some(Color::Yellow));
    assert_eq!(console.style_of("● running").fg, Some(Color::Green));

    let mut plain = Console::with(120, 40, Theme::plain(false, false), false);
    for snapshot in [fixture::failed(), fixture::backing_off(), fixture::finished()] {
        plain.show_with_history(&snapshot);
        for cell in &plain.draw().content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{cell:?}");
        }
    }
}

#[test]
fn the_picked_stage_and_the_focus_show_without_colour() {
    let mut console = Console::with(120, 40, Theme::plain(false, false), false);
    console.show(fixture::running()).press("2");
    assert!(console.screen().contains("┏▸2 store"), "the focus has thick lines:\n{}", console.screen());
    console.press("Tab");
    assert!(console.screen().contains("╭▸2 store") && console.screen().contains("┏ countries"), "{}", console.screen());
}

#[test]
fn a_stage_that_stood_still_leaves_a_gap_in_its_line() {
    let mut console = Console::new(120, 40);
    // The picked stage's line lies on top.
    console.show_with_history(&fixture::running()).press("2");
    let area = console.app.display.layout.as_ref().and_then(|layout| layout.throughput).expect("visible");
    let buffer = console.terminal.backend().buffer();
    let is_braille = |symbol: &str| symbol.chars().all(|c| ('\u{2801}'..='\u{28ff}').contains(&c));
    let drawn = |x: u16, color: Color| {
        (area.y..area.bottom()).any(|y| buffer[(x, y)].fg == color && is_braille(buffer[(x, y)].symbol()))
    };
    let columns = || area.x + 10..area.right() - 6;
    let gap: Vec<u16> = columns().filter(|x| !drawn(*x, Color::Green)).collect();
    let (first, last) = (gap.first().expect("a gap"), gap.last().expect("a gap"));
    // Ten of a hundred and twenty seconds, less the two ends that belong to drawn seconds.
    assert!((4..=8).contains(&gap.len()) && usize::from(last - first) + 1 == gap.len(), "{gap:?}");
    let others = [Color::Blue, Color::Magenta];
    assert!(gap.iter().all(|x| others.iter().any(|color| drawn(*x, *color))), "the other lines go on");
}

#[test]
fn the_bottleneck_is_marked() {
    let mut console = Console::new(120, 40);
    console.show_with_history(&fixture::running());
    let screen = console.screen();
    assert_eq!(screen.matches("▲ bottleneck").count(), 1, "{screen}");
}

#[test]
fn old_news_is_called_old() {
    let mut console = Console::new(120, 40);
    console.show(fixture::running()).pass(2);
    assert!(!console.screen().contains("NO NEWS"));
    console.pass(5);
    assert!(console.screen().contains("NO NEWS FOR 7.0 s"), "{}", console.screen());
}

#[test]
fn the_countdown_to_the_next_try_runs() {
    let mut console = Console::new(120, 40);
    console.show(fixture::backing_off());
    assert!(console.screen().contains("next try in 5 s"));
    console.pass(2);
    assert!(console.screen().contains("next try in 3 s"));
    console.pass(60);
    let screen = console.screen();
    assert!(screen.contains("trying now") && !screen.contains("next try"), "{screen}");
}

#[test]
fn the_last_error_of_a_stage_that_works_again_says_how_long_ago_it_was() {
    let mut console = Console::new(120, 40);
    let mut snapshot = fixture::running();
    snapshot.stages["ingest"].last_error = Some("Kafka closes the connection".into());
    snapshot.stages["ingest"].last_error_at = Some(fixture::now() - std::time::Duration::from_millis(41_900));
    console.show(snapshot.clone()).press("1");
    assert!(console.screen().contains("last error 41 s ago: Kafka closes"), "{}", console.screen());
    snapshot.stages["ingest"].last_error_at = None;
    console.show(snapshot);
    assert!(console.screen().contains("last error: Kafka closes"), "an engine of an older version");
}

#[test]
fn the_last_error_of_a_stage_that_works_again_takes_one_row() {
    for (width, height) in [(60, 16), (120, 40)] {
        let mut console = Console::new(width, height);
        let mut snapshot = fixture::running();
        let stage = &mut snapshot.stages["ingest"];
        stage.last_error = Some("Kafka closes the connection, ".repeat(20));
        stage.last_error_at = Some(fixture::now() - std::time::Duration::from_secs(41));
        console.show(snapshot).press("1");
        let details = console.app.display.layout.clone().expect("large enough").details;
        assert_eq!(details.height, 1, "{width}×{height}");
        assert!(console.part(|layout| Some(layout.details)).contains("last error 41 s"), "{}", console.screen());
    }
}

#[test]
fn hostile_text_never_steers_the_terminal_nor_breaks_the_frames() {
    let evil = "a\u{1b}[2J\u{1b}]0;x\u{7}\r\n\tb\u{9b}31m\u{202e}\u{200b}\u{301}\u{301}👩‍👩‍👧日本";
    let mut snapshot = fixture::running();
    snapshot.source.description = evil.into();
    snapshot.source.topic = evil.into();
    snapshot.source.group = evil.into();
    snapshot.index.target = evil.into();
    snapshot.index.engine = Some(evil.into());
    snapshot.stages["store"].last_error = Some(evil.into());
    snapshot.stages["index"].state = crate::protocol::StageState::Failed { cause: evil.into() };
    snapshot.shutting_down = Some(evil.into());
    let mut board = (*snapshot.board).clone();
    board.view.country = Some(evil.into());
    board.countries.insert(0, CountryRow { country: evil.into(), clicks: u64::MAX, urls: u64::MAX });
    board.pages.insert(
        0,
        PageRow {
            url: evil.into(),
            country: evil.into(),
            clicks: u64::MAX,
            unique_users: u64::MAX,
            avg_time_spent: Some(f64::INFINITY),
            timed: Some(u64::MAX),
        },
    );
    snapshot.board = Arc::new(board);
    let at = crate::click::Timestamp::from_millis(i64::MAX);
    let click = RecentClick {
        user_id: evil.into(),
        url: evil.into(),
        country: evil.into(),
        city: evil.into(),
        ..fixture::click(at)
    };
    snapshot.recent = vec![click; 50].into();
    let line = LogLine { at, level: LogLevel::Error, target: evil.into(), message: evil.repeat(500) };
    snapshot.log = vec![line; 50].into();

    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60), (300, 100)] {
        let mut console = Console::new(width, height);
        console.show(snapshot.clone()).press("Down 4 Tab Tab Tab");
        for keys in ["Home", "l"] {
            console.press(keys);
            for cell in &console.draw().content {
                let symbol = cell.symbol();
                assert!(!symbol.chars().any(char::is_control), "{symbol:?}");
                assert!(!symbol.contains(['\u{202e}', '\u{200b}']), "{symbol:?}");
                assert!(symbol.len() <= 64, "{symbol:?}");
            }
            right_edges_hold(&mut console);
        }
    }
}

/// Every panel still has its right border in its last column.
fn right_edges_hold(console: &mut Console) {
    let layout = console.app.display.layout.clone().expect("large enough");
    let areas = Panel::ALL.into_iter().filter_map(|panel| layout.of(panel)).chain(layout.index);
    let buffer = console.draw();
    for area in areas.filter(|area| layout.boxed || *area != layout.stages) {
        for y in area.top() + 1..area.bottom() - 1 {
            let symbol = buffer[(area.right() - 1, y)].symbol();
            assert!(matches!(symbol, "│" | "┃"), "{symbol:?} at row {y} of {area}");
        }
    }
}

#[test]
fn figures_that_grow_move_nothing() {
    let mut console = Console::new(120, 40);
    let column = |screen: &str, word: &str| {
        screen.lines().find_map(|line| line.find(word).map(|at| line[..at].chars().count())).expect("on the screen")
    };
    let mut snapshot = fixture::running();
    snapshot.totals.clicks = 1;
    snapshot.lag = Some(0);
    let before = console.show(snapshot.clone()).screen();
    snapshot.totals.clicks = 9_999_999_999;
    snapshot.lag = Some(9_999_999);
    snapshot.stages["store"].rate = Some(123_456_789.0);
    let after = console.show(snapshot).screen();
    for word in ["delay", "lag", "ingest", "store", "rejected"] {
        assert_eq!(column(&before, word), column(&after, word), "{word}");
    }
}

#[test]
fn a_url_tells_its_clicks_of_the_last_minute_once_they_are_known() {
    let mut console = Console::new(120, 40);
    let cell = |console: &mut Console| {
        let urls = console.part(|layout| layout.urls);
        assert!(urls.contains("last min"), "{urls}");
        let line = urls.lines().find(|line| line.contains("/cart")).expect("a row").to_owned();
        line.split_whitespace().nth(4).map(str::to_owned)
    };
    let mut snapshot = fixture::running();
    snapshot.answers.last_minute = None;
    console.show(snapshot.clone());
    assert_eq!(cell(&mut console).as_deref(), Some("—"));
    let row = snapshot.board.pages.iter().find(|page| &*page.url == "/cart").expect("a row");
    let mut known = LastMinute::default();
    known.add(Arc::clone(&row.url), Arc::clone(&row.country), 1_234);
    known.add(Arc::clone(&row.url), "XX".into(), 7);
    snapshot.answers.last_minute = Some(Arc::new(known));
    console.show(snapshot.clone());
    assert_eq!(cell(&mut console).as_deref(), Some("1,234"));

    // The figures are a little behind the store.
    let board = Arc::make_mut(&mut snapshot.board);
    board.pages.iter_mut().filter(|page| &*page.url == "/cart").for_each(|page| page.clicks = 1_200);
    console.show(snapshot);
    assert_eq!(cell(&mut console).as_deref(), Some("1,200"), "no more than there are in all");
}
