//! The files that were read: how far each was read is written in the transaction of its clicks, so a reading that was killed goes on
//! where it was.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Reader, StorageError};

/// A file of this machine, whatever its name is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The number of its device.
    pub device: u64,
    /// Its number on that device.
    pub inode: u64,
}

/// Where the next record of a file begins, and what must be known to go on there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePlace {
    /// The number of the record, from 0. A header has none.
    pub record: u64,
    /// The first byte of the record in the text: unpacked, in UTF-8, without a byte order mark.
    pub byte: u64,
    /// The first line of the record, from 1.
    pub line: u64,
    /// The header in force, as it stands in the file.
    pub header: Option<Box<[u8]>>,
    /// Whether the record is an element of a JSON array.
    pub in_array: bool,
    /// A hash of the text right before `byte`.
    pub tail: [u8; 16],
}

/// How far a file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePosition {
    /// The file.
    pub file: FileId,
    /// Six bytes that stand for its first record.
    pub stream: [u8; 6],
    /// Where it is, as an absolute path.
    pub path: PathBuf,
    /// Where the next record begins.
    pub place: FilePlace,
    /// Clicks in the records before `place`.
    pub clicks: u64,
    /// The length of the text in bytes, if it was read to its end. It is more than `place.byte` if the last line has no line end.
    pub text_end: Option<u64>,
    /// How many resets there had been when the reading of the file began. A reset forgets what was read before it.
    pub resets: u64,
}

const COLUMNS: &str =
    "device, inode, stream, path, next_record, byte, line, header, in_array, tail, clicks, text_end, resets";

/// Writes `positions` in the open transaction of `connection`.
pub(super) fn upsert(connection: &Connection, positions: &[FilePosition]) -> Result<(), StorageError> {
    if positions.is_empty() {
        return Ok(());
    }
    let mut upsert = connection.prepare_cached(&format!(
        "INSERT OR REPLACE INTO files ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    ))?;
    for FilePosition { file, stream, path, place, clicks, text_end, resets } in positions {
        upsert.execute(params![
            file.device.cast_signed(),
            file.inode.cast_signed(),
            stream,
            path_bytes(path),
            place.record,
            place.byte,
            place.line,
            place.header,
            place.in_array,
            place.tail,
            clicks,
            text_end,
            resets,
        ])?;
    }
    Ok(())
}

impl Reader {
    /// The files whose first record `stream` stands for, as far as they were read since the newest reset; those that were read the
    /// farthest come first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn files_of_stream(&self, stream: [u8; 6]) -> Result<Vec<FilePosition>, StorageError> {
        self.files("stream = ?1", stream.to_vec())
    }

    /// The files that were read at `path`, an absolute path, since the newest reset.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn files_of_path(&self, path: &Path) -> Result<Vec<FilePosition>, StorageError> {
        self.files("path = ?1", path_bytes(path))
    }

    fn files(&self, condition: &str, value: Vec<u8>) -> Result<Vec<FilePosition>, StorageError> {
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM files WHERE {condition} AND resets = ?2 ORDER BY byte DESC, text_end DESC"
        ))?;
        let rows = select.query_map(params![value, self.resets()?], position)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many resets there have been.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn resets(&self) -> Result<u64, StorageError> {
        let found = self.connection.query_row("SELECT count FROM resets", [], |row| row.get(0)).optional()?;
        Ok(found.unwrap_or(0))
    }
}

fn position(row: &Row<'_>) -> rusqlite::Result<FilePosition> {
    let place = FilePlace {
        record: row.get(4)?,
        byte: row.get(5)?,
        line: row.get(6)?,
        header: row.get::<_, Option<Vec<u8>>>(7)?.map(Vec::into_boxed_slice),
        in_array: row.get(8)?,
        tail: row.get(9)?,
    };
    Ok(FilePosition {
        file: FileId { device: row.get::<_, i64>(0)?.cast_unsigned(), inode: row.get::<_, i64>(1)?.cast_unsigned() },
        stream: row.get(2)?,
        path: path_of(row.get(3)?),
        place,
        clicks: row.get(10)?,
        text_end: row.get(11)?,
        resets: row.get(12)?,
    })
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn path_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::{click, open};
    use crate::storage::{IngestBatch, Origin};

    fn position(inode: u64, byte: u64) -> FilePosition {
        FilePosition {
            file: FileId { device: u64::MAX, inode },
            stream: *b"stream",
            path: "/logs/a.csv".into(),
            place: FilePlace {
                record: 7,
                byte,
                line: 9,
                header: Some((*b"id;user").into()),
                in_array: true,
                tail: [3; 16],
            },
            clicks: 6,
            text_end: Some(byte + 4),
            resets: 0,
        }
    }

    fn batch(positions: Vec<FilePosition>) -> IngestBatch {
        let mut batch = IngestBatch { origin: Origin::Files(positions), ..IngestBatch::default() };
        batch.clicks.push(&click("c1", 1, "/a"));
        batch
    }

    #[test]
    fn a_position_comes_back_as_it_was_stored_and_the_newest_one_counts() {
        let (_directory, storage) = open();
        storage.store(&batch(vec![position(1, 50)])).unwrap();
        storage.store(&batch(vec![position(1, 90), position(2, 100)])).unwrap();
        let reader = storage.reader().unwrap();
        assert_eq!(reader.files_of_stream(*b"stream").unwrap(), [position(2, 100), position(1, 90)]);
        assert_eq!(reader.files_of_path(Path::new("/logs/a.csv")).unwrap().len(), 2);
        assert_eq!(reader.files_of_path(Path::new("/logs/b.csv")).unwrap(), []);
        assert_eq!(reader.files_of_stream(*b"stroam").unwrap(), []);
    }

    #[test]
    fn a_reset_forgets_what_was_read_and_what_is_read_on_after_it() {
        let (_directory, storage) = open();
        storage.store(&batch(vec![position(1, 50)])).unwrap();
        storage.erase_events().unwrap();
        // A reading that was under way goes on, and tells of a place whose clicks before it are erased.
        storage.store(&batch(vec![position(1, 90)])).unwrap();
        let reader = storage.reader().unwrap();
        assert_eq!(reader.files_of_stream(*b"stream").unwrap(), []);
        let resets = reader.resets().unwrap();
        storage.store(&batch(vec![FilePosition { resets, ..position(1, 20) }])).unwrap();
        assert_eq!(reader.files_of_stream(*b"stream").unwrap().len(), 1);
    }
}
