//! The commands and their flags.

pub mod args;
pub mod config_cmd;
mod values;
