//! The throughput chart: what it spans, what its lines look like, and that they can be told apart.

use std::collections::BTreeMap;

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::console::state::chart_span::ChartSpan;
use crate::console::theme::colors::Depth;
use crate::console::theme::themes::Themes;
use crate::theme::ThemeName;

/// What the chart's title says that it spans.
fn span(console: &mut Console) -> String {
    let chart = console.part(|layout| layout.throughput);
    let title = chart.lines().next().expect("a title").to_owned();
    let words: Vec<&str> = title.split_whitespace().skip_while(|word| *word != "throughput").skip(1).take(2).collect();
    words.join(" ")
}

fn a_day(width: u16, height: u16, theme: Theme) -> Console {
    let mut console = Console::with(width, height, theme, false);
    for snapshot in fixture::day() {
        console.show(snapshot);
    }
    console
}

#[test]
fn the_chart_at_every_zoom() {
    let mut console = a_day(120, 40, Theme::plain(true, false));
    assert_eq!(span(&mut console), "15 min", "as suits what there is");
    console.press("- - - -");
    for chosen in ChartSpan::ALL.into_iter().rev() {
        assert_eq!(span(&mut console), chosen.name());
        let name = chosen.name().replace(' ', "");
        insta::assert_snapshot!(format!("chart_{name}"), console.part(|layout| layout.throughput));
        console.press("=");
    }
    assert!(console.screen().contains("1 min is the shortest"), "{}", console.screen());
    console.press("0");
    assert_eq!(span(&mut console), "24 h", "all recorded time");
    console.press("0");
    assert_eq!(span(&mut console), "15 min", "as before somebody chose");
}

#[test]
fn with_the_stages_expanded_the_chart_fills_the_screen() {
    let mut console = a_day(120, 40, Theme::plain(true, false));
    console.press("Shift-Tab z - - -");
    insta::assert_snapshot!("chart_expanded_120x40", console.screen());
    // Whoever cannot see the chart is told what a key did.
    console.press("Tab");
    let screen = console.press("+").screen();
    assert!(screen.contains("the throughput chart, which is not on this screen, spans 6 h"), "{screen}");
}

#[test]
fn without_colour_lines_are_made_of_the_numbers_of_their_stages() {
    for ascii in [false, true] {
        let mut console = a_day(120, 40, Theme::plain(false, ascii));
        console.press("Shift-Tab z - -");
        let chart = console.part(|layout| layout.throughput);
        assert!(chart.contains("6 h  1 ingest 20.0k/s  2 store 19.9k/s  3 aggregate"), "{chart}");
        for number in ["11", "22", "33", "44"] {
            assert!(chart.contains(number), "{number}:\n{chart}");
        }
        assert!(!chart.contains(['⠤', '⠉', '⣀']), "{chart}");
    }
}

#[test]
fn a_chart_of_any_size_says_its_span_and_cuts_no_word() {
    for (width, height) in [(60, 32), (78, 24), (80, 24), (100, 33), (110, 40), (140, 32), (200, 60)] {
        let mut console = Console::new(width, height);
        console.show_with_history(&fixture::running());
        let chart = console.part(|layout| layout.throughput);
        let title = chart.lines().next().expect("a title").trim_matches(['"', '╭', '╮']);
        let (words, frame) = title.split_at(title.find('─').unwrap_or(title.len()));
        assert!(frame.chars().all(|c| c == '─'), "{title}");
        assert!(words.starts_with(" throughput 2 min ") && words.ends_with(' '), "{title}");
        let legend = words.trim_start_matches(" throughput 2 min ");
        let count = |of: &str| legend.matches(of).count();
        let whole = [count("ingest"), count("store"), count("aggregate"), count("index")];
        assert!(whole == [1; 4] || whole == [0; 4], "all names or none: {title}");
        assert!([0, 4].contains(&count("━")) && [0, 4].contains(&count("/s")), "{title}");
    }
}

/// The styles of the cells inside `area` that `wanted` picks by their symbol.
fn styles(console: &mut Console, area: Rect, wanted: impl Fn(&str) -> bool) -> Vec<Style> {
    let buffer = console.draw();
    let cells = area.rows().flat_map(|row| row.columns());
    cells.map(|at| &buffer[(at.x, at.y)]).filter(|cell| wanted(cell.symbol())).map(|cell| cell.style()).collect()
}

#[test]
fn each_stage_has_its_colour_in_line_legend_and_end_in_every_theme() {
    let rgb = |red, green, blue| Color::Rgb(red, green, blue);
    let themes = [
        (ThemeName::Terminal, Depth::Sixteen, [Color::Blue, Color::Green, Color::Magenta, Color::Yellow]),
        (
            ThemeName::Light,
            Depth::True,
            [rgb(0x1f, 0x56, 0xb8), rgb(0x1e, 0x70, 0x2c), rgb(0x7b, 0x2f, 0xa6), rgb(0x8a, 0x55, 0x00)],
        ),
    ];
    for (name, depth, colors) in themes {
        let mut console = a_day(200, 60, Theme::of(&Themes::new(&BTreeMap::new(), name.name()), depth, false));
        console.press("Shift-Tab z");
        console.draw();
        let area = console.app.display.layout.as_ref().and_then(|layout| layout.throughput).expect("visible");
        let inside = Rect { y: area.y + 1, height: area.height - 3, ..area };
        let braille = |symbol: &str| symbol.chars().all(|c| ('\u{2801}'..='\u{28ff}').contains(&c));
        let lines = styles(&mut console, inside, braille);
        for (number, (stage, color)) in (1..).zip(["ingest", "store", "aggregate", "index"].into_iter().zip(colors)) {
            let of_line = lines.iter().filter(|style| style.fg == Some(color)).count();
            assert!(of_line >= 40, "{name:?} {stage}: {of_line} cells of its colour");
            assert_eq!(console.style_of(&format!("━{number} {stage}")).fg, Some(color), "{name:?} {stage}");
            let gutter = Rect { x: inside.right() - 5, width: 4, ..inside };
            let ends = styles(&mut console, gutter, |symbol| symbol == number.to_string());
            assert_eq!(ends.iter().map(|style| style.fg).collect::<Vec<_>>(), [Some(color)], "{name:?} {stage}");
        }
        assert!(lines.iter().all(|style| colors.iter().any(|color| style.fg == Some(*color))), "{name:?}");
    }
}

#[test]
fn the_symbols_of_states_have_their_colours_in_every_theme() {
    let rgb = |red, green, blue| Color::Rgb(red, green, blue);
    let expected = [
        (
            ThemeName::Terminal,
            Depth::Sixteen,
            [
                ("◒ draining", Color::Blue),
                ("✖ failed", Color::Red),
                ("◔ starting", Color::Cyan),
                ("○ stopped", Color::Yellow),
            ],
            [("● running", Color::Green), ("◐ backing off", Color::Yellow)],
        ),
        (
            ThemeName::Light,
            Depth::True,
            [
                ("◒ draining", rgb(0x1f, 0x56, 0xb8)),
                ("✖ failed", rgb(0xb3, 0x1d, 0x28)),
                ("◔ starting", rgb(0x00, 0x6a, 0x86)),
                ("○ stopped", rgb(0x8a, 0x55, 0x00)),
            ],
            [("● running", rgb(0x1e, 0x70, 0x2c)), ("◐ backing off", rgb(0x8a, 0x55, 0x00))],
        ),
    ];
    for (name, depth, of_failed, of_backing_off) in expected {
        let mut console =
            Console::with(120, 40, Theme::of(&Themes::new(&BTreeMap::new(), name.name()), depth, false), false);
        console.show(fixture::failed());
        for (words, color) in of_failed {
            assert_eq!(console.style_of(words).fg, Some(color), "{name:?} {words}");
        }
        assert!(console.style_of("✖ failed").add_modifier.contains(Modifier::BOLD), "{name:?}");
        console.show(fixture::backing_off());
        for (words, color) in of_backing_off {
            assert_eq!(console.style_of(words).fg, Some(color), "{name:?} {words}");
        }
        assert!(console.style_of("◐ backing off").add_modifier.contains(Modifier::BOLD), "{name:?}");
    }
}
