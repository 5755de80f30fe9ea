//! The themes to choose from: the built-in ones, and the user's own over them.

use std::collections::BTreeMap;

use ratatui::style::Color;

use super::colors::{Depth, nearest_of_256, nearest_of_sixteen, one_of_sixteen, rgb_of_256};
use crate::theme::{OwnTheme, Role, ThemeColor, ThemeName};

impl ThemeColor {
    /// The colour, or the nearest to it, of those there are at `depth`; `apart` is one of the sixteen that it must not become.
    fn at(self, depth: Depth, apart: Option<Color>) -> Option<Color> {
        match (self, depth) {
            (ThemeColor::Default, _) | (_, Depth::None) => None,
            (ThemeColor::Palette(index), _) if index < 16 => one_of_sixteen(index),
            (ThemeColor::Palette(index), Depth::Sixteen) => Some(nearest_of_sixteen(rgb_of_256(index), apart)),
            (ThemeColor::Palette(index), _) => Some(Color::Indexed(index)),
            (ThemeColor::Rgb(r, g, b), Depth::Sixteen) => Some(nearest_of_sixteen((r, g, b), apart)),
            (ThemeColor::Rgb(r, g, b), Depth::Palette256) => Some(Color::Indexed(nearest_of_256((r, g, b)))),
            (ThemeColor::Rgb(r, g, b), Depth::True) => Some(Color::Rgb(r, g, b)),
        }
    }
}

/// A theme with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedTheme {
    name: String,
    theme: OwnTheme,
}

impl NamedTheme {
    /// The user's `theme` called `name`.
    pub(crate) fn own(name: &str, theme: &OwnTheme) -> Self {
        Self { name: name.to_owned(), theme: theme.clone() }
    }

    fn built_in(base: ThemeName) -> Self {
        Self { name: base.name().to_owned(), theme: OwnTheme { base, ..OwnTheme::default() } }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What it paints with where there are colours of this `depth`.
    pub(crate) fn palette(&self, depth: Depth) -> Palette {
        let color = |role: Role, apart| match self.theme.colors.get(&role) {
            Some(color) => color.at(depth, apart),
            None => self.theme.base.color(role, depth),
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
    all: Vec<NamedTheme>,
    at: usize,
}

impl Default for Themes {
    fn default() -> Self {
        Self::new(&BTreeMap::new(), ThemeName::Terminal.name())
    }
}

impl Themes {
    /// The built-in themes and `own`, with the one called `name` in use; the terminal's colours if there is none.
    pub fn new(own: &BTreeMap<String, OwnTheme>, name: &str) -> Self {
        let own = own.iter().map(|(name, theme)| NamedTheme::own(name, theme));
        let all: Vec<NamedTheme> = ThemeName::ALL.map(NamedTheme::built_in).into_iter().chain(own).collect();
        let at = all.iter().position(|theme| theme.name == name).unwrap_or(0);
        Self { all, at }
    }

    /// What the theme in use paints with where there are colours of this `depth`.
    pub(crate) fn palette(&self, depth: Depth) -> Palette {
        self.all
            .get(self.at)
            .map_or_else(|| NamedTheme::built_in(ThemeName::Terminal).palette(depth), |theme| theme.palette(depth))
    }

    /// The names of the themes.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(NamedTheme::name)
    }

    /// Takes the theme called `name` into use, if there is one.
    pub(crate) fn choose(&mut self, name: &str) {
        self.at = self.all.iter().position(|theme| theme.name == name).unwrap_or(self.at);
    }

    /// Takes the next theme into use; its name.
    pub(crate) fn turn(&mut self) -> &str {
        self.at = (self.at + 1) % self.all.len().max(1);
        self.all.get(self.at).map_or("", NamedTheme::name)
    }
}
