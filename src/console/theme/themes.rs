//! The themes to choose from: the built-in ones, and the user's own over them.

use ratatui::style::Color;

use super::colors::{Depth, Role, ThemeName, nearest_of_256, nearest_of_sixteen, one_of_sixteen, rgb_of_256};

/// A colour as a theme of the user's own gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// The terminal's own text or background.
    Default,
    /// One of the palette of 256; the first sixteen are the terminal's own.
    Palette(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

impl Ink {
    /// The colour, or the nearest to it, of those there are at `depth`; `apart` is one of the sixteen that it must not become.
    fn color(self, depth: Depth, apart: Option<Color>) -> Option<Color> {
        match (self, depth) {
            (Ink::Default, _) | (_, Depth::None) => None,
            (Ink::Palette(index), _) if index < 16 => one_of_sixteen(index),
            (Ink::Palette(index), Depth::Sixteen) => Some(nearest_of_sixteen(rgb_of_256(index), apart)),
            (Ink::Palette(index), _) => Some(Color::Indexed(index)),
            (Ink::Rgb(r, g, b), Depth::Sixteen) => Some(nearest_of_sixteen((r, g, b), apart)),
            (Ink::Rgb(r, g, b), Depth::Palette256) => Some(Color::Indexed(nearest_of_256((r, g, b)))),
            (Ink::Rgb(r, g, b), Depth::True) => Some(Color::Rgb(r, g, b)),
        }
    }
}

/// A theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeColors {
    name: String,
    base: ThemeName,
    own: Vec<(Role, Ink)>,
}

impl ThemeColors {
    /// A theme called `name` with colours of its own; what it does not give comes from `base`.
    pub fn own(name: impl Into<String>, base: ThemeName, colors: impl IntoIterator<Item = (Role, Ink)>) -> Self {
        Self { name: name.into(), base, own: colors.into_iter().collect() }
    }

    fn built_in(base: ThemeName) -> Self {
        Self { name: base.name().to_owned(), base, own: Vec::new() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What it paints with where there are colours of this `depth`.
    pub(crate) fn palette(&self, depth: Depth) -> Palette {
        let color = |role: Role, apart| match self.own.iter().find(|(own, _)| *own == role) {
            Some((_, ink)) => ink.color(depth, apart),
            None => self.base.color(role, depth),
        };
        let ground = color(Role::Background, None);
        Palette(Role::ALL.map(|role| if role == Role::Background { ground } else { color(role, ground) }))
    }
}

/// The colour of each role; none where the terminal's own is to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Palette([Option<Color>; 9]);

impl Palette {
    pub(crate) fn color(&self, role: Role) -> Option<Color> {
        Role::ALL.iter().zip(self.0).find(|(known, _)| **known == role).and_then(|(_, color)| color)
    }
}

/// The themes of one console, one of them in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Themes {
    all: Vec<ThemeColors>,
    at: usize,
}

impl Default for Themes {
    fn default() -> Self {
        Self::new([], ThemeName::Terminal.name())
    }
}

impl Themes {
    /// The built-in themes and `own`, with the one called `name` in use; the terminal's colours if there is none.
    pub fn new(own: impl IntoIterator<Item = ThemeColors>, name: &str) -> Self {
        let all: Vec<ThemeColors> = ThemeName::ALL.map(ThemeColors::built_in).into_iter().chain(own).collect();
        let at = all.iter().position(|theme| theme.name == name).unwrap_or(0);
        Self { all, at }
    }

    /// What the theme in use paints with where there are colours of this `depth`.
    pub(crate) fn palette(&self, depth: Depth) -> Palette {
        self.all
            .get(self.at)
            .map_or_else(|| ThemeColors::built_in(ThemeName::Terminal).palette(depth), |theme| theme.palette(depth))
    }

    /// Takes the next theme into use; its name.
    pub(crate) fn turn(&mut self) -> &str {
        self.at = (self.at + 1) % self.all.len().max(1);
        self.all.get(self.at).map_or("", ThemeColors::name)
    }
}
