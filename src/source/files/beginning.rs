//! Reads only the beginning of an input, for a look at what it is.

use std::fs::File;
use std::io::{Cursor, Read};

use super::container::{self, BytesRead};
use super::find::FoundInput;
use super::head::form;
use super::input::ReplayInput;
use crate::source::error::DemoError;

/// First bytes of packed files, and the names of the programs that pack like that.
const CONTAINERS: [(&[u8], &str); 3] = [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2")];

/// The beginning of an input, unpacked and in UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// The name of the input for people, safe to print.
    pub(crate) name: String,
    /// The beginning of its text.
    pub(crate) text: Vec<u8>,
    /// Whether that is all.
    pub(crate) is_whole: bool,
    /// How it is packed.
    pub(crate) container: Option<&'static str>,
}

impl Beginning {
    /// The beginnings of `inputs`, each with at most `most` bytes of text.
    ///
    /// # Errors
    /// An input is not there, is a directory, cannot be read, or holds something that is not read.
    pub(crate) fn of_all(inputs: Vec<ReplayInput>, most: usize) -> Result<Vec<Self>, DemoError> {
        let (inputs, _) = FoundInput::find_all(inputs)?;
        inputs.iter().map(|input| Self::of(input, most)).collect()
    }

    fn of(input: &FoundInput, most: usize) -> Result<Self, DemoError> {
        let (path, mut raw): (_, Box<dyn Read + Send>) = match input {
            FoundInput::Stdin => ("standard input".into(), Box::new(std::io::stdin())),
            FoundInput::File(path) | FoundInput::Pipe(path) => {
                let file = File::open(path).map_err(|error| DemoError::read(path, &error))?;
                (path.clone(), Box::new(file))
            }
        };
        let failed = |error: std::io::Error| DemoError::read(path.clone(), &error);
        let mut first = Vec::new();
        raw.by_ref().take(4).read_to_end(&mut first).map_err(failed)?;
        let container = CONTAINERS.iter().find(|(mark, _)| first.starts_with(mark)).map(|(_, name)| *name);
        let unpacked = container::text(Cursor::new(first).chain(raw), BytesRead::default()).map_err(failed)?;
        let mut text = Vec::new();
        let read = unpacked.reader.take(most as u64).read_to_end(&mut text);
        // Of a file that is cut off, what comes before tells enough.
        if let Some(error) = read.err().filter(|_| text.is_empty()) {
            return Err(failed(error));
        }
        if let Some((what, advice)) = form(&text) {
            return Err(DemoError::NotRead {
                path,
                reason: format!("it is {what}, which clicktop does not read; {advice}"),
            });
        }
        Ok(Self { name: input.name(), is_whole: text.len() < most, text, container })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn beginning(bytes: &[u8], most: usize) -> Result<Beginning, DemoError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Beginning::of(&FoundInput::File(file.path().into()), most)
    }

    #[test]
    fn the_beginning_is_unpacked_and_says_whether_it_is_all() {
        let whole = beginning(b"a,b\n1,2\n", 100).unwrap();
        assert_eq!((whole.text.as_slice(), whole.is_whole, whole.container), (b"a,b\n1,2\n".as_slice(), true, None));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"a,b\n1,2\n").unwrap();
        let gzip = gzip.finish().unwrap();
        let cut = beginning(&gzip, 4).unwrap();
        assert_eq!((cut.text.as_slice(), cut.is_whole, cut.container), (b"a,b\n".as_slice(), false, Some("gzip")));
        let broken = beginning(&gzip[..gzip.len() - 5], 100).unwrap();
        assert_eq!(broken.text, b"a,b\n1,2\n", "what came before the end that is missing");
    }

    #[test]
    fn what_is_no_text_is_named() {
        let error = beginning(b"PAR1\x15\x04", 100).unwrap_err().to_string();
        assert!(error.ends_with("it is Parquet, which clicktop does not read; save it as CSV or JSON"), "{error}");
    }
}
