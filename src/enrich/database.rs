//! One GeoIP database: a file in MaxMind's format.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use maxminddb::{Reader, WithinOptions};
use serde::Deserialize;

use crate::text::excerpt;

/// How many networks are looked at for a country or a city.
const PROBED: usize = 10_000;

/// Why a file is no GeoIP database that clicktop can use. One line each.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It is in another format, or a part of it is missing.
    #[error("{}: not a complete GeoIP database in MaxMind's format (.mmdb): {cause}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// It is one of something else, such as network operators.
    #[error("{}: this database (\"{kind}\") tells neither countries nor cities", path.display())]
    NoPlaces {
        /// The file.
        path: PathBuf,
        /// What it says of itself.
        kind: String,
    },
}

/// A database in memory. The file may change or go away; a map of it would end the process when somebody cuts the file.
pub(super) struct Database {
    pub(super) reader: Reader<Arc<[u8]>>,
    /// What the reader reads.
    #[cfg(feature = "spark")]
    pub(super) bytes: Arc<[u8]>,
}

/// Where an address is, as far as the database knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// The ISO 3166 code of the country.
    pub(super) country: Option<&'a str>,
    /// The English name of the city.
    pub(super) city: Option<&'a str>,
}

/// A record in the forms of MaxMind, DB-IP and IPinfo.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    country: Option<Country<'a>>,
    country_code: Option<&'a str>,
    #[serde(borrow)]
    city: Option<City<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Country<'a> {
    Text(&'a str),
    #[serde(borrow)]
    Record(CountryRecord<'a>),
}

#[derive(Debug, Deserialize)]
struct CountryRecord<'a> {
    iso_code: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum City<'a> {
    Text(&'a str),
    #[serde(borrow)]
    Record(CityRecord<'a>),
}

#[derive(Debug, Deserialize)]
struct CityRecord<'a> {
    #[serde(borrow)]
    names: Option<CityNames<'a>>,
}

#[derive(Debug, Deserialize)]
struct CityNames<'a> {
    en: Option<&'a str>,
}

impl<'a> From<Record<'a>> for Found<'a> {
    fn from(record: Record<'a>) -> Self {
        let code = match record.country {
            Some(Country::Record(country)) => country.iso_code,
            // Some databases write the name here and the code beside it.
            Some(Country::Text(text)) => record.country_code.or((text.len() == 2).then_some(text)),
            None => record.country_code,
        };
        let city = match record.city {
            Some(City::Text(name)) => Some(name),
            Some(City::Record(city)) => city.names.and_then(|names| names.en),
            None => None,
        };
        let is_there = |text: &&str| !text.trim().is_empty();
        Self { country: code.filter(is_there), city: city.filter(is_there) }
    }
}

impl Database {
    /// Reads the file at `path`. A file that is cut has lost its end, where the metadata are.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let bytes = std::fs::read(path).map_err(|cause| DatabaseError::Unreadable { path: path.to_owned(), cause })?;
        let damaged = |error: maxminddb::MaxMindDbError| DatabaseError::Damaged {
            path: path.to_owned(),
            cause: excerpt(&error.to_string(), 200).into_owned(),
        };
        let bytes: Arc<[u8]> = bytes.into();
        let reader = Reader::from_source(Arc::clone(&bytes)).map_err(damaged)?;
        let database = Self {
            reader,
            #[cfg(feature = "spark")]
            bytes,
        };
        if !database.has_places().map_err(damaged)? {
            let kind = excerpt(&database.reader.metadata().database_type, 60).into_owned();
            return Err(DatabaseError::NoPlaces { path: path.to_owned(), kind });
        }
        Ok(database)
    }

    /// Whether some of the first networks have a country or a city.
    fn has_places(&self) -> Result<bool, maxminddb::MaxMindDbError> {
        for network in self.reader.networks(WithinOptions::default())?.take(PROBED) {
            if let Ok(Some(record)) = network?.decode::<Record<'_>>()
                && Found::from(record) != Found::default()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where `address` is.
    pub(super) fn find(&self, address: IpAddr) -> Found<'_> {
        // A database of version 4 refuses addresses of version 6.
        let record = self.reader.lookup(address).and_then(|found| found.decode::<Record<'_>>());
        record.ok().flatten().map_or_else(Found::default, Found::from)
    }

    /// What the database says of itself: its kind and the day it was built.
    pub(super) fn described(&self) -> String {
        let metadata = self.reader.metadata();
        let kind = excerpt(&metadata.database_type, 60);
        let built = i64::try_from(metadata.build_epoch).ok().and_then(|epoch| jiff::Timestamp::from_second(epoch).ok());
        match built {
            Some(built) => format!("{kind} of {}", built.strftime("%Y-%m-%d")),
            None => kind.into_owned(),
        }
    }
}

/// Without its contents.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("kind", &self.reader.metadata().database_type).finish_non_exhaustive()
    }
}
