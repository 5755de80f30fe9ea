//! Detects by the first bytes of a file whether it is compressed or in UTF-16. Decompresses gzip, zstd and bzip2, and
//! converts UTF-16 to UTF-8, all as streams.

use std::io::{self, Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bzip2::read::MultiBzDecoder;
use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;

const GZIP: &[u8] = b"\x1f\x8b";
/// How bzip2 begins, before the digit that tells the size of its blocks; and what follows that: a block, or the end.
const BZIP2: &[u8] = b"BZh";
const BZIP2_NEXT: [&[u8]; 2] = [b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"];
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
/// How a frame of zstd begins that holds no data, after any of sixteen first bytes: `pzstd` begins its files with one.
const ZSTD_SKIPPABLE: [u8; 3] = *b"\x2a\x4d\x18";
const ZSTD_SKIPPABLE_FIRST: std::ops::RangeInclusive<u8> = 0x50..=0x5f;
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_LE_MARK: &[u8] = b"\xff\xfe";
const UTF16_BE_MARK: &[u8] = b"\xfe\xff";

/// A zstd frame may ask for so much memory: what `zstd --ultra -22` and `--long` use.
const ZSTD_WINDOW_LOG: u32 = 27;

/// What is read at a time of UTF-16, and what it may become.
const UTF16_BYTES: usize = 16 * 1024;

/// Bytes that were read of the file itself, whatever is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct BytesRead(Arc<AtomicU64>);

impl BytesRead {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// The text of an input, unpacked and in UTF-8.
pub(super) struct Unpacking {
    pub(super) reader: Box<dyn Read + Send>,
    /// Of the input itself.
    pub(super) read: BytesRead,
    /// Where the text begins, if the bytes of the input are the text: behind a byte order mark.
    pub(super) plain_from: Option<u64>,
}

/// The text of `raw` from here on, which is plain text. Its first `at` bytes were read already.
pub(super) fn plain(raw: impl Read + Send + 'static, at: u64) -> (Box<dyn Read + Send>, BytesRead) {
    let read = BytesRead(Arc::new(AtomicU64::new(at)));
    (Box::new(Counted { inner: raw, read: read.clone() }), read)
}

/// The text in `raw`. Counts the bytes that are read of it in `read`.
///
/// # Errors
/// Its first bytes cannot be read.
pub(super) fn text(raw: impl Read + Send + 'static, read: BytesRead) -> io::Result<Unpacking> {
    let mut raw = Counted { inner: raw, read: read.clone() };
    let skippable = ZSTD_SKIPPABLE_FIRST.map(|first| [&[first][..], &ZSTD_SKIPPABLE].concat());
    let skippable: Vec<Vec<u8>> = skippable.collect();
    let digits = (b'1'..=b'9').flat_map(|digit| BZIP2_NEXT.map(|next| [BZIP2, &[digit], next].concat()));
    let bzip2: Vec<Vec<u8>> = digits.collect();
    let long = skippable.iter().chain(&bzip2).map(Vec::as_slice);
    let marks: Vec<&[u8]> = [GZIP, ZSTD].into_iter().chain(long).collect();
    let first = begin(&mut raw, &marks)?;
    let (is_gzip, is_zstd) = (first == GZIP, first == ZSTD || skippable.contains(&first));
    let is_bzip2 = bzip2.contains(&first);
    let raw = Cursor::new(first).chain(raw);
    let is_packed = is_gzip || is_zstd || is_bzip2;
    let mut bytes: Box<dyn Read + Send> = if is_gzip {
        Box::new(Unpacked { inner: MultiGzDecoder::new(raw), form: "gzip" })
    } else if is_zstd {
        let mut decoder = zstd::stream::read::Decoder::new(raw)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        Box::new(Unpacked { inner: decoder, form: "zstd" })
    } else if is_bzip2 {
        Box::new(Unpacked { inner: MultiBzDecoder::new(raw), form: "bzip2" })
    } else {
        Box::new(raw)
    };
    let mark = begin(&mut bytes, &[UTF8_MARK, UTF16_LE_MARK, UTF16_BE_MARK])?;
    let (reader, from): (Box<dyn Read + Send>, _) = match mark.as_slice() {
        UTF8_MARK => (bytes, Some(UTF8_MARK.len() as u64)),
        UTF16_LE_MARK => (Box::new(Utf16::new(bytes, UTF_16LE)), None),
        UTF16_BE_MARK => (Box::new(Utf16::new(bytes, UTF_16BE)), None),
        _ => (Box::new(Cursor::new(mark).chain(bytes)), Some(0)),
    };
    Ok(Unpacking { reader, read, plain_from: from.filter(|_| !is_packed) })
}

/// Reads no further than is needed to tell whether one of `marks` begins the input: what has come of it until then.
fn begin(reader: &mut impl Read, marks: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    let mut byte = [0];
    while marks.iter().any(|mark| mark.len() > first.len() && mark.starts_with(&first)) {
        match reader.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => first.extend_from_slice(&byte),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(first)
}

struct Counted<R> {
    inner: R,
    read: BytesRead,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.read.0.fetch_add(read as u64, Ordering::AcqRel);
        Ok(read)
    }
}

/// Says in whose data an error is.
struct Unpacked<R> {
    inner: R,
    form: &'static str,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf).map_err(|error| {
            let form = self.form;
            match error.kind() {
                ErrorKind::Interrupted => error,
                // The file itself cannot be read.
                _ if error.raw_os_error().is_some() => error,
                ErrorKind::UnexpectedEof => io::Error::other(format!(
                    "its {form} data stops in the middle, so the file is incomplete; only what comes before is counted"
                )),
                _ => {
                    io::Error::other(format!("its {form} data is damaged ({error}); only what comes before is counted"))
                }
            }
        })
    }
}

/// UTF-16 as UTF-8. Halves of surrogate pairs become a byte that is no UTF-8, so that their record is refused, not changed.
struct Utf16<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    raw: Box<[u8]>,
    /// Of `raw`, what waits to be decoded.
    from: usize,
    to: usize,
    text: Vec<u8>,
    /// Of `text`, what is taken.
    taken: usize,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, encoding: &'static encoding_rs::Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; UTF16_BYTES].into(),
            from: 0,
            to: 0,
            text: Vec::new(),
            taken: 0,
            ended: false,
        }
    }

    /// Decodes more into `text`, which has been taken; nothing at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.taken = 0;
        self.text.clear();
        while self.text.is_empty() && !self.ended {
            if self.from == self.to {
                self.to = self.inner.read(&mut self.raw)?;
                self.from = 0;
            }
            let last = self.to == 0;
            self.text.resize(2 * UTF16_BYTES, 0);
            let raw = self.raw.get(self.from..self.to).unwrap_or_default();
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(raw, &mut self.text, last);
            self.from += read;
            self.text.truncate(written);
            match result {
                DecoderResult::Malformed(..) => self.text.push(0xff),
                DecoderResult::InputEmpty => self.ended = last,
                DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.text.len() {
            self.fill()?;
        }
        let rest = self.text.get(self.taken..).unwrap_or_default();
        let read = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..read), rest.get(..read)) {
            to.copy_from_slice(from);
        }
        self.taken += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const TEXT: &str = "c1,u1,2026-01-01T00:00:00Z,/ä😀,FR,,,,\nnext\n";

    /// All that can be read, at most a few bytes at a time, and the error behind it.
    fn read(raw: impl Into<Vec<u8>>) -> (Vec<u8>, Option<String>) {
        let mut all = Vec::new();
        let mut reader = match text(Cursor::new(raw.into()), BytesRead::default()) {
            Ok(text) => text.reader,
            Err(error) => return (all, Some(error.to_string())),
        };
        let mut some = [0; 7];
        loop {
            match reader.read(&mut some) {
                Ok(0) => return (all, None),
                Ok(read) => all.extend_from_slice(&some[..read]),
                Err(error) => return (all, Some(error.to_string())),
            }
        }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("finished")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).expect("encoded")
    }

    fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        bzip2::read::BzEncoder::new(bytes, bzip2::Compression::default()).read_to_end(&mut packed).expect("encoded");
        packed
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn every_wrapping_is_taken_off() {
        let marked = [UTF8_MARK, TEXT.as_bytes()].concat();
        let texts = [TEXT.as_bytes().to_vec(), marked, utf16(TEXT, true), utf16(TEXT, false)];
        for text in texts {
            for wrapped in [text.clone(), gzip(&text), zstd(&text), bzip2(&text)] {
                assert_eq!(read(wrapped), (TEXT.as_bytes().to_vec(), None));
            }
        }
        for short in ["", "a", "\u{1f}", "(", "\u{1f}x", "((", "\u{fe}", "BZh", "BZh91,u1", "BZh91AY&SX"] {
            assert_eq!(read(short), (short.as_bytes().to_vec(), None));
        }
        assert_eq!(read(UTF16_LE_MARK), (Vec::new(), None));
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        let both = [TEXT, TEXT].concat().into_bytes();
        for wrap in [gzip, zstd, bzip2] {
            assert_eq!(read([wrap(TEXT.as_bytes()), wrap(b""), wrap(TEXT.as_bytes())].concat()), (both.clone(), None));
        }
        // As `pzstd` writes them: each frame behind one that holds no data.
        for first in ZSTD_SKIPPABLE_FIRST {
            let skipped = [&[first][..], &ZSTD_SKIPPABLE, &[4, 0, 0, 0], b"size"].concat();
            let frames = [skipped.clone(), zstd(TEXT.as_bytes()), skipped, zstd(TEXT.as_bytes())].concat();
            assert_eq!(read(frames), (both.clone(), None));
        }
        assert_eq!(read("P*M"), (b"P*M".to_vec(), None));
    }

    #[test]
    fn what_is_cut_gives_what_came_before_and_says_so() {
        let long: String = (0..50_000_u32).map(|number| format!("{}\n", number.wrapping_mul(2_654_435_761))).collect();
        for (name, wrapped) in
            [("gzip", gzip(long.as_bytes())), ("zstd", zstd(long.as_bytes())), ("bzip2", bzip2(long.as_bytes()))]
        {
            let (text, error) = read(&wrapped[..wrapped.len() * 3 / 4]);
            // bzip2 gives whole blocks of 900 kB.
            assert!(
                (name == "bzip2" || text.len() > long.len() / 4) && long.as_bytes().starts_with(&text),
                "{name}: {}",
                text.len()
            );
            let error = error.expect("an error");
            assert!(error.contains(name) && error.contains("incomplete"), "{error}");
            let mut damaged = wrapped.clone();
            damaged[wrapped.len() / 2..].fill(0xff);
            let error = read(damaged).1.expect("an error");
            assert!(error.contains(name) && error.contains("counted"), "{error}");
        }
    }

    #[test]
    fn halves_of_pairs_are_no_text() {
        let raw = [0xff, 0xfe, b'a', 0, 0x00, 0xd8, b'b', 0, b'c'];
        let (text, error) = read(raw);
        assert_eq!((text.as_slice(), error), (&b"a\xffb\xff"[..], None));
    }

    #[test]
    fn a_bomb_is_read_in_bounded_memory() {
        let wrapped = gzip(&vec![b'\n'; 64 << 20]);
        assert!(wrapped.len() < 100_000);
        let Unpacking { mut reader, read: count, .. } =
            text(Cursor::new(wrapped.clone()), BytesRead::default()).expect("a reader");
        let mut chunk = vec![0; 64 * 1024];
        let mut all = 0;
        loop {
            match reader.read(&mut chunk).expect("read") {
                0 => break,
                read => all += read,
            }
        }
        assert_eq!((all, count.get()), (64 << 20, wrapped.len() as u64));
    }
}
