//! Colours: those of the built-in themes, of the user's own, and the key that goes through them.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier};

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::console::theme::colors::Depth;
use crate::console::theme::themes::Themes;
use crate::theme::{OwnTheme, Role, ThemeColor, ThemeName};

const DEPTHS: [Depth; 3] = [Depth::Sixteen, Depth::Palette256, Depth::True];

/// One theme called `name` with `colors` over the dark one.
fn own<const N: usize>(name: &str, colors: [(Role, ThemeColor); N]) -> BTreeMap<String, OwnTheme> {
    BTreeMap::from([(name.to_owned(), OwnTheme { base: ThemeName::Dark, colors: BTreeMap::from(colors) })])
}

/// A theme called `dusk` over the dark one.
fn dusk() -> Themes {
    let colors = [
        (Role::Background, ThemeColor::Rgb(0x00, 0x2b, 0x36)),
        (Role::Good, ThemeColor::Rgb(0x85, 0x99, 0x00)),
        (Role::Warn, ThemeColor::Palette(208)),
        (Role::Accent, ThemeColor::Palette(14)),
    ];
    Themes::new(&own("dusk", colors), "dusk")
}

fn console(themes: &Themes, depth: Depth) -> Console {
    let mut console = Console::with(120, 40, Theme::of(themes, depth, false), false);
    console.app.settings.themes = themes.clone();
    console.show_with_history(&fixture::backing_off());
    console
}

#[test]
fn themes_paint_every_cell_and_change_nothing_but_colours() {
    let mut plain = Console::new(120, 40);
    plain.show_with_history(&fixture::backing_off());
    let words = plain.screen();
    let built_in = [ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast]
        .map(|name| Themes::new(&BTreeMap::new(), name.name()));
    for themes in built_in.into_iter().chain([dusk()]) {
        for depth in DEPTHS {
            let mut themed = console(&themes, depth);
            assert_eq!(themed.screen(), words, "{themes:?} {depth:?}");
            let cells = &themed.draw().content;
            assert!(
                cells.iter().all(|cell| cell.fg != Color::Reset && cell.bg != Color::Reset),
                "{themes:?} {depth:?}"
            );
            assert!(cells.iter().all(|cell| !cell.modifier.contains(Modifier::DIM)), "{themes:?} {depth:?}");
        }
    }
    let mut dark = console(&Themes::new(&BTreeMap::new(), "dark"), Depth::True);
    assert_eq!(dark.style_of("● running").fg, Some(Color::Rgb(0x7f, 0xc9, 0x6b)));
    assert_eq!(dark.style_of("◐ backing off").fg, Some(Color::Rgb(0xe5, 0xb5, 0x4a)));
}

#[test]
fn a_theme_of_ones_own_paints_with_its_colours_and_takes_the_rest_from_its_base() {
    let colors = |depth| {
        let mut console = console(&dusk(), depth);
        let (good, warn, accent) =
            (console.style_of("● running"), console.style_of("◐ backing off"), console.style_of("▸1 ingest"));
        let ground = good.bg.expect("a background");
        [ground, good.fg.expect("good"), warn.fg.expect("warn"), accent.fg.expect("accent")]
    };
    let (green, orange) = (Color::Rgb(0x85, 0x99, 0x00), Color::Indexed(208));
    assert_eq!(colors(Depth::True), [Color::Rgb(0x00, 0x2b, 0x36), green, orange, Color::LightCyan]);
    assert_eq!(colors(Depth::Palette256), [Color::Indexed(234), Color::Indexed(100), orange, Color::LightCyan]);
    assert_eq!(colors(Depth::Sixteen), [Color::Black, Color::Yellow, Color::Yellow, Color::LightCyan]);
    let dark = Themes::new(&BTreeMap::new(), "dark").palette(Depth::True);
    assert_eq!(dusk().palette(Depth::True).color(Role::Bad), dark.color(Role::Bad));
}

#[test]
fn no_ink_turns_into_the_ground_where_there_are_few_colours() {
    let colors =
        [(Role::Background, ThemeColor::Rgb(0x10, 0x10, 0x10)), (Role::Faint, ThemeColor::Rgb(0x28, 0x28, 0x28))];
    let palette = Themes::new(&own("night", colors), "night").palette(Depth::Sixteen);
    assert_eq!(palette.color(Role::Background), Some(Color::Black));
    assert_eq!(palette.color(Role::Faint), Some(Color::DarkGray));
}

#[test]
fn a_theme_may_keep_the_terminals_own_ground() {
    let colors = [(Role::Background, ThemeColor::Default), (Role::Text, ThemeColor::Rgb(1, 2, 3))];
    let themes = Themes::new(&own("clear", colors), "clear");
    let mut console = console(&themes, Depth::True);
    let cells = &console.draw().content;
    assert!(cells.iter().all(|cell| cell.bg == Color::Reset && cell.fg != Color::Reset));
}

/// The message in the footer.
fn message(console: &Console) -> &str {
    console.app.message.as_ref().map_or("", |message| message.text.as_str())
}

#[test]
fn a_key_goes_through_the_themes_and_says_which() {
    let mut console = console(&dusk(), Depth::True);
    let mut seen = Vec::new();
    for _ in 0..5 {
        console.press("t");
        let name = message(&console).strip_prefix("theme ").expect("a theme").to_owned();
        seen.push((name, console.style_of("● running").fg.expect("a style")));
    }
    let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["terminal", "dark", "light", "high-contrast", "dusk"]);
    assert_eq!((seen[0].1, seen[4].1), (Color::Green, Color::Rgb(0x85, 0x99, 0x00)));
    let mut plain = Console::with(120, 40, Theme::plain(false, false), false);
    plain.show(fixture::running()).press("t");
    assert_eq!(message(&plain), "theme dark; colours are off");
}
