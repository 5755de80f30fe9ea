//! Skips JSON values at the speed of memory, and checks them on the way.
//!
//! serde_json has no way to ask which type comes next, so a wanted value has to be wrapped as a `RawValue`, and a message with few
//! wanted values took twice as long as skipping it. This reader accepts exactly what serde_json accepts (tests compare them), and
//! leaves it to serde_json to say what is wrong with the rest.

use crate::click::json::MAX_DEPTH;

/// Why a text cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It is not JSON.
    Syntax,
    /// It nests deeper than [`MAX_DEPTH`].
    Depth,
}

/// The type of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

impl Kind {
    /// The type, with its article.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A text, and how much of it is read.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Objects and arrays around the next value.
    depth: usize,
    /// The block of the text with these [`marks`].
    block: usize,
    marks: u64,
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, block: usize::MAX, marks: 0 }
    }

    /// How much is read.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What was read from `start` on.
    #[inline]
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not blank. It is not read yet.
    #[inline]
    fn next(&mut self) -> Result<u8, Stop> {
        match self.peek() {
            Some(byte) if byte > b' ' => Ok(byte),
            _ => self.after_blanks(),
        }
    }

    #[inline(never)]
    fn after_blanks(&mut self) -> Result<u8, Stop> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(byte),
                None => return Err(Stop::Syntax),
            }
        }
    }

    /// The type of the next value. Blanks before it are read.
    #[inline]
    pub(super) fn kind(&mut self) -> Result<Kind, Stop> {
        Ok(match self.next()? {
            b'"' => Kind::String,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'-' | b'0'..=b'9' => Kind::Number,
            b't' | b'f' => Kind::Boolean,
            b'n' => Kind::Null,
            _ => return Err(Stop::Syntax),
        })
    }

    /// Reads the bracket that opens an object or an array, and the one that closes it if it is empty. Returns whether it has content.
    #[inline]
    pub(super) fn enter(&mut self, close: u8) -> Result<bool, Stop> {
        self.at += 1;
        if self.next()? == close {
            self.at += 1;
            return if self.depth < MAX_DEPTH { Ok(false) } else { Err(Stop::Depth) };
        }
        self.depth += 1;
        if self.depth <= MAX_DEPTH { Ok(true) } else { Err(Stop::Depth) }
    }

    /// Reads what follows a value in an object or an array: a comma, or the bracket that closes it. Returns whether another value
    /// follows.
    #[inline]
    pub(super) fn more(&mut self, close: u8) -> Result<bool, Stop> {
        let byte = self.next()?;
        self.at += 1;
        if byte == b',' {
            return Ok(true);
        }
        self.depth -= 1;
        if byte == close { Ok(false) } else { Err(Stop::Syntax) }
    }

    /// Reads the name of a member, with its colon. Returns the text between the quotes, and whether it has escapes.
    #[inline]
    pub(super) fn name(&mut self) -> Result<(&'a [u8], bool), Stop> {
        if self.next()? != b'"' {
            return Err(Stop::Syntax);
        }
        let start = self.at + 1;
        let escaped = self.string()?;
        let name = self.text.as_bytes().get(start..self.at - 1).unwrap_or_default();
        if self.next()? != b':' {
            return Err(Stop::Syntax);
        }
        self.at += 1;
        Ok((name, escaped))
    }

    /// Reads blanks to the end of the text.
    pub(super) fn end(&mut self) -> Result<(), Stop> {
        match self.next() {
            Ok(_) => Err(Stop::Syntax),
            Err(_) => Ok(()),
        }
    }

    /// Reads a value.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        match self.next()? {
            b'"' => self.string().map(|_| ()),
            b'{' | b'[' => self.skip_nested(),
            _ => self.scalar(),
        }
    }

    /// Reads a value that is neither a string, nor an object, nor an array.
    #[inline]
    fn scalar(&mut self) -> Result<(), Stop> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => Err(Stop::Syntax),
        }
    }

    /// Reads an object or an array.
    fn skip_nested(&mut self) -> Result<(), Stop> {
        let outside = self.depth;
        // One bit for each level, the innermost last: whether it is an object.
        let mut objects = 0_u128;
        loop {
            match self.next()? {
                b'"' => {
                    self.string()?;
                }
                b'{' => {
                    if self.enter(b'}')? {
                        objects = objects << 1 | 1;
                        self.name()?;
                        continue;
                    }
                }
                b'[' => {
                    if self.enter(b']')? {
                        objects <<= 1;
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            loop {
                if self.depth == outside {
                    return Ok(());
                }
                let is_object = objects & 1 == 1;
                if self.more(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        self.name()?;
                    }
                    break;
                }
                objects >>= 1;
            }
        }
    }

    /// Reads a string from its opening quote on. Returns whether it has escapes.
    #[inline]
    fn string(&mut self) -> Result<bool, Stop> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        let mut at = self.at + 1;
        loop {
            if at / BLOCK != self.block {
                self.block = at / BLOCK;
                self.marks = marks(bytes, self.block);
            }
            let marks = self.marks >> (at % BLOCK);
            if marks == 0 {
                at = (self.block + 1) * BLOCK;
                continue;
            }
            at += marks.trailing_zeros() as usize;
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    at = escape(bytes, at + 1).ok_or(Stop::Syntax)?;
                }
                _ => return Err(Stop::Syntax),
            }
        }
    }

    fn number(&mut self) -> Result<(), Stop> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        // Two numbers without a separator, or a leading zero, are found by what may follow a value.
        Ok(())
    }

    /// Reads one or more digits.
    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Stop::Syntax) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Stop> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(Stop::Syntax);
        }
        self.at += word.len();
        Ok(())
    }
}

/// Which bytes of a block of 64 are a quote, a backslash or a control character: one bit for each, the first byte last. Bytes behind the
/// end count as control characters.
///
/// All bits of a block at once, because then the place where a string ends does not wait for the place where the one before ended.
#[inline(never)]
fn marks(bytes: &[u8], block: usize) -> u64 {
    match bytes.get(block * BLOCK..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        Some(chunk) => marks_of(chunk),
        None => marks_of(&padded(bytes.get(block * BLOCK..).unwrap_or_default())),
    }
}

/// The last bytes of a text, with zero bytes behind them.
#[cold]
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut padded = [0; BLOCK];
    for (place, byte) in padded.iter_mut().zip(rest) {
        *place = *byte;
    }
    padded
}

#[inline]
fn marks_of(chunk: &[u8; BLOCK]) -> u64 {
    let flags = chunk.map(|byte| u8::from((byte == b'"') | (byte == b'\\') | (byte < b' ')));
    let (words, _) = flags.as_chunks::<8>();
    let mut bits = 0;
    for (at, word) in words.iter().enumerate() {
        // The product has the lowest bits of the eight bytes next to each other, in its highest byte.
        let gathered = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080);
        bits |= (gathered >> (56 - 8 * at)) & (0xff << (8 * at));
    }
    bits
}

/// The index behind an escape, which begins behind the backslash at `at`.
fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => bytes.get(at + 1..at + 5)?.iter().all(u8::is_ascii_hexdigit).then_some(at + 5),
        _ => None,
    }
}

#[cfg(test)]
#[path = "json_scan_tests.rs"]
mod tests;
