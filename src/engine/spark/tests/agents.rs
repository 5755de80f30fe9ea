//! Browser, system and device from user agents: by the decoder in SQL and the table of user agents, and by the local engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};

use super::lab::Lab;
use crate::click::mapping::{EnrichmentSource, EventDecoder, Mapping, Place, StreamId};
use crate::click::{FieldLimits, Format};
use crate::config::{Sources, load};
use crate::engine::spark::agents::Resolver;
use crate::engine::spark::connect::{Session, column};
use crate::engine::spark::sql::{Input, Slices, Tables, mapped_decoder};
use crate::engine::spark::{erase, tables};
use crate::enrich::{Agents, Bots, Enrichment};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 \
    Mobile/15E148 Safari/604.1";
const GOOGLE: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

const EVENTS: &str = r#"
[events]
form = "json"
click_id = "id"
user_id = "user"
timestamp = "at"
url = "url"
browser = "b"
os = "o"
device = "d"
user_agent = ["ua", { join = ["ua1", "ua2"], with = " " }]
"#;

const EACH: &str = r#"
[events]
form = "json"
user_id = "user"
timestamp = "at"
url = "clicks[].url"
device = "clicks[].d"
user_agent = "clicks[].ua"
where = [{ field = "clicks[].off", exists = false }]
"#;

fn mapping(text: &str) -> Mapping {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clicktop.toml");
    std::fs::write(&file, text).unwrap();
    load(&Sources { file: Some(file), ..Sources::default() }).unwrap().settings.events.mapping().expect("a mapping")
}

fn enrichment(lists: &Arc<Agents>, bots: Bots) -> Arc<dyn EnrichmentSource> {
    Arc::new(Enrichment { places: None, agents: Some(Arc::clone(lists)), bots })
}

/// A JSON event; `more` is the members that count here.
fn event(number: usize, more: &str) -> Vec<u8> {
    let at = 1_769_851_800 + number;
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"id":"c{number}","user":"u{}","at":{at},"url":"/{}"{comma}{more}}}"#, number % 5, number % 3)
        .into_bytes()
}

/// Events with their own fields given, missing, empty and NULL, beside user agents of every kind.
fn events() -> Vec<Vec<u8>> {
    let text = |text: &str| serde_json::to_string(text).unwrap();
    let agents = [
        FIREFOX.to_owned(),
        IPHONE.to_owned(),
        GOOGLE.to_owned(),
        "-".to_owned(),
        String::new(),
        " \t".to_owned(),
        "\\N".to_owned(),
        "it's `quoted` \\ :agent {{root}}; --\n\u{0}\u{1b}[31m".to_owned(),
        format!("  {FIREFOX}  "),
        // An agent as long as a message may be, and characters of each length on the cut.
        format!("{FIREFOX} {}", "x".repeat(400_000)),
        format!("{FIREFOX} {}", "é(".repeat(1_500)),
    ];
    let cut = (2040..2050).flat_map(|length| {
        ["é", "€", "👩"]
            .map(|character| format!("{FIREFOX}{}{character}{character}{}", " ".repeat(length - FIREFOX.len()), GOOGLE))
    });
    let owns = [
        "",
        r#""b":"Own","o":"Own","d":"own""#,
        r#""b":"Own""#,
        r#""o":"","d":null"#,
        r#""b":"  ","o":"\\N","d":"unknown""#,
        r#""b":"unknown","o":"unknown","d":"unknown""#,
        r#""d":7"#,
        // A field of the wrong type makes a reject.
        r#""b":{}"#,
    ];
    let mut events = Vec::new();
    for agent in &agents[..9] {
        for own in owns {
            let comma = if own.is_empty() { "" } else { "," };
            events.push(event(events.len(), &format!(r#"{own}{comma}"ua":{}"#, text(agent))));
        }
    }
    for agent in agents[9..].iter().cloned().chain(cut) {
        events.push(event(events.len(), &format!(r#""ua":{}"#, text(&agent))));
    }
    for more in [
        "",
        r#""ua":null"#,
        r#""ua":12"#,
        r#""ua":true"#,
        r#""ua":["x"]"#,
        r#""ua":{"x":1},"ua1":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0)","ua2":"Gecko/20100101 Firefox/128.0""#,
        r#""ua1":"curl/8.0""#,
        r#""ua":"\ud83d""#,
        r#""ua":"a","ua":"b""#,
    ] {
        events.push(event(events.len(), more));
    }
    events
}

/// Messages of several clicks.
fn messages() -> Vec<Vec<u8>> {
    let one = |clicks: &str| format!(r#"{{"user":"u","at":1769851800,"clicks":[{clicks}]}}"#).into_bytes();
    vec![
        one(&format!(r#"{{"url":"/a","ua":"{FIREFOX}"}},{{"url":"/b","ua":"{GOOGLE}"}},{{"url":"/c"}}"#)),
        one(&format!(
            r#"{{"url":"/a","ua":"{IPHONE}","d":"own"}},{{"url":"/b","ua":"{IPHONE}","off":1}},{{"ua":"x"}}"#
        )),
        one(&format!(r#"{{"url":"/a","ua":[1]}},{{"url":"/b","ua":"{IPHONE}"}}"#)),
    ]
}

/// Browser, system and device of each click by its id, as the local engine stores them.
fn by_rust(mapping: &Mapping, lists: &Arc<Agents>, bots: Bots, messages: &[Vec<u8>]) -> BTreeMap<String, [String; 3]> {
    let compiled = mapping.compile_with(Some(enrichment(lists, bots))).unwrap();
    let mut decoder = EventDecoder::new(Some(&compiled), Format::Auto, FieldLimits::default());
    let mut clicks = BTreeMap::new();
    for (message, number) in messages.iter().zip(0..) {
        let place = Place { stream: StreamId::of_partition("t", 0), number };
        decoder.decode_each(message, place, &mut |decoded| {
            if let Ok(click) = decoded {
                clicks.insert(click.click_id.to_owned(), [click.browser, click.os, click.device].map(str::to_owned));
            }
        });
    }
    clicks
}

/// Stores the messages as the streaming query does.
async fn store(lab: &Lab, session: &Session, mapping: &Mapping, lists: &Arc<Agents>, messages: &[Vec<u8>]) {
    let compiled = mapping.compile_with(Some(enrichment(lists, Bots::Label))).unwrap();
    let (slices, root) = (Slices::of_minutes(60), lab.tables.root());
    let decoder = mapped_decoder(&compiled, FieldLimits::default(), slices, Input::Plain, root).unwrap();
    assert!(decoder.reads_agents);
    let offsets: ArrayRef = Arc::new((0..messages.len() as i64).collect::<Int64Array>());
    let values: ArrayRef = Arc::new(messages.iter().map(|message| Some(message.as_slice())).collect::<BinaryArray>());
    let rows = RecordBatch::try_from_iter([("offset", offsets), ("value", values)]).unwrap();
    session.local_view("test_messages", &rows).await.unwrap();
    let view = "CREATE OR REPLACE TEMPORARY VIEW kafka_messages AS SELECT 't' AS topic, 0 AS partition, offset, \
                timestamp_millis(0) AS timestamp, value FROM test_messages";
    session.command(view).await.unwrap();
    for view in decoder.views {
        session.sql_view(&view.name, view.query.into()).await.unwrap();
    }
    let insert =
        format!("INSERT INTO delta.`{}/clicks` SELECT * FROM ({}) WHERE slice IS NOT NULL", lab.root, decoder.query);
    session.command(insert).await.unwrap();
}

/// What the tables tell of the same.
async fn by_spark(lab: &Lab, tables: &Tables) -> BTreeMap<String, [String; 3]> {
    let version = lab.rounds().newest("clicks").await.unwrap();
    let mut clicks = BTreeMap::new();
    for batch in lab.session.rows(tables.clicks_of(version, i64::MIN, i64::MAX)).all(10_000).await.unwrap() {
        let text = |name, row| column::<StringArray>(&batch, name).unwrap().value(row).to_owned();
        clicks.extend(
            (0..batch.num_rows())
                .map(|row| (text("click_id", row), ["browser", "os", "device"].map(|name| text(name, row)))),
        );
    }
    clicks
}

async fn resolve(lab: &Lab, session: &Session) -> usize {
    let to = lab.rounds().newest("clicks").await.unwrap();
    let resolved = Resolver::new(FieldLimits::default().field).resolve(session, &lab.tables, to).await.unwrap();
    assert!(resolved.is_done);
    resolved.agents
}

async fn stored_agents(lab: &Lab) -> [i64; 2] {
    let table = format!("delta.`{}/agents`", lab.root);
    [
        lab.number(format!("SELECT count(agent) AS n FROM {table}")).await,
        lab.number(format!("SELECT count(DISTINCT agent) AS n FROM {table}")).await,
    ]
}

#[tokio::test]
async fn user_agents_tell_the_same_on_the_cluster_as_here() {
    let Some(lab) = Lab::new().await else { return };
    let lists = Arc::new(Agents::compile().unwrap());
    for (text, messages) in [(EVENTS, events()), (EACH, messages())] {
        let mapping = mapping(text);
        store(&lab, &lab.session, &mapping, &lists, &messages).await;
        let before = by_spark(&lab, &lab.tables).await;
        let own = ["Own", "own", "7", "unknown"];
        let told = before.iter().filter(|(_, texts)| !texts.iter().all(|text| own.contains(&text.as_str())));
        assert_eq!(told.collect::<Vec<_>>(), [], "a user agent that is not resolved yet is unknown");
        assert!(resolve(&lab, &lab.session).await > 2);
        assert_eq!(resolve(&lab, &lab.session).await, 0, "nothing is left");
        for bots in [Bots::Label, Bots::Keep] {
            let (found, wanted) =
                (by_spark(&lab, &lab.tables.clone().with_bots(bots)).await, by_rust(&mapping, &lists, bots, &messages));
            let differing = wanted
                .iter()
                .filter(|(id, texts)| found.get(*id) != Some(*texts))
                .map(|(id, texts)| (id, texts, found.get(id)));
            assert_eq!(differing.collect::<Vec<_>>(), [], "{bots:?}");
            assert_eq!(found.len(), wanted.len());
            assert!(
                wanted.values().any(|[browser, ..]| browser == "Firefox")
                    && wanted.values().any(|[.., device]| (device == "bot") == (bots == Bots::Label))
            );
        }
        lab.count().await;
        lab.assert_batch("figures").await;
        erase::erase(&lab.rounds()).await.unwrap();
        assert_eq!(stored_agents(&lab).await, [0, 0], "a reset deletes user agents, too");
    }
    lab.end().await;
}

#[tokio::test]
async fn two_consoles_add_a_user_agent_once() {
    let Some(lab) = Lab::new().await else { return };
    let (lists, mapping) = (Arc::new(Agents::compile().unwrap()), mapping(EVENTS));
    let other = lab.another_session().await;
    for round in 0..3 {
        let messages: Vec<_> = (0..300)
            .map(|at| event(round * 1000 + at, &format!(r#""ua":"agent {} Firefox/{round}.{}""#, at % 100, at % 90)))
            .collect();
        store(&lab, &lab.session, &mapping, &lists, &messages).await;
        tokio::join!(resolve(&lab, &lab.session), resolve(&lab, &other));
        let [all, distinct] = stored_agents(&lab).await;
        assert_eq!(all, distinct);
        assert!(all >= 100, "{all}");
        let wanted = by_rust(&mapping, &lists, Bots::Label, &messages);
        let found = by_spark(&lab, &lab.tables).await;
        assert!(wanted.iter().all(|(id, texts)| found.get(id) == Some(texts)));
    }
    other.release().await.unwrap();
    lab.end().await;
}

#[tokio::test]
async fn tables_of_an_older_clicktop_get_the_column_and_keep_their_clicks() {
    let Some(lab) = Lab::new().await else { return };
    let (lists, mapping) = (Arc::new(Agents::compile().unwrap()), mapping(EVENTS));
    // The tables of before: without the column, and without the table of user agents.
    let root = &lab.root;
    std::fs::remove_dir_all(format!("{root}/agents")).unwrap();
    std::fs::remove_dir_all(format!("{root}/clicks")).unwrap();
    let old = lab.tables.setup().remove(0).replace(",\n  agent STRING COMMENT 'the first 2 KiB of the user agent that tells which browser, os and device are NULL'", "");
    assert!(!old.contains("agent STRING"), "{old}");
    lab.session.command(old).await.unwrap();
    lab.session
        .command(format!(
            "INSERT INTO delta.`{root}/clicks` SELECT 491630, 1769868000000 + id, concat('old', id), 'u', '/', 'FR', 'x', 'Own', 'Own', \
             'own', 't', 0, id, timestamp_millis(0L), NULL, NULL FROM range(20)"
        ))
        .await
        .unwrap();
    lab.count().await;
    let (ours, theirs) = (lab.session.clone(), lab.another_session().await);
    let (first, second) = tokio::join!(tables::upgrade(&ours, &lab.tables), tables::upgrade(&theirs, &lab.tables));
    first.unwrap();
    second.unwrap();
    let found = tables::properties(&ours, root, "clicks").await.unwrap().unwrap();
    assert_eq!(tables::schema(&found), 1, "an older clicktop can read them until there are user agents");
    tables::take_agents(&ours, &lab.tables).await.unwrap();
    let found = tables::properties(&ours, root, "clicks").await.unwrap().unwrap();
    assert_eq!(tables::schema(&found), 2);
    tables::fit(&found, lab.tables.slices()).unwrap();
    let messages = events();
    store(&lab, &lab.session, &mapping, &lists, &messages).await;
    lab.count().await;
    lab.assert_batch("after the upgrade").await;
    assert!(resolve(&lab, &lab.session).await > 2);
    let found = by_spark(&lab, &lab.tables).await;
    assert_eq!(found["old7"], ["Own", "Own", "own"]);
    let wanted = by_rust(&mapping, &lists, Bots::Label, &messages);
    assert!(wanted.iter().all(|(id, texts)| found.get(id) == Some(texts)));
    assert_eq!(found.len(), wanted.len() + 20);
    theirs.release().await.unwrap();
    lab.end().await;
}

#[tokio::test]
async fn every_user_agent_comes_also_if_there_are_many_or_the_history_of_the_clicks_is_gone() {
    let Some(lab) = Lab::new().await else { return };
    let root = &lab.root;
    let insert = async |first: i64, end: i64| {
        lab.run(format!(
            "INSERT INTO delta.`{root}/clicks` SELECT 491630, 1769868000000 + id, concat('c', id), 'u', '/', 'FR', 'x', NULL, NULL, NULL, 't', \
             0, id, timestamp_millis(0L), NULL, NULL, concat('agent ', id) FROM range({first}, {end})"
        ))
        .await;
    };
    let mut resolver = Resolver::new(FieldLimits::default().field);
    let mut resolve = async || {
        let to = lab.rounds().newest("clicks").await.unwrap();
        let resolved = resolver.resolve(&lab.session, &lab.tables, to).await.unwrap();
        assert!(resolved.is_done && !resolver.is_due(to));
        resolved.agents
    };
    insert(0, 11_000).await;
    assert_eq!(resolve().await, 11_000);
    assert_eq!(stored_agents(&lab).await, [11_000; 2]);
    insert(10_990, 11_010).await;
    insert(11_010, 11_020).await;
    lab.run(format!("OPTIMIZE delta.`{root}/clicks`")).await;
    lab.session.set(&[("spark.databricks.delta.retentionDurationCheck.enabled", "false")]).await.unwrap();
    lab.run(format!("VACUUM delta.`{root}/clicks` RETAIN 0 HOURS")).await;
    assert_eq!(resolve().await, 20);
    assert_eq!(stored_agents(&lab).await, [11_020; 2]);
    assert_eq!(resolve().await, 0);
    lab.end().await;
}
