//! Lines of access logs of Apache and NGINX, in the common or the combined format.
//!
//! ```text
//! host:443 192.0.2.7 - frank [31/Jan/2026:09:30:00 +0000] "GET /a?b=1 HTTP/1.1" 200 2326 "http://example.com/" "Mozilla/5.0" more
//! ```
//!
//! The host before the address, the referer, the user agent and what follows it may be missing.

use std::num::NonZeroUsize;

use memchr::{memchr, memchr2, memrchr};

use super::fault::EventFault;
use super::log_escapes::undo;
use super::names::{Name, Names};
use super::value::{Fault, Value};
use crate::click::csv::without_line_end;
use crate::click::error::DecodeError;
use crate::click::event::MAX_MESSAGE_BYTES;
use crate::click::fields::Piece;

/// The names of the fields, in their order.
pub(crate) const FIELDS: [&str; 9] =
    ["remote_addr", "ident", "remote_user", "time", "request", "status", "bytes", "referer", "user_agent"];
const REQUEST: usize = 4;
const STATUS: usize = 5;
/// Fields of a common line.
const COMMON: usize = 7;
/// The names of the parts of the request.
const PARTS: [&str; 3] = ["method", "path", "protocol"];
/// The name of the field before the address.
const HOST: &str = "host";
/// Begins the name of a field behind the user agent.
const MORE: &str = "field_";

/// Where the wanted fields of a line go.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) host: Option<u16>,
    /// The slot of each field, by its number from 0.
    pub(crate) fields: Vec<Option<u16>>,
    /// The slots of method, path and protocol.
    pub(crate) request: [Option<u16>; 3],
}

/// All names of a line, for errors.
pub(super) fn names() -> String {
    format!("{HOST}, {}, {}, {MORE}10 and so on", FIELDS.join(", "), PARTS.join(", "))
}

/// Whether a line has a field with this name.
pub(super) fn has(name: &str) -> bool {
    name == HOST || PARTS.contains(&name) || number(name).is_some()
}

/// The name of the field with this number, from 1.
pub(super) fn name_of(number: NonZeroUsize) -> String {
    let field = FIELDS.get(number.get() - 1);
    field.map_or_else(|| format!("{MORE}{number}"), |field| (*field).to_owned())
}

/// The number of a field, from 0.
fn number(name: &str) -> Option<usize> {
    FIELDS.iter().position(|field| *field == name).or_else(|| {
        let number = name.strip_prefix(MORE)?.parse::<NonZeroUsize>().ok()?.get();
        (number > FIELDS.len()).then(|| number - 1)
    })
}

impl Line {
    pub(super) fn compile(names: &Names) -> Self {
        let mut line = Self::default();
        for (slot, wanted) in names.iter() {
            let Name::Text(name) = &wanted.name else { continue };
            if **name == *HOST {
                line.host = Some(slot);
            }
            let part = PARTS.iter().position(|part| **part == **name);
            if let Some(place) = part.and_then(|part| line.request.get_mut(part)) {
                *place = Some(slot);
            }
            // More fields than a line can have are never found.
            if let Some(number) = number(name).filter(|number| *number < MAX_MESSAGE_BYTES) {
                if line.fields.len() <= number {
                    line.fields.resize(number + 1, None);
                }
                if let Some(place) = line.fields.get_mut(number) {
                    *place = Some(slot);
                }
            }
        }
        line
    }

    /// Puts the wanted fields of a line into `slots`.
    pub(super) fn read<'a>(
        &self,
        text: &'a str,
        scratch: &mut String,
        slots: &mut [Value<'a>],
    ) -> Result<(), DecodeError> {
        self.fields_of(without_line_end(text), &mut Taken { slots, scratch })
            .map_err(|reason| DecodeError::Event(Box::new(EventFault::Log(reason))))
    }

    fn fields_of<'a>(&self, text: &'a str, taken: &mut Taken<'_, 'a>) -> Result<(), &'static str> {
        let (client, rest) = split_at_time(text).ok_or("it has no time in brackets")?;
        self.client(client, taken)?;
        let (time, rest) = rest.split_once(']').ok_or("the bracket of the time is never closed")?;
        let rest = rest.strip_prefix(' ').ok_or("it ends behind the time, or a blank is missing there")?;
        taken.set(self.field(3), time, false);

        let mut rest = Some(rest);
        let mut number = REQUEST;
        while let Some(text) = rest {
            let (field, quoted, escaped);
            (field, quoted, escaped, rest) = next_field(text)?;
            match number {
                REQUEST if !quoted => return Err("the request is not in quotes"),
                REQUEST => self.request(field, escaped, taken),
                STATUS if !is_number(field, 3) => return Err("the status is not a number of three digits"),
                6 if !is_number(field, usize::MAX) => return Err("the size of the answer is not a number"),
                _ => {}
            }
            taken.set(self.field(number), field, escaped);
            number += 1;
        }
        if number < COMMON { Err("it ends before the size of the answer") } else { Ok(()) }
    }

    #[inline]
    fn field(&self, number: usize) -> Option<u16> {
        self.fields.get(number).copied().flatten()
    }

    /// Takes what comes before the time.
    fn client<'a>(&self, text: &'a str, taken: &mut Taken<'_, 'a>) -> Result<(), &'static str> {
        const FEW: &str = "three fields have to come before the time: address, identity and user";
        let (first, rest) = text.split_once(' ').ok_or(FEW)?;
        let (second, third) = rest.split_once(' ').ok_or(FEW)?;
        let (host, address, identity, user) = match third.split_once(' ') {
            // A user may have blanks. But the identity is nearly always a hyphen.
            Some((identity, user)) if second != "-" && (identity == "-" || host_of(first).len() < first.len()) => {
                (host_of(first), second, identity, user)
            }
            _ => ("", first, second, third),
        };
        taken.set(self.host, host, false);
        taken.set(self.field(0), address, false);
        taken.set(self.field(1), identity, false);
        taken.set(self.field(2), user, false);
        Ok(())
    }

    /// Takes the parts of the request.
    fn request<'a>(&self, request: &'a str, escaped: bool, taken: &mut Taken<'_, 'a>) {
        if self.request == [None; 3] {
            return;
        }
        match parts(request) {
            Some(parts) => {
                for (slot, part) in self.request.into_iter().zip(parts) {
                    taken.set(slot, part, escaped);
                }
            }
            None => {
                for slot in self.request.into_iter().flatten() {
                    taken.put(slot, Value::Fault(Fault::Request(request)));
                }
            }
        }
    }
}

/// Splits a line before the bracket of the time. Returns what comes before the blank, and what follows the bracket.
fn split_at_time(text: &str) -> Option<(&str, &str)> {
    // A user may have a bracket, but none behind a blank.
    let mut from = 0;
    loop {
        let bracket = from + memchr(b'[', text.as_bytes().get(from..)?)?;
        let before = text.get(..bracket)?;
        if let Some(before) = before.strip_suffix(' ') {
            return Some((before, text.get(bracket + 1..)?));
        }
        from = bracket + 1;
    }
}

/// The next field: its text without quotes, whether it is quoted, whether it has escapes, and what follows it.
#[inline]
fn next_field(text: &str) -> Result<(&str, bool, bool, Option<&str>), &'static str> {
    let Some(body) = text.strip_prefix('"') else {
        return Ok(match memchr(b' ', text.as_bytes()) {
            Some(end) => (text.get(..end).unwrap_or_default(), false, false, text.get(end + 1..)),
            None => (text, false, false, None),
        });
    };
    let bytes = body.as_bytes();
    let mut escaped = false;
    let mut from = 0;
    let end = loop {
        let at = memchr2(b'"', b'\\', bytes.get(from..).unwrap_or_default());
        let at = from + at.ok_or("a quote is never closed; perhaps the line is cut")?;
        if bytes.get(at) == Some(&b'"') {
            break at;
        }
        escaped = true;
        from = at + 2;
    };
    let (field, rest) = (body.get(..end).unwrap_or_default(), body.get(end + 1..).unwrap_or_default());
    match rest.strip_prefix(' ') {
        Some(rest) => Ok((field, true, escaped, Some(rest))),
        None if rest.is_empty() => Ok((field, true, escaped, None)),
        None => Err("text follows a closing quote; the server has to escape quotes inside a field"),
    }
}

/// Method, target and protocol of a request; `None` if it has another shape.
#[inline]
fn parts(request: &str) -> Option<[&str; 3]> {
    let first = memchr(b' ', request.as_bytes())?;
    let last = memrchr(b' ', request.as_bytes())?;
    let (method, protocol) = (request.get(..first)?, request.get(last + 1..)?);
    let path = request.get(first + 1..last)?;
    let is_method =
        !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte));
    (is_method && !path.is_empty() && protocol.starts_with("HTTP/")).then_some([method, path, protocol])
}

/// The host without its port.
fn host_of(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text,
    }
}

/// Whether a field is a hyphen, or a number of at most this many digits.
fn is_number(field: &str, digits: usize) -> bool {
    field == "-" || (!field.is_empty() && field.len() <= digits && field.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Where fields go.
struct Taken<'s, 'a> {
    slots: &'s mut [Value<'a>],
    scratch: &'s mut String,
}

impl<'a> Taken<'_, 'a> {
    #[inline]
    fn set(&mut self, slot: Option<u16>, field: &'a str, escaped: bool) {
        let Some(slot) = slot else { return };
        if field == "-" {
            return;
        }
        let value = if escaped {
            match undo(field, self.scratch) {
                Ok(piece) => Value::Text(piece),
                Err(problem) => Value::Fault(Fault::Escape(problem)),
            }
        } else {
            Value::Text(Piece::Message(field))
        };
        self.put(slot, value);
    }

    #[inline]
    fn put(&mut self, slot: u16, value: Value<'a>) {
        if let Some(place) = self.slots.get_mut(usize::from(slot)) {
            *place = value;
        }
    }
}
