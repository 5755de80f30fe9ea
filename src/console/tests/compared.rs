//! A window beside the same span an hour, a day or a week ago.

use std::sync::Arc;
use std::time::Duration;

use ratatui::style::Modifier;

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::click::Timestamp;
use crate::console::state::effect::Effect;
use crate::protocol::board::{Board, PageRow};
use crate::protocol::compare::{Ago, ComparedParts, Comparison, Earlier};
use crate::protocol::view::Window;
use crate::protocol::{Command, Snapshot, SortBy, View};

const WINDOW: Window = Window::LastFiveMinutes;

fn view(ago: Ago) -> View {
    View { window: WINDOW, compare: Some(ago), limit: 200, ..View::default() }
}

/// [`fixture::knowing`] with the answer to `view`, which compares: a row that is new, one that is gone, and one that nobody can compare by time.
fn answer(view: View) -> Snapshot {
    let (ago, length) = (view.compare.expect("a comparison"), view.window.length().expect("a window"));
    let mut snapshot = fixture::answered(fixture::knowing(), view);
    let mut board = (*snapshot.board).clone();
    board.pages.insert(
        2,
        PageRow { clicks: 0, unique_users: 0, avg_time_spent: None, timed: Some(0), ..fixture::page("/sale", "DE", 0) },
    );
    let millis = |time: Duration| i64::try_from(time.as_millis()).expect("short");
    let until = Timestamp::from_millis(1_769_851_800_000 - 1_500 - millis(ago.length()));
    let since = Timestamp::from_millis(until.as_millis() - millis(length));
    let part = length / 60;
    let wave = |part: u64, base: u64, slope: u64| base + (part * base % 23) * 900 + part * slope;
    let parts = ComparedParts {
        part,
        now: (0..61).map(|part| wave(part, 140_001, 800)).collect(),
        before: (0..61).map(|part| wave(part, 120_005, 300)).collect(),
    };
    let before = board.countries.iter().zip([3, 5, 4, 4, 1, 4, 4, 0]);
    let countries: Vec<_> =
        before.map(|(row, quarters)| (Arc::clone(&row.country), row.clicks / 4 * quarters)).collect();
    let mut comparison = Comparison::new(ago, (since, until), parts, countries);
    for (at, row) in (0_u64..).zip(&board.pages) {
        let clicks = match &*row.url {
            "/sale" => 12_345,
            "/cart" => continue,
            _ => row.clicks * (6 + at % 5) / 8,
        };
        let avg_time_spent = row.avg_time_spent.map(|seconds| seconds * 1.25);
        let earlier = Earlier { clicks, unique_users: clicks / 2, avg_time_spent };
        comparison.add(Arc::clone(&row.url), Arc::clone(&row.country), earlier);
    }
    board.comparison = Some(Arc::new(comparison));
    snapshot.board = Arc::new(board);
    snapshot
}

/// A console that compares the last five minutes with a day ago, and has the answer.
fn with(width: u16, height: u16, theme: Theme) -> Console {
    let mut console = Console::with(width, height, theme, false);
    console.show_with_history(&fixture::knowing()).press("c c");
    console.show(answer(view(Ago::Day)));
    console.pass(10);
    console
}

fn compared(width: u16, height: u16) -> Console {
    with(width, height, Theme::plain(true, false))
}

/// The last view that `console` asked for.
fn asked(console: &mut Console) -> View {
    let view = |command: Command| if let Command::View(view) = command { Some(view) } else { None };
    console.sent().into_iter().filter_map(view).next_back().expect("a view")
}

/// The message in the footer.
fn message(console: &Console) -> &str {
    console.app.message.as_ref().map_or("", |message| message.text.as_str())
}

#[test]
fn tables_and_chart_show_the_earlier_span_as_far_as_there_is_room() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        insta::assert_snapshot!(format!("compared_{width}x{height}"), compared(width, height).screen());
    }
    insta::assert_snapshot!("compared_ascii_120x40", with(120, 40, Theme::plain(false, true)).screen());
    insta::assert_snapshot!("compared_chart_expanded_120x40", compared(120, 40).press("1 z").screen());
    insta::assert_snapshot!("compared_countries_expanded_120x40", compared(120, 40).press("z").screen());
    insta::assert_snapshot!("compared_map_120x40", compared(120, 40).press("F7").screen());
    insta::assert_snapshot!("compared_map_200x60", compared(200, 60).press("F7").screen());
}

#[test]
fn the_key_goes_through_the_spans_and_off_and_all_time_becomes_five_minutes() {
    let mut console = Console::new(120, 40);
    console.show(fixture::knowing()).press("c");
    assert_eq!(asked(&mut console), view(Ago::Hour));
    assert_eq!(message(&console), "comparing needs a window: 5 min");
    for next in [Ago::Day, Ago::Week] {
        console.press("c");
        assert_eq!(asked(&mut console), view(next));
    }
    console.press("c");
    assert_eq!(asked(&mut console), View { limit: 200, ..View::default() }, "all time, as before");
    console.press("c");
    assert_eq!(asked(&mut console), view(Ago::Hour));
    console.press("w");
    assert_eq!(asked(&mut console), View { window: Window::AllTime, compare: None, ..view(Ago::Hour) });
    assert_eq!(message(&console), "the comparison ends: nothing is before all time");
    console.press("w c");
    assert_eq!(
        asked(&mut console),
        View { window: Window::LastHour, ..view(Ago::Hour) },
        "a window that was chosen stays"
    );
    assert_eq!(message(&console), "");
    console.press("c c c");
    assert_eq!(asked(&mut console), View { window: Window::LastHour, limit: 200, ..View::default() });
}

#[test]
fn a_command_compares_and_ends_the_comparison() {
    let mut console = Console::new(120, 40);
    console.show(fixture::knowing()).press("F3 :");
    console.paste("compare w").press("Enter");
    assert_eq!(asked(&mut console), view(Ago::Week));
    assert!(console.screen().contains("urls of all countries by clicks, last 5 min against 1 week ago"));
    console.press(":").paste("compare off").press("Enter");
    assert_eq!(asked(&mut console), View { limit: 200, ..View::default() });
    console.press(":").paste("compare month").press("Enter");
    let screen = console.screen();
    assert!(screen.contains("compare what? not month; hour, day, week or off"), "{screen}");
}

#[test]
fn rows_that_only_one_span_has_say_so() {
    let mut console = compared(120, 40);
    let urls = console.part(|layout| layout.urls);
    let row = |url: &str| urls.lines().find(|line| line.contains(url)).unwrap_or_default();
    assert!(row("/cart ").contains("51,007         0   ▲ new"), "{urls}");
    assert!(row("/sale ").contains("0    12,345  ▼ gone"), "{urls}");
    assert!(row("/checkout ").contains("20,118    15,088    ▲33%   19,001"), "{urls}");
    let countries = console.part(|layout| layout.countries);
    let row = |name: &str| countries.lines().find(|line| line.contains(name)).unwrap_or_default();
    assert!(row("NZ").contains("▲ new") && row("US").contains("▲33%") && row("DE").contains("▼20%"), "{countries}");
    assert!(row("All").contains("10.6M") && row("All").contains("▲"), "the sum against the sum:\n{countries}");
}

#[test]
fn titles_say_what_is_compared_whatever_the_room() {
    for (width, height, says) in [
        (200, 60, "urls of all countries by clicks, last 5 min against 1 day ago "),
        (120, 40, "urls of all countries by clicks, last 5 min against 1 day ago "),
        (80, 24, "urls by clicks, last 5 min against 1 day ago "),
        (60, 16, "urls 5 min against 1 day ago "),
    ] {
        let screen = compared(width, height).screen();
        assert!(screen.contains(says), "{screen}");
    }
    let mut console = compared(120, 40);
    console.press("s s s").show(answer(View { sort: SortBy::Rising, ..view(Ago::Day) }));
    let screen = console.screen();
    assert!(screen.contains("urls of all countries by rising, last 5 min against 1 day ago "), "{screen}");
    assert!(screen.contains("change▼"), "{screen}");
}

#[test]
fn the_chart_names_both_lines_and_tells_them_apart_also_without_colours() {
    let mut console = compared(120, 40);
    let chart = console.part(|layout| layout.throughput);
    assert!(chart.contains("clicks per 5 s  ━ now 10,") && chart.contains("┄ 1 day ago 8,"), "{chart}");
    let earlier = console.style_of("┄ ");
    assert!(earlier.add_modifier.contains(Modifier::DIM), "{earlier:?}");
    assert_ne!(console.style_of("━ "), earlier);
    for theme in [Theme::plain(false, true), Theme::plain(true, true), Theme::plain(false, false)] {
        let mut console = with(120, 40, theme);
        let chart = console.part(|layout| layout.throughput);
        assert!(chart.contains("  n now 10,") && chart.contains("  d 1 day ago "), "{chart}");
        assert!(chart.matches("nn").count() > 2 && chart.matches("dd").count() > 2, "{chart}");
    }
}

/// A console that wants a comparison with a day ago, and an engine that has no clicks of then.
fn too_young(width: u16, height: u16) -> Console {
    let mut console = Console::new(width, height);
    console.show_with_history(&fixture::knowing()).press("c c");
    let problem = "nothing to compare with: no stored click is older than the same five minutes a day ago";
    let answered = fixture::answered(fixture::knowing(), view(Ago::Day));
    let board = Board { problem: Some(problem.into()), ..(*answered.board).clone() };
    console.show(Snapshot { board: Arc::new(board), ..answered }).pass(10);
    console
}

#[test]
fn without_the_earlier_figures_there_are_dashes_the_reason_and_the_chart_as_before() {
    let mut console = too_young(120, 40);
    let screen = console.screen();
    let cause = "no stored click is older than the same five minutes a day ago";
    assert!(screen.contains(cause) && screen.contains(" throughput "), "the reason in full:\n{screen}");
    let urls = console.part(|layout| layout.urls);
    let row = urls.lines().find(|line| line.contains("/cart ")).unwrap_or_default();
    assert!(row.contains("51,007         —       —"), "{urls}");
}

#[test]
fn the_reason_is_on_the_chart_and_on_the_map_too_at_every_size() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        for keys in ["F1", "1", "1 z", "F7"] {
            let screen = too_young(width, height).press(keys).screen();
            let is_said =
                screen.contains("nothing to compare with: no stored") || screen.contains(" no stored click is");
            assert!(is_said, "{keys} at {width}×{height}:\n{screen}");
        }
        insta::assert_snapshot!(format!("uncompared_{width}x{height}"), too_young(width, height).screen());
    }
    let chart = too_young(120, 40).part(|layout| layout.throughput);
    assert!(chart.contains("nothing to compare with: no stored click is older"), "{chart}");
}

#[test]
fn a_chart_that_compares_says_that_its_window_sets_its_time() {
    for (width, height) in [(120, 40), (80, 24)] {
        for key in ["+", "-", "0"] {
            let mut console = compared(width, height);
            console.press(key);
            assert_eq!(message(&console), "the chart compares the last 5 min: w chooses another time", "{key}");
            assert_eq!(console.app.overview.chart_span, None, "the throughput keeps its time");
        }
    }
}

#[test]
fn in_the_order_by_time_the_change_of_the_time_stays_on_a_narrow_screen() {
    for (width, height, says) in [
        (200, 60, "urls of all countries by time, at least 10 known, last 5 min against 1 day ago "),
        (120, 40, "urls of all countries by time, at least 10 known, last 5 min against 1 day ago "),
        (80, 24, "urls by time 10+, last 5 min against 1 day ago "),
        (60, 16, "urls 5 min against 1 day ago "),
    ] {
        let mut console = compared(width, height);
        console.press("s s").show(answer(View { sort: SortBy::Time, min_timed: 10, ..view(Ago::Day) })).pass(10);
        let screen = console.screen();
        assert!(screen.contains(says), "{screen}");
        let titles = screen.lines().find(|line| line.contains("avg time▼")).unwrap_or_default();
        assert!(titles.contains("avg time▼  change"), "{titles}\n{screen}");
        insta::assert_snapshot!(format!("compared_by_time_{width}x{height}"), screen);
    }
}

#[test]
fn a_breakdown_says_that_it_is_not_compared() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = compared(width, height);
        console.press("b");
        assert!(message(&console).starts_with("breakdowns are not compared: "), "{}", message(&console));
        let screen = console.screen();
        assert!(screen.contains("last 5 min, not com"), "{width}×{height}: {screen}");
    }
}

#[test]
fn a_cluster_compares_nothing() {
    let mut console = Console::new(120, 40);
    console.show(Snapshot { remote: Some(Arc::default()), ..fixture::knowing() }).sent();
    console.press("c");
    assert_eq!(console.sent(), []);
    assert_eq!(message(&console), "a pipeline on Spark compares nothing with before");
}

#[test]
fn a_file_of_the_countries_has_the_clicks_of_both_spans() {
    let mut console = compared(120, 40);
    console.press("e Enter");
    let effect = console.app.outgoing.effects.pop();
    let Some(Effect::WriteFile { content, .. }) = effect else { panic!("no file: {effect:?}") };
    assert!(content.starts_with("country,clicks,urls,clicks_before\nUS,4812334,10,3609249\n"), "{content}");
}
