//! The public address of a visitor, as [`public_address`](crate::enrich::public_address) reads it.

use crate::engine::spark::sql::program::Program;

/// The most addresses of a list that are looked at, as in Rust.
const MOST: usize = 32;

/// Adds the column of the key of an address: the digits of an [`AddressKey`](crate::enrich::AddressKey), without the zeros behind it.
/// NULL stands for none. `found` is the text of the address as `slots.rs` describes it.
pub(super) fn read(program: &mut Program, verdict: &str, found: &str) -> String {
    let address = format!("IF({verdict} IS NULL AND startswith({found}, 'T'), substring({found}, 2), NULL)");
    let address = program.define("address", address);
    let mut part = Program::new("part");
    part.read(include_str!("address.sql"));
    let key = part.lambda(&format!(
        "CASE WHEN @dotted IS NOT NULL THEN {} WHEN @digits RLIKE r'\\A(?!20010db8|20010000)[23]' THEN concat('06', @digits) END",
        key_of_dotted("@dotted")
    ));
    let parts = format!("slice(split({address}, '[,;]', {}), 1, {MOST})", MOST + 1);
    // Most texts are one address of version 4 and nothing else.
    program.define(
        "visitor_key",
        format!(
            "CASE WHEN {address} IS NULL THEN NULL WHEN {address} RLIKE r'\\A{{{{dotted_address}}}}\\z' THEN {} \
             ELSE get(filter(transform({parts}, part ->\n{key}), found -> found IS NOT NULL), 0) END",
            key_of_dotted(&address)
        ),
    )
}

/// The key of an address of version 4; NULL if it is not public.
fn key_of_dotted(dotted: &str) -> String {
    format!(
        "IF({dotted} RLIKE r'\\A{{{{private_address}}}}', NULL, get(transform(array(split({dotted}, r'\\.')), o -> concat('04', \
         lpad(hex(CAST(get(o, 0) AS BIGINT) * 16777216 + CAST(get(o, 1) AS INT) * 65536 + CAST(get(o, 2) AS INT) * 256 \
         + CAST(get(o, 3) AS INT)), 8, '0'))), 0))"
    )
}
