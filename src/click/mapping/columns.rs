//! Which columns of a separated form hold the values that the mapping takes.

use super::error::{HeaderError, MappingError};
use super::fault::EventFault;
use super::names::{Name, Names};
use super::source::Origin;
use crate::click::fields::EXCERPT_CHARS;
use crate::text::excerpt;

/// A message lists at most this many names.
const MAX_LISTED_NAMES: usize = 40;

/// The columns with wanted values.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// Columns from 0 with their slots, in their order.
    pub(crate) wanted: Box<[(usize, u16)]>,
    pub(crate) width: Width,
}

/// How many fields a record has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Width {
    /// As many as the header has.
    Header(usize),
    /// As many as `events.columns` names.
    Setting(usize),
    /// This number at least: the highest that the mapping names.
    Least(usize),
}

/// What a mapping names that the columns do not have.
pub(super) enum Lack {
    Missing { column: Box<str>, setting: Box<str> },
    Twice { column: Box<str>, setting: Box<str> },
    Narrow { column: usize, setting: Box<str> },
}

impl Columns {
    /// The columns of a mapping that names none, only numbers; `None` if it has a name.
    pub(super) fn by_number(names: &Names) -> Option<Self> {
        let mut wanted = Vec::with_capacity(names.len());
        for (slot, one) in names.iter() {
            match &one.name {
                Name::Number(number) => wanted.push((number.get() - 1, slot)),
                Name::Text(_) => return None,
            }
        }
        let least = wanted.iter().map(|(column, _)| column + 1).max().unwrap_or(0);
        Some(Self::new(wanted, Width::Least(least)))
    }

    /// The columns by the names of a header.
    pub(super) fn of_header<'o>(
        names: &Names,
        header: &[&str],
        origins: impl Iterator<Item = &'o Origin>,
    ) -> Result<Self, HeaderError> {
        let wanted = find(names, header, origins).map_err(|lack| match lack {
            Lack::Missing { column, setting } => HeaderError::Missing { column, setting, names: list(header) },
            Lack::Twice { column, setting } => HeaderError::Twice { column, setting },
            Lack::Narrow { column, setting } => HeaderError::Narrow { column, setting, width: header.len() },
        })?;
        Ok(Self::new(wanted, Width::Header(header.len())))
    }

    /// The columns by `events.columns`.
    pub(super) fn of_setting<'o>(
        names: &Names,
        columns: &[&str],
        origins: impl Iterator<Item = &'o Origin>,
    ) -> Result<Self, MappingError> {
        let wanted = find(names, columns, origins).map_err(|lack| match lack {
            Lack::Missing { column, setting } => {
                let listed = list(columns);
                MappingError::new(
                    &setting,
                    format!("events.columns has no column `{column}`; its columns are {listed}"),
                )
            }
            Lack::Twice { column, setting } => MappingError::new(
                &setting,
                format!("events.columns names `{column}` twice; write the number of the column"),
            ),
            Lack::Narrow { column, setting } => {
                let width = columns.len();
                MappingError::new(
                    &setting,
                    format!("there is no column {column}: events.columns names {width} columns"),
                )
            }
        })?;
        Ok(Self::new(wanted, Width::Setting(columns.len())))
    }

    fn new(mut wanted: Vec<(usize, u16)>, width: Width) -> Self {
        wanted.sort_unstable();
        Self { wanted: wanted.into_boxed_slice(), width }
    }

    /// How many fields each record has, if that is known.
    pub(super) fn width(&self) -> Option<usize> {
        match self.width {
            Width::Header(width) | Width::Setting(width) => Some(width),
            Width::Least(_) => None,
        }
    }

    /// Fails if a record has the wrong number of fields.
    #[inline]
    pub(super) fn check(&self, found: usize) -> Result<(), Box<EventFault>> {
        let fits = match self.width {
            Width::Header(width) | Width::Setting(width) => found == width,
            Width::Least(width) => found >= width,
        };
        if fits { Ok(()) } else { Err(self.misfit(found)) }
    }

    #[cold]
    fn misfit(&self, found: usize) -> Box<EventFault> {
        let expected = match self.width {
            Width::Header(width) => format!("the header has {width}"),
            Width::Setting(width) => format!("events.columns names {width}"),
            Width::Least(width) => format!("the mapping names column {width}"),
        };
        Box::new(EventFault::Width { found, expected: expected.into_boxed_str() })
    }
}

/// The columns, from 0, of the wanted names, with their slots.
fn find<'o>(
    names: &Names,
    header: &[&str],
    origins: impl Iterator<Item = &'o Origin>,
) -> Result<Vec<(usize, u16)>, Lack> {
    let mut wanted = Vec::with_capacity(names.len());
    for (slot, one) in names.iter() {
        let setting = || one.setting.clone();
        match &one.name {
            Name::Number(number) if number.get() <= header.len() => wanted.push((number.get() - 1, slot)),
            Name::Number(_) => {}
            Name::Text(name) => {
                // The very name first: names may differ in their case alone.
                let mut same: Vec<usize> = positions(header, |column| *column == **name);
                if same.is_empty() {
                    same = positions(header, |column| column.to_lowercase() == name.to_lowercase());
                }
                match *same {
                    [] => {}
                    [column] => wanted.push((column, slot)),
                    _ => return Err(Lack::Twice { column: one.shown().into(), setting: setting() }),
                }
            }
        }
    }
    let has = |slot| wanted.iter().any(|(_, found)| *found == slot);
    for origin in origins {
        let Some(one) = origin.lacks(&has).and_then(|slot| names.get(slot)) else { continue };
        let setting = one.setting.clone();
        return Err(match &one.name {
            Name::Number(number) => Lack::Narrow { column: number.get(), setting },
            Name::Text(_) => Lack::Missing { column: one.shown().into(), setting },
        });
    }
    Ok(wanted)
}

fn positions(header: &[&str], is: impl Fn(&str) -> bool) -> Vec<usize> {
    header.iter().enumerate().filter(|(_, column)| is(column)).map(|(at, _)| at).collect()
}

/// The names of columns, for errors.
fn list(header: &[&str]) -> Box<str> {
    let names: Vec<_> = header.iter().take(MAX_LISTED_NAMES).map(|name| excerpt(name, EXCERPT_CHARS)).collect();
    let more = if header.len() > MAX_LISTED_NAMES { ", …" } else { "" };
    format!("{}{more}", names.join(", ")).into_boxed_str()
}
