//! The real program, as its users call it.

#[path = "../support/mod.rs"]
mod support;

mod care;
mod check;
mod commands;
mod errors;
mod escapes;
mod headless;
mod interrupted;
mod rejects;
mod replay;
mod retention;
mod secrets;
