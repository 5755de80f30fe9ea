use std::collections::BTreeMap;

use arrow_array::{Array, Int64Array, StringArray};

use super::mapped_vectors::{self, Mapped, mapping};
use super::statements::is_open;
use super::{TEXTS, nowhere, session, view_messages};
use crate::click::mapping::{EventDecoder, Place, StreamId};
use crate::click::{FieldLimits, ForeignFormat, Format};
use crate::engine::spark::connect::{Session, column};
use crate::engine::spark::sql::{Decoder, Input, Slices, mapped_decoder};

/// The place of the messages, on which a derived id depends. The topic has characters that SQL escapes.
const TOPIC: &str = "topic'\\";
const PARTITION: i32 = 3;

/// What a decoder makes of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Made {
    clicks: Vec<(i64, [String; 8])>,
    reject: Option<String>,
    left_out: i64,
}

/// What Rust makes of the messages, as the local engine stores it: one reject at most, and no copy in one message.
fn by_rust(mapped: &Mapped, limits: FieldLimits) -> Vec<Made> {
    let compiled = mapped.mapping.compile().unwrap();
    let mut decoder = EventDecoder::new(Some(&compiled), Format::Auto, limits);
    let stream = StreamId::of_partition(TOPIC, PARTITION);
    let decoded = mapped.messages.iter().zip(0..).map(|(message, number)| {
        let mut made = Made::default();
        let left_out = decoder.decode_each(message, Place { stream, number }, &mut |decoded| match decoded {
            Ok(click) => {
                let texts = [
                    click.click_id,
                    click.user_id,
                    click.url,
                    click.country,
                    click.city,
                    click.browser,
                    click.os,
                    click.device,
                ];
                let click = (click.timestamp.as_millis(), texts.map(str::to_owned));
                if !made.clicks.iter().any(|(ms, texts)| *ms == click.0 && texts[0] == click.1[0]) {
                    made.clicks.push(click);
                }
            }
            Err(error) => {
                let looks = ForeignFormat::detect_beside_mapping(message);
                made.reject.get_or_insert_with(|| looks.map_or_else(|| error.to_string(), |looks| looks.to_string()));
            }
        });
        made.left_out = left_out.into();
        made
    });
    decoded.collect()
}

/// What SQL makes of them.
async fn by_sql(session: &Session, mapped: &Mapped, limits: FieldLimits) -> Vec<Made> {
    let Decoder { views, query, .. } =
        mapped_decoder(&mapped.mapping.compile().unwrap(), limits, Slices::of_minutes(60), Input::Plain, &nowhere())
            .unwrap();
    for view in views {
        let made = session.sql_view(&view.name, view.query.into()).await;
        made.unwrap_or_else(|error| panic!("{}: {error:?}", mapped.name));
    }
    let sql = format!("SELECT offset, ts, {}, reason FROM ({query})", TEXTS.join(", "));
    let mut made = vec![Made::default(); mapped.messages.len()];
    let mut rows = session.rows(sql);
    while let Some(batch) = rows.next().await.unwrap_or_else(|error| panic!("{}: {error:?}", mapped.name)) {
        let text = |name: &str| column::<StringArray>(&batch, name).unwrap();
        let (offsets, times) =
            (column::<Int64Array>(&batch, "offset").unwrap(), column::<Int64Array>(&batch, "ts").unwrap());
        for row in 0..batch.num_rows() {
            let made = &mut made[usize::try_from(offsets.value(row)).unwrap()];
            if text("reason").is_valid(row) {
                assert!(made.reject.is_none() && times.is_null(row) && text("click_id").is_null(row));
                made.reject = Some(text("reason").value(row).to_owned());
            } else if text("click_id").is_valid(row) {
                made.clicks.push((times.value(row), TEXTS.map(|name| text(name).value(row).to_owned())));
            } else {
                made.left_out += times.value(row);
            }
        }
    }
    made
}

/// The reason without what only the Rust decoder can tell.
fn told(reason: &str) -> &str {
    let is_syntax = reason.contains(" at line ") || reason.contains("nested deeper than");
    if reason.starts_with("JSON: ") && is_syntax {
        return "invalid JSON";
    }
    const PATTERN: &str = "` of events.time_form";
    let end = reason.find("` of events.time_form: ").map_or(reason.len(), |at| at + PATTERN.len());
    reason.get(..end).unwrap_or(reason)
}

/// Whether SQL gives the reason of Rust. It does not quote what has characters beyond printable ASCII.
pub(super) fn is_same(rust: &str, sql: &str) -> bool {
    let (rust, sql) = (told(rust), told(sql));
    let is_unquoted = |begin: &str| {
        sql.strip_prefix(begin).is_some_and(|rest| {
            !rest.starts_with('`') && rust.starts_with(&format!("{begin}`")) && rust.ends_with(&format!("` {rest}"))
        })
    };
    rust == sql || is_unquoted("timestamp ") || is_unquoted("the request ")
}

/// How deep a message nests, about.
fn depth(message: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in message {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The mappings of a short run: one of each form.
const SHORT: [&str; 3] = ["every source", "every field of a log", "auto with columns, tight"];

/// `CLICKTOP_TEST_MAPPED` is `all`, or a part of the names of mappings; `CLICKTOP_TEST_MAPPED_MESSAGES` is the number of mutations for
/// each.
#[tokio::test]
async fn sql_decodes_by_a_mapping_as_rust_does() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let number = std::env::var("CLICKTOP_TEST_MAPPED_MESSAGES").ok().and_then(|number| number.parse().ok());
    let wanted = std::env::var("CLICKTOP_TEST_MAPPED").ok();
    let is_wanted = |name: &str| match wanted.as_deref() {
        None => SHORT.contains(&name),
        Some("all") => true,
        Some(part) => name.contains(part),
    };
    let mut failures = Vec::new();
    let (mut messages, mut rejects, mut others) = (0, 0, Vec::new());
    for mapped in mapped_vectors::all(number.unwrap_or(300)) {
        if !is_wanted(mapped.name) {
            continue;
        }
        let limits = if mapped.tight { FieldLimits { url: 24, field: 40 } } else { FieldLimits::default() };
        let begin = std::time::Instant::now();
        view_messages(&session, &folder.path().join("messages.jsonl"), (TOPIC, PARTITION), &mapped.messages).await;
        let (expected, found) = (by_rust(&mapped, limits), by_sql(&session, &mapped, limits).await);
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for ((message, expected), found) in mapped.messages.iter().zip(&expected).zip(&found) {
            let kind = match expected {
                Made { reject: Some(_), .. } => "rejects",
                Made { left_out: 1.., .. } => "left out",
                _ => "clicks",
            };
            *kinds.entry(kind).or_default() += 1;
            messages += 1;
            rejects += usize::from(expected.reject.is_some());
            if depth(message) > 32 && found.reject.is_some() {
                continue;
            }
            let shown = || {
                let message = String::from_utf8_lossy(&message[..message.len().min(600)]).into_owned();
                format!("{}: {message:?}\n  rust {expected:?}\n  sql  {found:?}", mapped.name)
            };
            if (&expected.clicks, expected.left_out, expected.reject.is_some())
                != (&found.clicks, found.left_out, found.reject.is_some())
            {
                failures.push(shown());
            } else if !expected.reject.iter().zip(&found.reject).all(|(rust, sql)| is_same(rust, sql)) {
                others.push(shown());
            }
        }
        eprintln!("{}: {:.1} s, {kinds:?}", mapped.name, begin.elapsed().as_secs_f64());
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures[..failures.len().min(40)].join("\n"));
    eprintln!(
        "{messages} messages, {rejects} rejects, {} of them for other reasons\n{}",
        others.len(),
        others[..others.len().min(40)].join("\n")
    );
    assert!(others.len() * 1000 <= rejects, "{} other reasons", others.len());
    session.release().await.unwrap();
}

#[test]
fn every_mapping_becomes_a_statement_without_open_names() {
    for mapped in mapped_vectors::all(0) {
        let mapping = mapped.mapping.compile().unwrap();
        let Decoder { views, query, .. } =
            mapped_decoder(&mapping, FieldLimits::default(), Slices::of_minutes(60), Input::Plain, &nowhere()).unwrap();
        for statement in views.into_iter().map(|view| view.query).chain([query]) {
            assert!(!is_open(&statement) && !statement.contains('@'), "{}: {statement}", mapped.name);
        }
    }
}

#[test]
fn what_sql_cannot_do_is_refused_with_what_to_change() {
    let refused = |text: &str| {
        let mapping = mapping(&format!("[events]\n{text}\n")).compile().unwrap();
        mapped_decoder(&mapping, FieldLimits::default(), Slices::of_minutes(60), Input::Plain, &nowhere())
            .unwrap_err()
            .to_string()
    };
    assert!(refused("form = \"w3c\"").starts_with("events.form: engine = \"spark\" does not read w3c"));
    assert!(refused("preset = \"rees46\"").contains("set events.columns"));
    let time = |form: &str| {
        refused(&format!("form = \"json\"\nuser_id = \"u\"\ntimestamp = \"t\"\nurl = \"l\"\ntime_form = \"{form}\""))
    };
    for (form, said) in [("%s", "%s"), ("%Y-%j %T", "%j"), ("%F %T %Q", "%Q"), ("%F %I:%M", "%I and %p")] {
        let line = time(form);
        assert!(line.starts_with("events.time_form: ") && line.contains(said) && line.lines().count() == 1, "{line}");
    }
}
