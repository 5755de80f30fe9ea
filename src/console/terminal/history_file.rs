//! The file with the commands of earlier runs, in the user's directory for state. Without it, the console works as well.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::console::state::command_history::HISTORY_LINES;
use crate::console::state::line_input::LINE_LENGTH;
use crate::private;
use crate::text::is_unsafe;

/// The file is never longer than this.
const MOST_BYTES: u64 = (HISTORY_LINES * LINE_LENGTH * 4) as u64;

/// Where the file is for these variables: below `XDG_STATE_HOME` if that is an absolute path, else below `HOME`.
pub(crate) fn history_file(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("clicktop/history"))
}

/// The commands in `file`, the oldest first; none if it cannot be read.
pub(crate) fn read(file: &Path) -> Vec<String> {
    let text = || -> io::Result<String> {
        private::refuse_link(file)?;
        if !std::fs::metadata(file)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut bytes = Vec::new();
        std::fs::File::open(file)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = text().unwrap_or_default();
    let is_command = |line: &&str| !line.trim().is_empty() && line.chars().count() <= LINE_LENGTH;
    let lines: Vec<&str> = text.lines().filter(is_command).filter(|line| !line.chars().any(is_unsafe)).collect();
    let more = lines.len().saturating_sub(HISTORY_LINES);
    lines.into_iter().skip(more).map(str::to_owned).collect()
}

/// Adds `line` to `file`, after what other consoles have added meanwhile, and lets the oldest lines go.
///
/// # Errors
/// As the system says.
pub(crate) fn add(file: &Path, line: &str) -> io::Result<()> {
    let mut lines = read(file);
    lines.push(line.to_owned());
    let more = lines.len().saturating_sub(HISTORY_LINES);
    let text: String = lines.iter().skip(more).flat_map(|line| [line.as_str(), "\n"]).collect();
    if let Some(folder) = file.parent() {
        private::create_dir(folder)?;
    }
    // A reader sees the old file or the new one. The name is this process's own.
    let next = file.with_extension(std::process::id().to_string());
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let written = private::open_with(options, &next).and_then(|mut open| open.write_all(text.as_bytes()));
    written.and_then(|()| std::fs::rename(&next, file)).inspect_err(|_| {
        // There is nothing more to do about it.
        let _ = std::fs::remove_file(&next);
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_file_is_where_the_user_keeps_state() {
        let file = |state: Option<&str>, home: Option<&str>| {
            history_file(|name| match name {
                "XDG_STATE_HOME" => state.map(Into::into),
                _ => home.map(Into::into),
            })
        };
        assert_eq!(file(Some("/s"), Some("/h")), Some("/s/clicktop/history".into()));
        assert_eq!(file(Some("relative"), Some("/h")), Some("/h/.local/state/clicktop/history".into()));
        assert_eq!(file(None, None), None);
    }

    #[test]
    fn commands_come_back_in_their_order_and_only_the_owner_may_read_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a/b/history");
        assert_eq!(read(&file), Vec::<String>::new());
        for n in 0..HISTORY_LINES + 5 {
            add(&file, &format!("goto /{n}")).expect("written");
        }
        let lines = read(&file);
        assert_eq!((lines.len(), lines.first().map(String::as_str)), (HISTORY_LINES, Some("goto /5")));
        let mode = std::fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            std::fs::read_dir(file.parent().expect("a folder")).expect("readable").count(),
            1,
            "nothing else stays"
        );
    }

    #[test]
    fn a_file_that_is_none_or_hostile_is_no_history_and_no_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        std::fs::create_dir(&file).expect("a folder in its place");
        assert!(read(&file).is_empty() && add(&file, "lag").is_err());
        let file = folder.path().join("other");
        std::fs::write(&file, "lag\n\u{1b}[2Jstop all\n\nerrors\n").expect("written");
        assert_eq!(read(&file), ["lag", "errors"]);
    }
}
