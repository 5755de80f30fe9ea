//! The colours of each theme, and how many of them a terminal can show.

use ratatui::style::Color;

use crate::theme::{ColorMode, Role, ThemeName};

/// How many colours there are to draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    None,
    Sixteen,
    Palette256,
    True,
}

impl ColorMode {
    /// The colours to draw with, given `NO_COLOR`, `COLORTERM` and `TERM` as the environment has them.
    pub(crate) fn depth(self, no_color: Option<&str>, color_term: Option<&str>, term: Option<&str>) -> Depth {
        let term = term.unwrap_or_default();
        let can = match color_term {
            Some("truecolor" | "24bit") => Depth::True,
            _ if term.contains("direct") => Depth::True,
            _ if term.contains("256color") => Depth::Palette256,
            _ => Depth::Sixteen,
        };
        match self {
            ColorMode::Auto if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" => Depth::None,
            ColorMode::Auto | ColorMode::Always => can,
            ColorMode::Never => Depth::None,
            ColorMode::Sixteen => Depth::Sixteen,
            ColorMode::Palette256 => Depth::Palette256,
            ColorMode::True => Depth::True,
        }
    }
}

/// Red, green, blue.
pub(crate) type Rgb = (u8, u8, u8);

impl ThemeName {
    /// The colour of `role` at `depth`; none where the terminal's own is to stay.
    pub(crate) fn color(self, role: Role, depth: Depth) -> Option<Color> {
        match (self, depth) {
            (_, Depth::None) => None,
            (ThemeName::Terminal, _) | (_, Depth::Sixteen) => self.sixteen(role),
            (_, Depth::Palette256) => self.rgb(role).map(|rgb| Color::Indexed(nearest_of_256(rgb))),
            (_, Depth::True) => self.rgb(role).map(|(r, g, b)| Color::Rgb(r, g, b)),
        }
    }

    fn sixteen(self, role: Role) -> Option<Color> {
        let light = self == ThemeName::Light;
        Some(match (role, self) {
            (Role::Text | Role::Background | Role::Faint, ThemeName::Terminal) => return None,
            (Role::Text, _) => {
                if light {
                    Color::Black
                } else {
                    Color::White
                }
            }
            (Role::Background, _) => {
                if light {
                    Color::White
                } else {
                    Color::Black
                }
            }
            (Role::Faint, ThemeName::HighContrast) => Color::White,
            (Role::Faint, _) => {
                if light {
                    Color::DarkGray
                } else {
                    Color::Gray
                }
            }
            (Role::Warn, ThemeName::Light) => Color::Magenta,
            (Role::Accent, ThemeName::Light) => Color::Blue,
            (Role::Accent, ThemeName::HighContrast) => Color::LightCyan,
            (Role::Good, ThemeName::HighContrast) => Color::LightGreen,
            (Role::Warn, ThemeName::HighContrast) => Color::LightYellow,
            (Role::Bad, ThemeName::HighContrast) => Color::LightRed,
            (Role::Calm, ThemeName::HighContrast) => Color::LightBlue,
            (Role::Other, ThemeName::HighContrast) => Color::LightMagenta,
            (Role::Accent, _) => Color::Cyan,
            (Role::Good, _) => Color::Green,
            (Role::Warn, _) => Color::Yellow,
            (Role::Bad, _) => Color::Red,
            (Role::Calm, _) => Color::Blue,
            (Role::Other, _) => Color::Magenta,
        })
    }

    fn rgb(self, role: Role) -> Option<Rgb> {
        let [text, background, faint, accent, good, warn, bad, calm, other] = match self {
            ThemeName::Terminal => return None,
            ThemeName::Dark => [
                (0xd8, 0xde, 0xe4),
                (0x14, 0x18, 0x1d),
                (0x8b, 0x96, 0xa3),
                (0x5c, 0xc8, 0xd7),
                (0x7f, 0xc9, 0x6b),
                (0xe5, 0xb5, 0x4a),
                (0xf2, 0x6d, 0x6d),
                (0x74, 0xa8, 0xf5),
                (0xc7, 0x92, 0xea),
            ],
            ThemeName::Light => [
                (0x1f, 0x24, 0x2b),
                (0xfb, 0xfa, 0xf7),
                (0x5d, 0x67, 0x73),
                (0x00, 0x6a, 0x86),
                (0x1e, 0x70, 0x2c),
                (0x8a, 0x55, 0x00),
                (0xb3, 0x1d, 0x28),
                (0x1f, 0x56, 0xb8),
                (0x7b, 0x2f, 0xa6),
            ],
            ThemeName::HighContrast => [
                (0xff, 0xff, 0xff),
                (0x00, 0x00, 0x00),
                (0xff, 0xff, 0xff),
                (0x00, 0xff, 0xff),
                (0x5f, 0xff, 0x5f),
                (0xff, 0xff, 0x00),
                (0xff, 0x87, 0x87),
                (0x87, 0xd7, 0xff),
                (0xff, 0xaf, 0xff),
            ],
        };
        Some(match role {
            Role::Text => text,
            Role::Background => background,
            Role::Faint => faint,
            Role::Accent => accent,
            Role::Good => good,
            Role::Warn => warn,
            Role::Bad => bad,
            Role::Calm => calm,
            Role::Other => other,
        })
    }
}

/// The nearest colour of the 6 × 6 × 6 cube and the ramp of greys; the first sixteen depend on the terminal's scheme.
pub(crate) fn nearest_of_256(wanted: Rgb) -> u8 {
    (16..=255).min_by_key(|index| distance(rgb_of_256(*index), wanted)).unwrap_or(15)
}

/// The sixteen as most terminals show them unless told otherwise, in their order in the palette of 256.
const SIXTEEN: [(Color, Rgb); 16] = [
    (Color::Black, (0x00, 0x00, 0x00)),
    (Color::Red, (0xcd, 0x00, 0x00)),
    (Color::Green, (0x00, 0xcd, 0x00)),
    (Color::Yellow, (0xcd, 0xcd, 0x00)),
    (Color::Blue, (0x00, 0x00, 0xee)),
    (Color::Magenta, (0xcd, 0x00, 0xcd)),
    (Color::Cyan, (0x00, 0xcd, 0xcd)),
    (Color::Gray, (0xe5, 0xe5, 0xe5)),
    (Color::DarkGray, (0x7f, 0x7f, 0x7f)),
    (Color::LightRed, (0xff, 0x00, 0x00)),
    (Color::LightGreen, (0x00, 0xff, 0x00)),
    (Color::LightYellow, (0xff, 0xff, 0x00)),
    (Color::LightBlue, (0x5c, 0x5c, 0xff)),
    (Color::LightMagenta, (0xff, 0x00, 0xff)),
    (Color::LightCyan, (0x00, 0xff, 0xff)),
    (Color::White, (0xff, 0xff, 0xff)),
];

/// The terminal's own colour of this number; none from sixteen on.
pub(crate) fn one_of_sixteen(index: u8) -> Option<Color> {
    SIXTEEN.get(usize::from(index)).map(|(color, _)| *color)
}

/// The nearest of the sixteen, as most terminals show them, but for the one that it must stand `apart` from.
pub(crate) fn nearest_of_sixteen(wanted: Rgb, apart: Option<Color>) -> Color {
    let others = SIXTEEN.into_iter().filter(|(color, _)| Some(*color) != apart);
    others.min_by_key(|(_, rgb)| distance(*rgb, wanted)).map_or(Color::Reset, |(color, _)| color)
}

/// What a number from sixteen on stands for.
pub(crate) fn rgb_of_256(index: u8) -> Rgb {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match index.checked_sub(232) {
        Some(grey) => {
            let level = 8 + 10 * grey;
            (level, level, level)
        }
        None => {
            let cube = index.saturating_sub(16);
            (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
    }
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREGROUND: [Role; 8] =
        [Role::Text, Role::Faint, Role::Accent, Role::Good, Role::Warn, Role::Bad, Role::Calm, Role::Other];

    #[test]
    fn no_color_is_honoured_only_when_nobody_asked() {
        let depth = |mode: ColorMode, no_color, term| mode.depth(no_color, None, term);
        assert_eq!(depth(ColorMode::Auto, None, Some("xterm")), Depth::Sixteen);
        assert_eq!(
            depth(ColorMode::Auto, Some(""), Some("xterm")),
            Depth::Sixteen,
            "an empty NO_COLOR counts as unset"
        );
        assert_eq!(depth(ColorMode::Auto, Some("1"), Some("xterm")), Depth::None);
        assert_eq!(depth(ColorMode::Auto, None, Some("dumb")), Depth::None);
        assert_eq!(depth(ColorMode::Always, Some("1"), Some("dumb")), Depth::Sixteen);
        assert_eq!(depth(ColorMode::Never, None, Some("xterm")), Depth::None);
    }

    #[test]
    fn the_terminal_says_how_many_colours_it_has_and_the_user_has_the_last_word() {
        let auto = |color_term, term| ColorMode::Auto.depth(None, color_term, Some(term));
        assert_eq!(auto(Some("truecolor"), "xterm-256color"), Depth::True);
        assert_eq!(auto(Some("24bit"), "xterm"), Depth::True);
        assert_eq!(auto(None, "xterm-direct"), Depth::True);
        assert_eq!(auto(None, "tmux-256color"), Depth::Palette256);
        assert_eq!(auto(None, "linux"), Depth::Sixteen);
        assert_eq!(ColorMode::Sixteen.depth(None, Some("truecolor"), None), Depth::Sixteen);
        assert_eq!(ColorMode::Palette256.depth(Some("1"), None, None), Depth::Palette256);
        assert_eq!(ColorMode::True.depth(None, None, Some("linux")), Depth::True);
    }

    /// Contrast as WCAG 2 reckons it.
    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let channel = |value: u8| {
            let share = f64::from(value) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let light = |rgb: Rgb| 0.2126 * channel(rgb.0) + 0.7152 * channel(rgb.1) + 0.0722 * channel(rgb.2);
        let (one, other) = (light(one), light(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_ink_can_be_read_on_its_ground_at_every_depth() {
        for (theme, least) in [(ThemeName::Dark, 4.5), (ThemeName::Light, 4.5), (ThemeName::HighContrast, 7.0)] {
            let rgb = |role| theme.rgb(role).expect("a colour of its own");
            let ground = rgb(Role::Background);
            for role in FOREGROUND {
                assert!(contrast(rgb(role), ground) >= least, "{theme:?} {role:?}");
                let rounded = |rgb| rgb_of_256(nearest_of_256(rgb));
                assert!(contrast(rounded(rgb(role)), rounded(ground)) >= least, "{theme:?} {role:?} of 256");
            }
        }
    }

    #[test]
    fn a_theme_uses_no_more_colours_than_there_are() {
        for theme in [ThemeName::Terminal, ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast] {
            for role in FOREGROUND.into_iter().chain([Role::Background]) {
                assert_eq!(theme.color(role, Depth::None), None);
                let sixteen = theme.color(role, Depth::Sixteen);
                assert!(!matches!(sixteen, Some(Color::Rgb(..) | Color::Indexed(_))), "{theme:?} {role:?}");
                assert!(!matches!(theme.color(role, Depth::Palette256), Some(Color::Rgb(..))), "{theme:?} {role:?}");
            }
        }
        assert_eq!(ThemeName::Dark.color(Role::Accent, Depth::True), Some(Color::Rgb(0x5c, 0xc8, 0xd7)));
    }
}
