//! Doing what the state asks for: writing files, copying, taking the mouse.

use std::io;
use std::path::Path;

use super::frames::Frames;
use super::history_file;
use super::session::TerminalSession;
use super::table_threads::TableThreads;
use crate::console::export::{ExportFormat, clipboard_sequence, write_new};
use crate::console::state::app::App;
use crate::console::state::effect::Effect;
use crate::console::view::picture::{ansi_of, svg_of, text_of};

/// Rings, or does what the terminal does instead.
const BELL: &str = "\x07";

/// Does every effect that waits, and shows its message. An error is one of the terminal.
pub(super) fn perform(
    app: &mut App,
    session: &mut TerminalSession,
    frames: &mut Frames,
    tables: &mut TableThreads,
) -> io::Result<()> {
    for effect in std::mem::take(&mut app.outgoing.effects) {
        let message = match effect {
            Effect::CaptureMouse(on) => {
                session.set_mouse(on)?;
                continue;
            }
            Effect::Ring => {
                session.send(BELL)?;
                continue;
            }
            Effect::Remember(line) => {
                if let Some(file) = &app.settings.history_file {
                    // Without a history, the console works as well.
                    let _ = history_file::add(file, &line);
                }
                continue;
            }
            Effect::WriteTable(table) => {
                tables.start(table);
                frames.want(true);
                continue;
            }
            Effect::WriteFile { name, content, message } => write(&name, &content, message),
            Effect::WriteScreen { name, format } => {
                let buffer = session.picture(app)?;
                let content = match format {
                    ExportFormat::Svg => svg_of(&buffer),
                    ExportFormat::Ansi => ansi_of(&buffer),
                    ExportFormat::Text | ExportFormat::Csv | ExportFormat::Json => text_of(&buffer),
                };
                write(&name, &content, format!("the screen is written to {name}"))
            }
            Effect::Copy(url) => {
                session.send(&clipboard_sequence(&url))?;
                format!("copied, if the terminal lets it: {url}")
            }
        };
        app.say(message);
        frames.want(true);
    }
    Ok(())
}

/// Writes a file into the current directory. Returns `message`, or the error as a message.
fn write(name: &str, content: &str, message: String) -> String {
    match write_new(Path::new("."), name, content) {
        Ok(()) => message,
        Err(error) => error.to_string(),
    }
}
