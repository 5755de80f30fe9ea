//! One event: whether it is a click, its fields, and why it is none.

use super::address;
use super::agent;
use super::clock;
use super::refusal::Refusal;
use super::slots::{Slots, is_present};
use super::sources::Sources;
use super::urls;
use crate::click::mapping::EventFault;
use crate::click::mapping::compiled::{PARTITIONS, Plan, SETTINGS, Use};
use crate::click::{FIELD_NAMES, FieldLimits};
use crate::engine::spark::sql::literal::{bytes, text};
use crate::engine::spark::sql::program::Program;

/// The field that is a time, and the one that is a url, among [`FIELD_NAMES`].
const TIME: usize = 2;
const URL: usize = 3;
/// The fields from here on may be missing.
const REQUIRED: usize = 4;

/// The columns of an event. All are NULL unless the event has come so far.
pub(super) struct EventColumns {
    /// Whether the conditions leave it out.
    pub(super) left_out: String,
    /// Why it is no click; NULL if it is one, or left out.
    pub(super) fault: String,
    /// The eight texts of a click, in the order of [`FIELD_NAMES`] without the time, which is the column `ms`.
    /// Those that its address or its user agent tells are NULL.
    pub(super) texts: [String; 8],
    /// The key of its address; NULL if nothing reads it, or it is not public.
    pub(super) place_key: String,
    /// The user agent; NULL if nothing reads it, or the event has browser, system and device of its own.
    pub(super) agent: String,
}

/// Where an event is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// Its number in its message.
    pub(super) index: &'a str,
    /// The column of the message.
    pub(super) message: &'a str,
}

/// Adds the columns of an event to `program`. `place` is where it is, and `broken`, if there is one, tells why the message
/// has no such event.
pub(super) fn read(
    program: &mut Program,
    plan: &Plan,
    slots: &Slots,
    limits: FieldLimits,
    place: Place<'_>,
    broken: Option<&str>,
) -> Result<EventColumns, Refusal> {
    let mut sources = Sources { program, names: &plan.names, slots, made: 0 };
    let verdicts: Vec<String> = plan.conditions.iter().map(|condition| sources.verdict(condition)).collect();
    let verdict = if verdicts.is_empty() {
        "CAST(NULL AS STRING)".to_owned()
    } else {
        format!("coalesce({})", verdicts.join(", "))
    };
    let verdict = match broken {
        // An event that the conditions leave out is never broken.
        Some(broken) => {
            format!("IF({broken} IS NULL, {verdict}, IF(startswith({verdict}, 'L'), 'L', concat('H', {broken})))")
        }
        None => verdict,
    };
    let verdict = sources.program.define("verdict", verdict);
    let mut found: [Option<String>; FIELD_NAMES.len()] = Default::default();
    for (at, (field, found)) in plan.fields.iter().zip(&mut found).enumerate() {
        let of = match at {
            0 | 1 => Use::Id,
            TIME => Use::Time,
            URL => Use::Url,
            _ => Use::Other,
        };
        *found = field.as_ref().map(|origin| sources.text(origin, of));
    }
    let agent = plan.agent.as_ref().map(|origin| sources.text(origin, Use::Part));
    let address = plan.address.as_ref().map(|origin| sources.text(origin, Use::Part));
    // What is left out costs nothing more.
    let mut faults = vec![format!("IF(startswith({verdict}, 'H'), substring({verdict}, 2), NULL)")];
    let mut texts: [String; FIELD_NAMES.len()] = Default::default();
    for (at, found) in found.iter().enumerate() {
        let (fault, text) = match found {
            Some(found) => {
                let text = format!("IF({verdict} IS NULL AND startswith({found}, 'T'), substring({found}, 2), NULL)");
                (fault_of(plan, at, found), program.define(format!("field{at}"), text))
            }
            None if at == 0 => ("CAST(NULL AS STRING)".to_owned(), program.define("field0", click_id(place))),
            None => ("CAST(NULL AS STRING)".to_owned(), "CAST(NULL AS STRING)".to_owned()),
        };
        faults.push(fault);
        if let Some(place) = texts.get_mut(at) {
            *place = text;
        }
    }
    let [click_id, user_id, time, mut url, country, city, browser, os, device] = texts;
    if let Some(rules) = &plan.url_rules {
        let before = url;
        url = urls::apply(program, rules, &before);
        let gone = text(&missing(plan, URL));
        faults.insert(1 + REQUIRED, format!("IF({before} IS NOT NULL AND NOT ({}), {gone}, NULL)", is_present(&url)));
    }
    program.define("time_text", time);
    let time_fault = clock::read(program, &plan.clock)?;
    let behind_required = faults.len() - (FIELD_NAMES.len() - REQUIRED);
    faults.insert(behind_required, time_fault);
    let optional = |text: String| format!("coalesce({text}, 'unknown')");
    let (place_key, [country, city]) = match address {
        Some(found) => (address::read(program, &verdict, &found), [country, city]),
        None => ("CAST(NULL AS STRING)".to_owned(), [country, city].map(optional)),
    };
    let (agent, [browser, os, device]) = match agent {
        Some(found) => agent::read(program, &verdict, &found, [browser, os, device]),
        None => ("CAST(NULL AS STRING)".to_owned(), [browser, os, device].map(optional)),
    };
    let texts = [click_id, user_id, url, country, city, browser, os, device];
    faults.extend(too_long(&texts, limits));
    let sql = format!("IF(startswith({verdict}, 'L'), NULL, coalesce({}))", faults.join(", "));
    let fault = program.define("event_fault", sql);
    let left_out = format!("coalesce(startswith({verdict}, 'L'), false)");
    Ok(EventColumns { left_out, fault, texts, place_key, agent })
}

/// Why the field `at` has no text, or NULL.
fn fault_of(plan: &Plan, at: usize, found: &str) -> String {
    let setting = SETTINGS.get(at).copied().unwrap_or_default();
    let refused = format!("WHEN NOT startswith({found}, 'T') THEN concat(substring({found}, 2), ' ({setting})')");
    if at < REQUIRED {
        format!("CASE WHEN {found} IS NULL THEN {} {refused} END", text(&missing(plan, at)))
    } else {
        format!("CASE {refused} END")
    }
}

fn missing(plan: &Plan, at: usize) -> String {
    EventFault::Missing {
        field: FIELD_NAMES.get(at).copied().unwrap_or_default(),
        setting: SETTINGS.get(at).copied().unwrap_or_default(),
        from: plan.described.get(at).cloned().unwrap_or_default(),
    }
    .to_string()
}

/// The click id that stands for the place of an event, as [`Place`](crate::click::mapping::Place) derives it.
fn click_id(place: Place<'_>) -> String {
    let hexadecimal = |number: &str, digits: usize| format!("lpad(lower(hex({number})), {digits}, '0')");
    let digits = format!(
        "concat(left(sha1(concat({}, CAST(topic AS BINARY), X'00', unhex({}))), 12), {}, {}, right({}, 4))",
        bytes(PARTITIONS.as_bytes()),
        hexadecimal("partition", 8),
        hexadecimal("offset & 281474976710655L", 12),
        hexadecimal(place.index, 4),
        hexadecimal(&format!("crc32({})", place.message), 8),
    );
    format!("regexp_replace({digits}, r'\\A(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})\\z', '$1-$2-$3-$4-$5')")
}

/// Why a text is too long, or NULL, in the order of the Rust decoder.
fn too_long(texts: &[String; 8], limits: FieldLimits) -> Vec<String> {
    let [click_id, user_id, url, country, city, browser, os, device] = texts;
    let of = |name: &str, text: &str, limit: usize, setting: &str| {
        format!(
            "IF(octet_length({text}) > {limit} AND {text} <> 'unknown', concat('`{name}` has ', octet_length({text}), \
             ' bytes, more than the {limit} that {setting} allows'), NULL)"
        )
    };
    let field = |name: &str, text: &str| of(name, text, limits.field, "events.max_field_bytes");
    vec![
        of("url", url, limits.url, "events.max_url_bytes"),
        field("click_id", click_id),
        field("user_id", user_id),
        field("country", country),
        field("city", city),
        field("browser", browser),
        field("os", os),
        field("device", device),
    ]
}
