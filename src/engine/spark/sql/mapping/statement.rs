//! The whole statement: from the message to the rows of the table `clicks`.

use super::event::{self, EventColumns, Place};
use super::json::{self, Each, JsonValues};
use super::refusal::Refusal;
use super::slots::Slots;
use super::{log, separated};
use crate::click::mapping::CompiledMapping;
use crate::click::mapping::EventFault;
use crate::click::mapping::compiled::{MAX_EVENTS, Plan, Shape};
use crate::click::{FieldLimits, MAX_MESSAGE_BYTES};
use crate::engine::spark::sql::decoder::{Decoder, MAX_PAYLOAD_BYTES, View};
use crate::engine::spark::sql::input::{Input, TEXTS};
use crate::engine::spark::sql::literal::text;
use crate::engine::spark::sql::places;
use crate::engine::spark::sql::program::Program;
use crate::engine::spark::sql::slices::Slices;
use crate::engine::spark::sql::tables::Root;
use crate::engine::spark::sql::template::Template;
use crate::engine::spark::sql::times::foreign;

/// Tells the rows that only count events which the conditions leave out: `ts` is how many. They are no rows of the table.
pub(crate) const LEFT_OUT: &str = "slice IS NULL AND reason IS NULL";

/// The columns of a row besides those of its message.
const COLUMNS: [&str; 12] =
    ["ts", "click_id", "user_id", "url", "country", "city", "browser", "os", "device", "place_key", "agent", "reason"];

/// The query that decodes the view of `input` by a mapping into rows of the table
/// `clicks`, and one row of [`LEFT_OUT`] for each message with such events. The places of addresses come from the table in `root`.
///
/// # Errors
/// SQL cannot do what the mapping asks for.
pub(crate) fn mapped_decoder(
    mapping: &CompiledMapping,
    limits: FieldLimits,
    slices: Slices,
    input: Input,
    root: &Root,
) -> Result<Decoder, Refusal> {
    let plan = mapping.plan();
    refuse(plan)?;
    let mut program = Program::new("step");
    program.read(include_str!("message.sql"));
    let mut slots = Slots::default();
    let is_json = matches!(plan.shape, Shape::Json | Shape::Either(_));
    let each = if is_json { read_json(&mut program, plan, &mut slots) } else { None };
    let text_fault = match &plan.shape {
        Shape::Either(separated) | Shape::Separated(separated) => {
            separated::read(&mut program, plan, *separated, &mut slots);
            "@record_fault".to_owned()
        }
        Shape::Log(line) => {
            log::read(&mut program, &plan.names, line, &mut slots);
            "concat('not a line of an access log: ', @log_fault)".to_owned()
        }
        Shape::Json | Shape::W3c => "CAST(NULL AS STRING)".to_owned(),
    };
    let invalid = if is_json {
        "WHEN 'json' THEN IF(@valid, NULL, 'JSON: not a valid object, or nested deeper than {{max_depth}} levels')"
    } else {
        ""
    };
    program.define(
        "message_fault",
        format!(
            "CASE @form WHEN 'empty' THEN 'empty message' \
             WHEN 'too long' THEN concat('message of ', @bytes, ' bytes is longer than the limit of {{{{max_message_bytes}}}}') \
             WHEN 'utf-8' THEN concat('not UTF-8 at byte ', length(regexp_extract(decode(value, 'ISO-8859-1'), r'{{{{utf8_prefix}}}}', 0)), \
             ': send messages as UTF-8') \
             WHEN 'no object' THEN 'JSON: not an object; send one object in each message' {invalid} ELSE {text_fault} END"
        ),
    );
    match each {
        None => {
            let columns =
                event::read(&mut program, plan, &slots, limits, Place { index: "0", message: input.original() }, None)?;
            program.define("reject", format!("coalesce(@message_fault, {})", columns.fault));
            rows_of_one(&mut program, &columns, input);
        }
        Some(each) => rows_of_each(&mut program, plan, slots, limits, &each, input)?,
    }
    let (value, members) = json::patterns();
    let (lowest, highest) = slices.outermost();
    let (rows, more) = (COLUMNS.join(", "), input.more());
    let source = format!(
        "(SELECT topic, partition, offset, timestamp AS arrived, coalesce(value, X'') AS value{more} FROM {})",
        input.view()
    );
    let views = program.views("clicktop_mapped", &source);
    let last = views.last().map_or(source, |(name, _)| name.clone());
    let decoded = format!(
        "SELECT topic, partition, offset, arrived, value{more}, {rows} FROM {last} LATERAL VIEW inline(rows) r AS {rows}"
    );
    let placed = match plan.address {
        Some(_) => places::with_places(root, &decoded),
        None => decoded,
    };
    let statement = format!(
        "SELECT IF(click_id IS NULL, NULL, CAST(greatest({lowest}, least({highest}, floor(ts / {}))) AS INT)) AS slice, \
         ts, click_id, user_id, url, country, city, browser, os, device, topic, partition, offset, arrived, reason, \
         IF(reason IS NULL, NULL, left(value, {MAX_PAYLOAD_BYTES})) AS payload, agent{more} FROM ({placed})",
        slices.millis(),
    );
    let filled = |sql: String| {
        Template::new(sql)
            .sql("may_be_json", is_json.to_string())
            .sql("may_be_text", (!matches!(plan.shape, Shape::Json)).to_string())
            .number("max_message_bytes", i64::try_from(MAX_MESSAGE_BYTES).unwrap_or(i64::MAX))
            .number("max_depth", i64::try_from(json::MAX_DEPTH).unwrap_or(i64::MAX))
            .sql("value", value.as_str())
            .sql("members", members.as_str())
            .filled()
    };
    let views = views.into_iter().map(|(name, query)| View { name, query: filled(query) }).collect();
    let texts: Vec<&str> = TEXTS.into_iter().chain(["agent"]).collect();
    let query = input.rows(statement, &texts, MAX_PAYLOAD_BYTES);
    Ok(Decoder { views, query, reads_agents: plan.agent.is_some() })
}

/// Refuses forms that need what came in an earlier message.
fn refuse(plan: &Plan) -> Result<(), Refusal> {
    match plan.shape {
        Shape::W3c => Err(Refusal::new(
            "events.form",
            "engine = \"spark\" does not read w3c, because a line `#Fields:` names the fields of later messages; set engine = \"local\"",
        )),
        Shape::Separated(_) if plan.columns.is_none() => Err(Refusal::new(
            "events.columns",
            "engine = \"spark\" needs the names of all columns, because a message of Kafka has no header; set events.columns, or write \
             numbers of columns instead of names",
        )),
        _ => Ok(()),
    }
}

fn read_json(program: &mut Program, plan: &Plan, slots: &mut Slots) -> Option<Each> {
    program.read(include_str!("json.sql"));
    let mut values = JsonValues::new(program, plan.names.trie());
    values.value(0, "@json", "CAST(NULL AS STRING)");
    slots.json = values.slots;
    values.each
}

/// The column `rows`: the click of the message, its reject, or a row that counts what is left out.
fn rows_of_one(program: &mut Program, columns: &EventColumns, input: Input) {
    let EventColumns { left_out, texts, place_key, agent, .. } = columns;
    let texts = texts.iter().chain([place_key, agent]);
    let texts: Vec<String> = texts.map(|text| format!("IF(@is_click, {text}, NULL)")).collect();
    program.define("is_click", format!("@reject IS NULL AND NOT ({left_out})"));
    program.define("rows", row("IF(@is_click, @ms, IF(@reject IS NULL, 1L, NULL))", &texts, &reason(input)));
}

/// The column `rows` of a message that holds many clicks: the clicks, one reject at most, and a row that counts what is left out.
fn rows_of_each(
    program: &mut Program,
    plan: &Plan,
    outer: Slots,
    limits: FieldLimits,
    each: &Each,
    input: Input,
) -> Result<(), Refusal> {
    let Each { element, elements, missing, fault, path } = each;
    let many = EventFault::TooManyEvents { path: path.as_str().into(), limit: MAX_EVENTS }.to_string();
    let missing = program.define(
        "no_events",
        format!(
            "IF({missing} IS NULL, NULL, concat({}, {missing}, ', but has to be an array of events'))",
            text(&format!("JSON: `{path}` is "))
        ),
    );
    let many = program.define("many", format!("IF(size({elements}) > {MAX_EVENTS}, {}, NULL)", text(&many)));
    // Without an array, the conditions still tell whether the message is left out. A text instead of JSON is one event.
    let elements = program.define(
        "elements",
        format!(
            "CASE WHEN @message_fault IS NOT NULL OR {many} IS NOT NULL THEN CAST(array() AS ARRAY<STRING>) \
             WHEN @form = 'json' AND {missing} IS NULL THEN {elements} ELSE array(CAST(NULL AS STRING)) END"
        ),
    );
    let mut inner = Program::new("inner");
    let mut slots = Slots { json: outer.json, texts: outer.texts };
    let mut values = JsonValues::new(&mut inner, plan.names.trie());
    values.value(*element, "element", &format!("IF(element IS NULL, {fault}, NULL)"));
    slots.json.extend(values.slots);
    let broken = format!("IF(@form = 'json', {missing}, NULL)");
    let place = Place { index: "number", message: input.original() };
    let columns = event::read(&mut inner, plan, &slots, limits, place, Some(&broken))?;
    let EventColumns { left_out, fault, texts, place_key, agent } = &columns;
    let texts: Vec<String> = texts.iter().chain([place_key, agent]).cloned().collect();
    let event = inner.lambda(&format!("struct({left_out} AS left_out, {})", fields("@ms", &texts, fault)));
    program.define("events", format!("transform({elements}, (element, number) ->\n{event})"));
    program.define(
        "broken",
        format!("coalesce(@message_fault, {many}, get(filter(@events, e -> e.reason IS NOT NULL), 0).reason)"),
    );
    program.define("reject", "@broken");
    program.define("clicks", "filter(@events, e -> e.reason IS NULL AND NOT e.left_out)");
    // Of copies in one message, the first counts.
    program.define("ids", "transform(@clicks, e -> concat(e.ts, ' ', e.click_id))");
    program.define(
        "distinct_clicks",
        "IF(size(array_distinct(@ids)) = size(@ids), @clicks, filter(@clicks, (e, i) -> array_position(@ids, get(@ids, i)) = i + 1))",
    );
    program.define("left_out", "size(filter(@events, e -> e.left_out AND e.reason IS NULL))");
    let none: Vec<String> = (0..10).map(|_| "CAST(NULL AS STRING)".to_owned()).collect();
    let of_click = fields(
        "e.ts",
        &["click_id", "user_id", "url", "country", "city", "browser", "os", "device", "place_key", "agent"]
            .map(|name| format!("e.{name}")),
        "e.reason",
    );
    program.define(
        "rows",
        format!(
            "concat(transform(@distinct_clicks, e -> struct({of_click})), \
             IF(@reject IS NULL, array(), {}), IF(@left_out = 0, array(), {}))",
            row("CAST(NULL AS BIGINT)", &none, &reason(input)),
            row("CAST(@left_out AS BIGINT)", &none, "CAST(NULL AS STRING)"),
        ),
    );
    Ok(())
}

fn row(ms: &str, texts: &[String], reason: &str) -> String {
    format!("array(struct({}))", fields(ms, texts, reason))
}

fn fields(ms: &str, texts: &[String], reason: &str) -> String {
    let values = [ms].into_iter().chain(texts.iter().map(String::as_str)).chain([reason]);
    let fields: Vec<String> = values.zip(COLUMNS).map(|(value, name)| format!("{value} AS {name}")).collect();
    fields.join(", ")
}

/// Why the message is a reject: what another program has put into it, or its fault. A lambda is interpreted: as generated code, these many
/// cases would be a method too long for the JVM to compile.
fn reason(input: Input) -> String {
    let look = input.looks(
        "regexp_replace(regexp_replace(raw, r'\\A{{white}}++|(?<!{{white}}){{white}}++\\z', ''), r'\\A\\uFEFF', '')",
    );
    format!(
        "IF(@reject IS NULL, NULL, get(transform(array({look}), look -> coalesce(CASE {} \
         WHEN startswith(look, '{{') AND look RLIKE r'\\A(?:{{{{family_object}}}}{{{{ws}}}}){{2,}}+\\z' \
         THEN 'several JSON objects: send one object in each message' END, @reject)), 0))",
        foreign()
    )
}
