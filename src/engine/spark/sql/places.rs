//! Places of addresses: a table of ranges, and the joins that look an address up in it.
//!
//! Spark has no join by ranges that is faster than to look at each. So the ranges are a tree of three levels, whose nodes hold the first
//! addresses of their children. A join by the number of a node fetches it, and some comparisons find the child. The table is small enough
//! to be broadcast: every micro-batch reads its newest version.

use super::tables::{Root, Tables};

/// The first addresses in a node of each level: the top, the middle, and the leaves. Powers of 2.
pub(crate) const FAN_OUT: [usize; 3] = [512, 512, 64];

/// The names in a node of names. A power of 2.
pub(crate) const NAMES: usize = 32;

/// The level of the row that tells which databases the table is made of, and that of the names.
pub(crate) const DIGEST_LEVEL: i32 = -1;
pub(crate) const NAMES_LEVEL: i32 = 3;

/// The columns of the table.
///
/// `starts` holds the first `width` bytes of each first address (see [`AddressKey`](crate::enrich::AddressKey)), one behind the other, as
/// many as the level's [`FAN_OUT`]. In a leaf, `places` holds the numbers of the places of its ranges.
const COLUMNS: &str =
    "level INT, node INT, width INT, starts BINARY, places ARRAY<INT>, countries ARRAY<STRING>, cities ARRAY<STRING>";

impl Tables {
    /// Creates the table of places if it is not there.
    pub(crate) fn create_places(&self) -> String {
        format!("CREATE TABLE IF NOT EXISTS {} ({COLUMNS}) USING delta PARTITIONED BY (level)", table(self.root()))
    }

    /// What stands for the databases that the table of places is made of (`digest`).
    pub(crate) fn places_digest(&self) -> String {
        format!("SELECT CAST(starts AS STRING) AS digest FROM {} WHERE level = {DIGEST_LEVEL}", table(self.root()))
    }

    /// Puts the rows of these views in place of the table of places, in one commit.
    pub(crate) fn write_places(&self, views: &[String]) -> String {
        let rows: Vec<String> = views.iter().map(|view| format!("SELECT * FROM {view}")).collect();
        format!(
            "INSERT OVERWRITE {} SELECT /*+ REPARTITION(1) */ level, node, width, starts, places, countries, cities FROM ({})",
            table(self.root()),
            rows.join(" UNION ALL ")
        )
    }
}

fn table(root: &Root) -> String {
    format!("delta.`{root}/places`")
}

/// `rows` with a country and a city where they are NULL: those of the place of `place_key`, or `unknown` where a row is a click.
pub(super) fn with_places(root: &Root, rows: &str) -> String {
    let table = table(root);
    let level = |level: usize| format!("(SELECT * FROM {table} WHERE level = {level})");
    let [top, middle, leaf] = FAN_OUT;
    let keyed = format!(
        "SELECT *, rpad(unhex(place_key), 17, X'00') AS address_key, \
         (SELECT width FROM {table} WHERE level = 0) AS top_width, (SELECT starts FROM {table} WHERE level = 0) AS top_starts \
         FROM ({rows})"
    );
    let found = child(keyed, "top", top);
    let found = format!(
        "SELECT /*+ BROADCAST(n) */ r.*, n.width AS middle_width, n.starts AS middle_starts FROM ({found}) r LEFT JOIN {} n \
         ON n.node = IF(r.address_key IS NULL, NULL, r.top_at)",
        level(1)
    );
    let found = child(found, "middle", middle);
    let found = format!(
        "SELECT /*+ BROADCAST(n) */ r.*, n.width AS leaf_width, n.starts AS leaf_starts, n.places FROM ({found}) r LEFT JOIN {} n \
         ON n.node = IF(r.address_key IS NULL, NULL, r.top_at * {middle} + r.middle_at)",
        level(2)
    );
    let found = child(found, "leaf", leaf);
    format!(
        "SELECT /*+ BROADCAST(n) */ r.* EXCEPT (country, city), \
         IF(click_id IS NULL, NULL, coalesce(r.country, get(n.countries, r.place % {NAMES}), 'unknown')) AS country, \
         IF(click_id IS NULL, NULL, coalesce(r.city, get(n.cities, r.place % {NAMES}), 'unknown')) AS city \
         FROM (SELECT *, get(places, leaf_at) AS place FROM ({found})) r LEFT JOIN {} n \
         ON n.node = shiftright(r.place, {})",
        level(3),
        NAMES.ilog2()
    )
}

/// `rows` with the column `NODE_at`: which child of the node `node` holds `address_key`, the last one that does not begin behind it. The first
/// child does not.
///
/// Each step is a projection of its own, which Spark compiles; a loop in a lambda is ten times as slow. But the JVM runs methods of more than
/// 8,000 bytes without compiling them, and Spark makes one method of neighbouring projections. So a step decides between two halves only, and
/// the last step of a node is a lambda, where such a method ends.
fn child(rows: String, node: &str, fan_out: usize) -> String {
    let mut rows = rows;
    let mut at = "0".to_owned();
    let mut half = fan_out / 2;
    while half > 0 {
        let column = format!("{node}_at{half}");
        rows = format!(
            "SELECT *, {at} + IF(substring({node}_starts, ({at} + {half}) * {node}_width + 1, {node}_width) <= address_key, {half}, 0) \
             AS {column} FROM ({rows})"
        );
        at = column;
        half /= 2;
    }
    format!("SELECT *, get(transform(array({at}), at -> at), 0) AS {node}_at FROM ({rows})")
}
