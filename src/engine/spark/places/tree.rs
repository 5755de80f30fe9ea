//! Ranges of addresses as a tree, whose nodes are the rows of the table of places.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int32Builder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;

use crate::engine::spark::sql::{DIGEST_LEVEL, FAN_OUT, NAMES, NAMES_LEVEL};
use crate::enrich::{AddressKey, PlaceName, Places};

/// A batch ends at this size: Spark's server takes messages of up to 128 MiB.
const BATCH_BYTES: usize = 16 << 20;

/// A first address that no address reaches.
const BEYOND: AddressKey = [0xff; 17];

/// Why the databases do not become a table.
#[derive(Debug, thiserror::Error)]
pub(super) enum TreeError {
    #[error(
        "the GeoIP databases have more than {most} ranges of addresses, which is more than the cluster can look up"
    )]
    TooMany { most: usize },
    #[error("a name of a place has {found} bytes, more than the {longest} that events.max_field_bytes allows")]
    TooLong { found: usize, longest: usize },
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// The rows of the table for these databases, which `digest` stands for. `longest` is the most bytes of a name.
///
/// # Errors
/// The databases are too large, or a name is too long.
pub(super) fn rows(places: &Places, digest: &str, longest: usize) -> Result<Vec<RecordBatch>, TreeError> {
    let mut tree = Tree::default();
    // Every address has a range, also one before the first that the databases know.
    tree.add(AddressKey::default(), 0);
    let names = places.ranges(|first, place| tree.add(first, place));
    let texts = names.iter().flat_map(|(country, city)| [country, city]).flatten();
    if let Some(found) = texts.map(|text| text.len()).max().filter(|found| *found > longest) {
        return Err(TreeError::TooLong { found, longest });
    }
    tree.finish(&names, digest)
}

/// A tree that grows from its leaves.
#[derive(Default)]
struct Tree {
    /// The first addresses of the node of each level that is being filled.
    open: [Vec<AddressKey>; FAN_OUT.len()],
    /// How many nodes of each level are full.
    full: [i32; FAN_OUT.len()],
    /// The places of the leaf that is being filled.
    places: Vec<u32>,
    rows: Rows,
    failed: Option<TreeError>,
}

impl Tree {
    /// Adds a range, which begins behind all others.
    fn add(&mut self, first: AddressKey, place: u32) {
        self.places.push(place);
        self.reach(FAN_OUT.len() - 1, first);
    }

    /// Adds a child to the open node of a level. The first child of a node makes the node a child of the level above.
    fn reach(&mut self, level: usize, first: AddressKey) {
        let (Some(open), Some(fan_out)) = (self.open.get_mut(level), FAN_OUT.get(level)) else { return };
        open.push(first);
        let (is_new, is_full) = (open.len() == 1, open.len() == *fan_out);
        match level.checked_sub(1) {
            Some(above) if is_new => self.reach(above, first),
            None if self.open[0].len() > FAN_OUT[0] => {
                self.failed = Some(TreeError::TooMany { most: FAN_OUT.iter().product() });
            }
            _ => {}
        }
        if is_full && level > 0 {
            self.close(level);
        }
    }

    /// Makes a row of the open node of a level.
    fn close(&mut self, level: usize) {
        let (Some(open), Some(full), Some(fan_out)) =
            (self.open.get_mut(level), self.full.get_mut(level), FAN_OUT.get(level))
        else {
            return;
        };
        if open.is_empty() || self.failed.is_some() {
            return;
        }
        let is_leaf = level == FAN_OUT.len() - 1;
        let places = if is_leaf { Some(std::mem::take(&mut self.places)) } else { None };
        let node = Node { level, number: *full, fan_out: *fan_out, starts: std::mem::take(open), places };
        *full += 1;
        if let Err(error) = self.rows.node(&node) {
            self.failed = Some(error.into());
        }
    }

    fn finish(mut self, names: &[PlaceName], digest: &str) -> Result<Vec<RecordBatch>, TreeError> {
        for level in (0..FAN_OUT.len()).rev() {
            self.close(level);
        }
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        for (number, names) in (0..).zip(names.chunks(NAMES)) {
            self.rows.names(number, names)?;
        }
        self.rows.digest(digest)?;
        Ok(self.rows.finish()?)
    }
}

/// A node of the tree.
struct Node {
    level: usize,
    number: i32,
    fan_out: usize,
    starts: Vec<AddressKey>,
    /// Of a leaf.
    places: Option<Vec<u32>>,
}

/// Rows of the table, in batches.
#[derive(Default)]
struct Rows {
    levels: Int32Builder,
    nodes: Int32Builder,
    widths: Int32Builder,
    starts: BinaryBuilder,
    places: ListBuilder<Int32Builder>,
    countries: ListBuilder<StringBuilder>,
    cities: ListBuilder<StringBuilder>,
    bytes: usize,
    batches: Vec<RecordBatch>,
}

impl Rows {
    fn node(&mut self, node: &Node) -> Result<(), ArrowError> {
        let width = |key: &AddressKey| key.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
        let width = node.starts.iter().map(width).max().unwrap_or(1);
        let absent = std::iter::repeat_n(&BEYOND, node.fan_out.saturating_sub(node.starts.len()));
        let starts: Vec<u8> =
            node.starts.iter().chain(absent).flat_map(|key| key.iter().take(width)).copied().collect();
        self.places.values().append_slice(
            &node.places.iter().flatten().map(|place| i32::try_from(*place).unwrap_or(0)).collect::<Vec<i32>>(),
        );
        self.places.append(node.places.is_some());
        self.countries.append(false);
        self.cities.append(false);
        self.bytes += starts.len() + 4 * FAN_OUT[2];
        self.widths.append_value(i32::try_from(width).unwrap_or(0));
        self.row(i32::try_from(node.level).unwrap_or(0), node.number, Some(&starts))
    }

    fn names(&mut self, number: i32, names: &[PlaceName]) -> Result<(), ArrowError> {
        for (country, city) in names {
            self.countries.values().append_option(country.as_deref());
            self.cities.values().append_option(city.as_deref());
            self.bytes += 8 + [country, city].into_iter().flatten().map(|text| text.len()).sum::<usize>();
        }
        self.countries.append(true);
        self.cities.append(true);
        self.places.append(false);
        self.widths.append_null();
        self.row(NAMES_LEVEL, number, None)
    }

    fn digest(&mut self, digest: &str) -> Result<(), ArrowError> {
        self.countries.append(false);
        self.cities.append(false);
        self.places.append(false);
        self.widths.append_null();
        self.row(DIGEST_LEVEL, 0, Some(digest.as_bytes()))
    }

    /// Adds what every row has.
    fn row(&mut self, level: i32, node: i32, starts: Option<&[u8]>) -> Result<(), ArrowError> {
        self.levels.append_value(level);
        self.nodes.append_value(node);
        self.starts.append_option(starts);
        if self.bytes < BATCH_BYTES { Ok(()) } else { self.batch() }
    }

    fn batch(&mut self) -> Result<(), ArrowError> {
        let columns: [(&str, ArrayRef); 7] = [
            ("level", Arc::new(self.levels.finish())),
            ("node", Arc::new(self.nodes.finish())),
            ("width", Arc::new(self.widths.finish())),
            ("starts", Arc::new(self.starts.finish())),
            ("places", Arc::new(self.places.finish())),
            ("countries", Arc::new(self.countries.finish())),
            ("cities", Arc::new(self.cities.finish())),
        ];
        self.bytes = 0;
        self.batches
            .push(RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))?);
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        self.batch()?;
        Ok(self.batches)
    }
}
