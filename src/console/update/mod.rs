//! How events change the state: every `impl App` is here. Nothing here draws, or reads the terminal or the clock.

mod action;
mod alarms;
mod apply;
mod back;
mod breakdown;
mod chart;
mod commands;
mod cursor;
mod details;
mod ending;
pub(crate) mod event;
mod export;
mod fleet;
mod key_press;
mod line_input;
mod link;
mod message;
mod mouse;
mod palette;
mod paste;
mod pipelines;
mod prompt;
mod reset;
mod screens;
mod settings;
mod stages;
mod start;
