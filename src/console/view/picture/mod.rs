//! The screen as text, as terminal sequences, and as a picture.

mod svg;
mod text;

pub(crate) use svg::svg_of;
pub(crate) use text::{ansi_of, text_of};
