//! The user agent of an event whose browser, system or device it may tell.

use crate::engine::spark::sql::program::Program;
use crate::enrich::MOST_AGENT_BYTES;

/// Adds the columns of the user agent `found`, if the event has not all three of its own. Returns the user agent, and what is known of
/// browser, system and device: NULL for what the user agent tells.
pub(super) fn read(program: &mut Program, verdict: &str, found: &str, own: [String; 3]) -> (String, [String; 3]) {
    let [browser, os, device] = &own;
    let whole = program.define(
        "agent_whole",
        format!(
            "IF({verdict} IS NULL AND startswith({found}, 'T') AND ({browser} IS NULL OR {os} IS NULL OR {device} IS NULL), \
             substring({found}, 2), NULL)"
        ),
    );
    // The local engine looks at the same bytes.
    let begin = program.define(
        "agent_begin",
        format!(
            "IF(octet_length({whole}) > {MOST_AGENT_BYTES}, CAST(left({whole}, {MOST_AGENT_BYTES} + 1) AS BINARY), NULL)"
        ),
    );
    // A character has four bytes at most, and its bytes after the first one are 80 to BF.
    let cuts = (0..3).map(|back| {
        let bytes = MOST_AGENT_BYTES - back;
        format!("WHEN hex(substring({begin}, {bytes} + 1, 1)) NOT BETWEEN '80' AND 'BF' THEN {bytes}")
    });
    let cut = format!("CASE {} ELSE {MOST_AGENT_BYTES} - 3 END", cuts.collect::<Vec<_>>().join(" "));
    let agent =
        program.define("agent_start", format!("IF({begin} IS NULL, {whole}, CAST(left({begin}, {cut}) AS STRING))"));
    let told = own.map(|own| format!("coalesce({own}, IF({agent} IS NULL, 'unknown', NULL))"));
    (agent, told)
}
