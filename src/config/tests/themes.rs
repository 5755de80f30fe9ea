//! Tests of the user's own themes: what clicktop reads, and the message if a theme is wrong.

use super::*;
use crate::theme::{OwnTheme, Role, ThemeColor, ThemeName};

#[test]
fn a_theme_of_ones_own_is_read_in_every_notation() {
    let config = Config::new(
        "[console]\ntheme = 'dusk'\n[console.themes.dusk]\nbase = 'light'\naccent = '#1a2b3c'\ngood = 208\nbad = 'light-red'\n\
         background = 'default'\n[console.themes.bare]\n",
    );
    let loaded = config.load(&[]).unwrap();
    let dusk = &loaded.settings.console.themes["dusk"];
    assert_eq!(dusk.base, ThemeName::Light);
    let colors: Vec<(Role, ThemeColor)> = dusk.colors.iter().map(|(role, color)| (*role, *color)).collect();
    assert_eq!(
        colors,
        [
            (Role::Background, ThemeColor::Default),
            (Role::Accent, ThemeColor::Rgb(0x1a, 0x2b, 0x3c)),
            (Role::Good, ThemeColor::Palette(208)),
            (Role::Bad, ThemeColor::Palette(9)),
        ]
    );
    assert_eq!(loaded.settings.console.themes["bare"], OwnTheme::default());
    assert_eq!(loaded.origin.place("console.themes.dusk.good").line, Some(6));
    let text = loaded.render();
    assert!(text.contains("[console.themes.dusk]\n") && text.contains("good = \"208\""), "{text}");
    let line = text.lines().find(|line| line.starts_with("accent = \"#1a2b3c\"")).expect("rendered");
    assert!(line.ends_with("clicktop.toml"), "{line}");
    let again = Config::new(&text).load(&[]).unwrap();
    assert_eq!(again.settings, loaded.settings);
}

#[test]
fn what_is_wrong_with_a_theme_is_named_with_its_line() {
    let names = "there are terminal, dark, light, high-contrast";
    for (text, error) in [
        (
            "[console]\ntheme = 'drak'\n",
            format!("clicktop.toml: console.theme (line 2): there is no theme `drak`; {names}"),
        ),
        (
            "[console]\ntheme = 'dusc'\n[console.themes.dusk]\ngood = 1\n",
            format!("clicktop.toml: console.theme (line 2): there is no theme `dusc`; {names}, dusk"),
        ),
        (
            "[console.themes.dusk]\nacent = '#ffffff'\n",
            "clicktop.toml: unknown setting console.themes.dusk.acent (line 2); did you mean \
             console.themes.dusk.accent?"
                .into(),
        ),
        (
            "[console.themes.dark]\ngood = 1\n",
            "clicktop.toml: console.themes.dark (line 1): is built in; give yours another name, and this one as its base"
                .into(),
        ),
        (
            "[console.themes.'a.b']\ngood = 1\n",
            "clicktop.toml: console.themes.a.b (line 1): a theme's name is up to 40 letters, digits, - and _".into(),
        ),
        (
            "[console.themes.dusk]\nbase = 'dusk'\n",
            "clicktop.toml: console.themes.dusk.base (line 2): expected one of \"terminal\", \"dark\", \"light\", \
             \"high-contrast\", found \"dusk\""
                .into(),
        ),
    ] {
        assert_eq!(file_error(text), error);
    }
    for (value, found) in [("'#12345'", "\"#12345\""), ("256", "\"256\""), ("'redd'", "\"redd\""), ("true", "true")] {
        let error = file_error(&format!("[console.themes.dusk]\n\nwarn = {value}\n"));
        let begins = "clicktop.toml: console.themes.dusk.warn (line 3): expected a colour: \"#rrggbb\", ";
        assert!(error.starts_with(begins) && error.ends_with(&format!("found {found}")), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
    assert!(file_error("[console]\nthemes = 'dark'\n").contains("expected a table for each theme"));
    let flags = vec![Override { key: "console.theme", value: "drak".into(), flag: "--theme" }];
    let error = load(&Sources { flags, ..Sources::default() }).unwrap_err().to_string();
    assert_eq!(error, format!("--theme (console.theme): there is no theme `drak`; {names}"));
}

#[test]
fn the_theme_that_the_sample_shows_can_be_used() {
    let sample = std::fs::read_to_string(sample()).unwrap();
    let (_, shown) = sample.split_once("# [console.themes").expect("an example");
    let theme: String = shown.lines().map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
    let config = Config::new(&format!("[console]\ntheme = 'solarized'\n[console.themes{theme}"));
    let loaded = config.load(&[]).unwrap();
    assert_eq!(loaded.settings.console.themes["solarized"].colors.len(), Role::ALL.len());
}
