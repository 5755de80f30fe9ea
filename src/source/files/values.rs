//! Finds the end of a JSON value, byte by byte. A value may span lines and chunks; the scan needs no memory for it.
//!
//! The scan looks at the structure only, so text that the decoders accept beyond JSON (`NaN`) is one value here,
//! too.

use memchr::memchr3;

/// Nested deeper, no value is read on.
const MAX_DEPTH: usize = 1024;

/// Where a scan of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// The record ends before this byte of what was given.
    Done(usize),
    /// This byte cannot stand there.
    Broken(usize),
    /// The record goes on.
    More,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value or the end of an array that has just begun.
    ValueOrEnd,
    Key,
    /// A key or the end of an object that has just begun.
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    /// Within a string; a key is followed by a colon.
    Text {
        key: bool,
    },
    /// Behind a backslash.
    Escaped {
        key: bool,
    },
    /// Within a number or a word.
    Scalar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nest {
    Object,
    Array,
}

/// A value under way.
#[derive(Clone, Debug)]
pub(super) struct ValueScan {
    nests: Vec<Nest>,
    expect: Expect,
}

impl ValueScan {
    /// Before the first byte of a value.
    pub(super) fn new() -> Self {
        Self { nests: Vec::new(), expect: Expect::Value }
    }

    /// Goes on with `bytes`, which follow those given before.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Scanned {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let Expect::Text { key } = self.expect {
                let rest = bytes.get(at..).unwrap_or_default();
                let Some(skipped) = memchr3(b'"', b'\\', b'\n', rest) else { return Scanned::More };
                at += skipped;
                match rest.get(skipped) {
                    Some(b'\\') => self.expect = Expect::Escaped { key },
                    Some(b'"') if key => self.expect = Expect::Colon,
                    Some(b'"') => {
                        if self.end_value() {
                            return Scanned::Done(at + 1);
                        }
                    }
                    // No string holds a line end as it is: here one was cut.
                    _ => return Scanned::Broken(at),
                }
                at += 1;
                continue;
            }
            match self.step(byte) {
                ByteStep::Taken => at += 1,
                ByteStep::Ended => return Scanned::Done(at + 1),
                ByteStep::EndedBefore => return Scanned::Done(at),
                ByteStep::Again => {}
                ByteStep::Broken => return Scanned::Broken(at),
            }
        }
        Scanned::More
    }

    /// The end of the input: whether the value ends with it. Only a number or a word outside of everything does.
    pub(super) fn ends(&self) -> bool {
        self.expect == Expect::Scalar && self.nests.is_empty()
    }

    fn step(&mut self, byte: u8) -> ByteStep {
        match (self.expect, byte) {
            (Expect::Escaped { .. }, b'\n') => ByteStep::Broken,
            (Expect::Escaped { key }, _) => self.go(Expect::Text { key }),
            (Expect::Scalar, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') => ByteStep::Taken,
            (Expect::Scalar, _) => match self.end_value() {
                true => ByteStep::EndedBefore,
                false => ByteStep::Again,
            },
            (_, b' ' | b'\t' | b'\r' | b'\n') => ByteStep::Taken,
            (Expect::Value | Expect::ValueOrEnd, b'{') => self.enter(Nest::Object),
            (Expect::Value | Expect::ValueOrEnd, b'[') => self.enter(Nest::Array),
            (Expect::Value | Expect::ValueOrEnd, b'"') => self.go(Expect::Text { key: false }),
            (Expect::Value | Expect::ValueOrEnd, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-') => {
                self.go(Expect::Scalar)
            }
            (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => self.leave(),
            (Expect::Key | Expect::KeyOrEnd, b'"') => self.go(Expect::Text { key: true }),
            (Expect::Colon, b':') => self.go(Expect::Value),
            (Expect::CommaOrEnd, b',') => match self.nests.last() {
                Some(Nest::Object) => self.go(Expect::Key),
                _ => self.go(Expect::Value),
            },
            (Expect::CommaOrEnd, b'}') if self.nests.last() == Some(&Nest::Object) => self.leave(),
            (Expect::CommaOrEnd, b']') if self.nests.last() == Some(&Nest::Array) => self.leave(),
            _ => ByteStep::Broken,
        }
    }

    fn go(&mut self, expect: Expect) -> ByteStep {
        self.expect = expect;
        ByteStep::Taken
    }

    fn enter(&mut self, nest: Nest) -> ByteStep {
        if self.nests.len() == MAX_DEPTH {
            return ByteStep::Broken;
        }
        self.nests.push(nest);
        self.go(if nest == Nest::Object { Expect::KeyOrEnd } else { Expect::ValueOrEnd })
    }

    fn leave(&mut self) -> ByteStep {
        self.nests.pop();
        if self.end_value() { ByteStep::Ended } else { ByteStep::Taken }
    }

    /// A value has ended; whether it was the whole.
    fn end_value(&mut self) -> bool {
        self.expect = Expect::CommaOrEnd;
        self.nests.is_empty()
    }
}

enum ByteStep {
    Taken,
    /// The whole value ends with this byte.
    Ended,
    /// It ended before this byte.
    EndedBefore,
    /// Look at this byte again.
    Again,
    Broken,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In chunks of `size`, as a place in all of `bytes`.
    fn scan(bytes: &[u8], size: usize) -> Scanned {
        let mut scan = ValueScan::new();
        for (number, chunk) in bytes.chunks(size).enumerate() {
            match scan.scan(chunk) {
                Scanned::More => {}
                Scanned::Done(at) => return Scanned::Done(number * size + at),
                Scanned::Broken(at) => return Scanned::Broken(number * size + at),
            }
        }
        Scanned::More
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::vec((".{0,4}", inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_ends_where_it_ends(value in value(), pretty: bool, size in 1_usize..40) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("JSON");
            let followed = format!(" \n{text},rest");
            prop_assert_eq!(scan(followed.as_bytes(), size), Scanned::Done(text.len() + 2));
        }

        #[test]
        fn any_bytes_are_scanned_alike_in_any_chunks(bytes: Vec<u8>, size in 1_usize..9) {
            prop_assert_eq!(scan(&bytes, size), scan(&bytes, bytes.len().max(1)));
        }

        #[test]
        fn brackets_and_quotes_are_scanned_alike_in_any_chunks(text in "[\\[\\]{}\",:\\\\1a \n]{0,24}", size in 1_usize..9) {
            let whole = scan(text.as_bytes(), text.len().max(1));
            prop_assert_eq!(scan(text.as_bytes(), size), whole);
            // The parser agrees on what it takes.
            let mut values = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
            if let Some(Ok(value)) = values.next() && (value.is_object() || value.is_array()) {
                prop_assert_eq!(whole, Scanned::Done(values.byte_offset()));
            }
        }
    }

    #[test]
    fn what_is_cut_or_wrong_is_seen_at_once() {
        for (text, at) in [
            ("{\"a\":\"cut\n{\"b\":1}", 9),
            ("{\"a\":1\n{\"b\":1}", 7),
            ("{\"a\":1,{", 7),
            ("{\"a\" 1}", 5),
            ("[1,2}", 4),
            ("}", 0),
            ("{]", 1),
        ] {
            assert_eq!(scan(text.as_bytes(), text.len()), Scanned::Broken(at), "{text}");
        }
        assert_eq!(scan("[".repeat(MAX_DEPTH + 1).as_bytes(), 7), Scanned::Broken(MAX_DEPTH));
        for text in ["{\"a\":NaN,\"b\":-Infinity}", "[]", "{}", "{\"a\":[{},[]]}"] {
            assert_eq!(scan(text.as_bytes(), 1), Scanned::Done(text.len()), "{text}");
        }
    }
}
