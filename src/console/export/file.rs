//! A file with an export.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::format::ExportError;
use crate::private;

/// Writes a new file into `folder`. It never overwrites a file.
pub(crate) fn write_new(folder: &Path, name: &str, content: &str) -> Result<(), ExportError> {
    let failed = |error| ExportError::of(name, error);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = private::open_with(options, &folder.join(name)).map_err(failed)?;
    file.write_all(content.as_bytes()).and_then(|()| file.flush()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        write_new(folder.path(), "a.csv", "1").expect("written");
        assert!(matches!(write_new(folder.path(), "a.csv", "2"), Err(ExportError::Exists(_))));
        assert_eq!(std::fs::read_to_string(folder.path().join("a.csv")).expect("a file"), "1");
    }
}
