//! Undoes the escapes that Apache and NGINX write in quoted fields of access logs.

use memchr::memchr;

use crate::click::fields::Piece;

/// The text without escapes, appended to `scratch`; borrowed if it has none. The error continues after the name of the field.
pub(super) fn undo<'a>(field: &'a str, scratch: &mut String) -> Result<Piece<'a>, &'static str> {
    let mut rest = field.as_bytes();
    let Some(mut backslash) = memchr(b'\\', rest) else { return Ok(Piece::Message(field)) };
    let mut bytes = Vec::with_capacity(rest.len());
    loop {
        let (before, escape) = rest.split_at_checked(backslash).unwrap_or_default();
        bytes.extend_from_slice(before);
        let (byte, after) = match escape {
            [_, b'x', high, low, after @ ..] => (hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low), after),
            [_, sign, after @ ..] => (sign_of(*sign), after),
            _ => (None, rest),
        };
        bytes.push(byte.ok_or("has a backslash that begins no escape of an access log")?);
        rest = after;
        match memchr(b'\\', rest) {
            Some(next) => backslash = next,
            None => break,
        }
    }
    bytes.extend_from_slice(rest);
    let text = std::str::from_utf8(&bytes).map_err(|_| "is not UTF-8 once its escapes are undone")?;
    let start = scratch.len();
    scratch.push_str(text);
    Ok(Piece::Scratch { start, end: scratch.len() })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The byte that a backslash and a sign stand for.
fn sign_of(sign: u8) -> Option<u8> {
    Some(match sign {
        b'"' | b'\\' | b'/' => sign,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'f' => 0x0c,
        b'v' => 0x0b,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_both_servers_are_undone() {
        let cases = [
            ("plain", Ok("plain")),
            (r#"say \"hi\" \\ \x22\x5C\x20"#, Ok("say \"hi\" \\ \"\\ ")),
            (r"\xC3\xA9t\xc3\xa9", Ok("été")),
            (r"a\tb", Ok("a\tb")),
            (r"\x16\x03", Ok("\u{16}\u{3}")),
            (r"\xE9", Err("is not UTF-8 once its escapes are undone")),
            (r"\xg0", Err("has a backslash that begins no escape of an access log")),
            (r"\x4", Err("has a backslash that begins no escape of an access log")),
            (r"\q", Err("has a backslash that begins no escape of an access log")),
            ("end\\", Err("has a backslash that begins no escape of an access log")),
        ];
        for (text, expected) in cases {
            let mut scratch = "before".to_owned();
            let undone = undo(text, &mut scratch).map(|piece| piece.text(&scratch).to_owned());
            assert_eq!(undone.as_deref().map_err(|error| *error), expected, "{text}");
        }
    }
}
