//! An index that takes no documents: said by `check`, held by the pipeline, and nothing of it lost once it is mended.

use reqwest::Method;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::kafka::{Kafka, through};
use crate::server;
use crate::support::clicks::made;
use crate::support::figures;
use crate::support::program::{Home, stage};

const FIVE_PAGES: &[u8] = "l2,u2,2026-01-01T00:00:00Z,/short,FR,,,,\n\
    l3,u3,2026-01-01T00:00:00Z,/日本語/カート,JP,,,,\n\
    l4,u4,2026-01-01T00:00:00Z,/👩‍🔬/❤️,US,,,,\n\
    l5,u5,2026-01-01T00:00:00Z,/café,FR,,,,\n\
    l6,u6,2026-01-01T00:00:00Z,/cafe\u{301},FR,,,,\n"
    .as_bytes();

/// One click, of a time that nanoseconds do not reach.
const LONG_AGO: &[u8] = b"a1,u1,1969-07-20T20:17:40Z,/eagle,US,,,,\n";

/// A mapping that fits, changed.
fn mappings(change: impl FnOnce(&mut Value)) -> Value {
    let mut mappings = json!({"dynamic": false, "properties": {
        "url": {"type": "keyword"}, "country": {"type": "keyword"}, "clicks": {"type": "long"},
        "unique_users": {"type": "long"}, "avg_time_spent": {"type": "double"}, "first_seen": {"type": "date"},
        "last_seen": {"type": "date"}, "updated_at": {"type": "date"},
    }});
    change(&mut mappings);
    mappings
}

fn made_index(engine: &Engine, name: &str, settings: Value, change: impl FnOnce(&mut Value)) {
    engine.tell(Method::PUT, &format!("/{name}"), json!({"settings": settings, "mappings": mappings(change)}));
}

fn set(engine: &Engine, settings: Value) {
    engine.tell(Method::PUT, &format!("/{}/_settings", engine.index), settings);
}

fn delete(engine: &Engine) {
    engine.tell(Method::DELETE, &format!("/{}", engine.index), Value::Null);
}

/// A home with the engine's index. Whether there is a broker is not the question.
fn home(engine: &Engine) -> Home {
    engine.in_home(Home::new()).with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "1s")
}

/// What `check` says of the index.
fn checked(home: &Home) -> String {
    let ran = home.run(&["check"]);
    let line = ran.stdout.lines().find(|line| line.starts_with("index"));
    line.unwrap_or_else(|| panic!("no line of the index: {ran:?}")).to_owned()
}

/// Five pages for an index that `spoil` has spoilt: nothing is refused while it is so, and all is there after `mend`.
fn held_until_mended(engine: &Engine, words: [&str; 2], spoil: impl Fn(&Engine), mend: impl Fn(&Engine)) {
    spoil(engine);
    let home = home(engine);
    let line = checked(&home);
    assert!(line.starts_with("index    FAILED") && words.iter().all(|word| line.contains(word)), "{words:?}: {line}");

    let file = home.file("five-pages.csv", FIVE_PAGES).display().to_string();
    let mut run = home.start(&["replay", &file, "--headless"]);
    let object = run.await_object("an index that is held", |object| {
        stage(object, "index")["state"] == "backing_off" && object["totals"]["pages"] == 5
    });
    let cause = stage(&object, "index")["cause"].as_str().expect("a cause");
    assert!(words.iter().all(|word| cause.contains(word)), "{words:?}: {cause}");
    assert_eq!((&object["totals"]["rejected"], &object["index"]["pending"]), (&0.into(), &5.into()), "{object}");

    mend(engine);
    let ran = run.end();
    let summary = ran.summary();
    assert_eq!((&summary["complete"], &summary["rejected"]), (&true.into(), &0.into()), "{ran:?}");
    figures::assert_same("all of it", &engine.figures(), &home.top());
    assert_eq!(engine.figures().len(), 5);
    let line = checked(&home);
    assert!(line.starts_with("index    ok"), "{line}");
    assert_eq!(engine.figures().len(), 5, "a check leaves nothing behind");
}

#[test]
fn an_alias_without_a_write_index() {
    for engine in Engine::all() {
        let (first, second) = (format!("{}-1", engine.index), format!("{}-2", engine.index));
        let alias = |writes: bool| {
            let add = |index: &str, writes: bool| json!({"add": {"index": index, "alias": engine.index, "is_write_index": writes}});
            engine.tell(Method::POST, "/_aliases", json!({"actions": [add(&first, writes), add(&second, false)]}));
        };
        let spoil = |engine: &Engine| {
            made_index(engine, &first, json!({}), |_| ());
            made_index(engine, &second, json!({}), |_| ());
            alias(false);
        };
        held_until_mended(&engine, ["no write index is defined", "give the alias a write index"], spoil, |_| {
            alias(true)
        });
    }
}

#[test]
fn a_mapping_that_requires_routing() {
    for engine in Engine::all().into_iter().map(Engine::deletable) {
        let spoil = |engine: &Engine| {
            made_index(engine, &engine.index, json!({}), |mappings| mappings["_routing"] = json!({"required": true}));
        };
        held_until_mended(&engine, ["routing is required", "requires a _routing"], spoil, delete);
    }
}

#[test]
fn a_closed_index() {
    for engine in Engine::all() {
        let close = |engine: &Engine| {
            made_index(engine, &engine.index, json!({}), |_| ());
            engine.tell(Method::POST, &format!("/{}/_close", engine.index), Value::Null);
        };
        let open = |engine: &Engine| engine.tell(Method::POST, &format!("/{}/_open", engine.index), Value::Null);
        held_until_mended(&engine, ["index_closed_exception", "open the index"], close, open);
    }
}

#[test]
fn a_block_against_writing() {
    for block in ["write", "read_only", "read_only_allow_delete"] {
        for engine in Engine::all() {
            let name = format!("index.blocks.{block}");
            let spoil = |engine: &Engine| made_index(engine, &engine.index, json!({&name: true}), |_| ());
            let advice = if block == "read_only_allow_delete" { "free the engine's disk" } else { "lift the block" };
            held_until_mended(&engine, ["blocked by", advice], spoil, |engine| set(engine, json!({&name: null})));
        }
    }
}

#[test]
fn a_data_stream() {
    // Elasticsearch for tests comes without what makes them.
    if let Some(engine) = Engine::opensearch().map(Engine::deletable) {
        let template = format!("/_index_template/{}", engine.index);
        let spoil = |engine: &Engine| {
            let stream = json!({"index_patterns": [engine.index], "data_stream": {}, "priority": 500,
                "template": {"mappings": mappings(|_| ())}});
            engine.tell(Method::PUT, &template, stream);
            engine.tell(Method::PUT, &format!("/_data_stream/{}", engine.index), Value::Null);
        };
        let mend = |engine: &Engine| {
            // Without its template first, clicktop could not make an index of that name.
            engine.tell(Method::DELETE, &format!("/_data_stream/{}", engine.index), Value::Null);
            engine.tell(Method::DELETE, &template, Value::Null);
        };
        held_until_mended(&engine, ["only write ops with an op_type of create", "it is a data stream"], spoil, mend);
    }
}

#[test]
fn a_mapping_that_fits_by_its_types_and_takes_no_document() {
    for engine in Engine::all().into_iter().map(Engine::deletable) {
        let spoil = |engine: &Engine| {
            made_index(engine, &engine.index, json!({}), |mappings| {
                mappings["properties"]["first_seen"]["format"] = json!("epoch_millis");
            });
        };
        held_until_mended(
            &engine,
            ["failed to parse field [first_seen]", "correct the index's mapping"],
            spoil,
            delete,
        );
    }
}

#[test]
fn an_ingest_pipeline_that_does_not_exist() {
    let Some(engine) = Engine::elasticsearch() else { return };
    let spoil = |engine: &Engine| made_index(engine, &engine.index, json!({"index.default_pipeline": "nope"}), |_| ());
    let mend = |engine: &Engine| set(engine, json!({"index.default_pipeline": "_none"}));
    held_until_mended(&engine, ["pipeline with id [nope]", "create that ingest pipeline"], spoil, mend);
}

#[test]
fn an_index_that_is_deleted_is_made_and_filled_again() {
    let Some(kafka) = Kafka::plain() else { return };
    for (engine, seed) in Engine::all().into_iter().map(Engine::deletable).zip(951..) {
        let topic = kafka.topic(1);
        let home = engine.in_home(topic.home());
        let clicks = made(seed, 2_000);
        topic.send(&clicks[..1_000], "none");
        let mut run = home.start(&["run", "--headless"]);
        run.await_object("the first documents", through(1_000));
        delete(&engine);
        topic.send(&clicks[1_000..], "none");
        run.await_object("all documents", |object| {
            through(2_000)(object) && object["index"]["documents"] == object["totals"]["pages"]
        });
        run.signal("TERM");
        let ran = run.end();
        assert!(ran.status.success() && ran.summary()["rejected"] == 0, "{ran:?}");
        figures::assert_same("all of it", &engine.figures(), &figures::of_clicks(&clicks));
    }
}

/// The template gives the new index a mapping that fits, so nothing looks wrong about it.
#[test]
fn an_index_that_is_deleted_and_made_anew_by_a_template_is_filled_again() {
    let Some(kafka) = Kafka::plain() else { return };
    for (engine, seed) in Engine::all().into_iter().zip(953..) {
        let template = format!("/_index_template/{}", engine.index);
        let body =
            json!({"index_patterns": [engine.index], "priority": 500, "template": {"mappings": mappings(|_| ())}});
        engine.tell(Method::PUT, &template, body);
        let topic = kafka.topic(1);
        let home = engine.in_home(topic.home());
        let clicks = made(seed, 2_000);
        topic.send(&clicks[..1_999], "none");
        let mut run = home.start(&["run", "--headless"]);
        run.await_object("the first documents", through(1_999));
        delete(&engine);
        // Of one or two rows; the others have no reason to be sent again.
        topic.send(&clicks[1_999..], "none");
        run.await_object("all documents", |object| {
            object["index"]["retries"] != 0
                && through(2_000)(object)
                && object["index"]["documents"] == object["totals"]["pages"]
        });
        run.signal("TERM");
        let ran = run.end();
        assert!(ran.status.success() && ran.summary()["rejected"] == 0, "{ran:?}");
        figures::assert_same("all of it", &engine.figures(), &figures::of_clicks(&clicks));
        engine.tell(Method::DELETE, &template, Value::Null);
    }
}

#[test]
fn an_index_that_waits_for_shards_says_so() {
    for engine in Engine::all() {
        made_index(&engine, &engine.index, json!({"index.number_of_replicas": 1}), |_| ());
        // Not when it is made: that would wait, too.
        set(&engine, json!({"index.write.wait_for_active_shards": "2"}));
        let home = home(&engine).with("CLICKTOP_INDEX__REQUEST_TIMEOUT", "6 s");
        let line = checked(&home);
        assert!(line.starts_with("index    FAILED") && line.contains("Not enough active copies"), "{line}");
        let file = home.file("five-pages.csv", FIVE_PAGES).display().to_string();
        let mut run = home.start(&["replay", &file, "--headless"]);
        let object = run.await_object("documents that are put off", |object| {
            stage(object, "index")["state"] == "backing_off" && object["totals"]["pages"] == 5
        });
        let cause = stage(&object, "index")["cause"].as_str().expect("a cause");
        assert!(cause.contains("Not enough active copies"), "{cause}");
        set(&engine, json!({"index.write.wait_for_active_shards": "1"}));
        let ran = run.end();
        assert_eq!(ran.summary()["rejected"], 0, "{ran:?}");
        assert_eq!(engine.figures().len(), 5);
    }
}

#[test]
fn a_block_against_reading_is_told_by_check_too() {
    for engine in Engine::all() {
        let spoil = |engine: &Engine| made_index(engine, &engine.index, json!({"index.blocks.read": true}), |_| ());
        held_until_mended(&engine, ["index read", "lift the block"], spoil, |engine| {
            set(engine, json!({"index.blocks.read": null}));
        });
    }
}

#[test]
fn a_document_that_is_at_fault_itself_is_refused_among_others_and_alone() {
    for engine in Engine::all() {
        // The index takes times from 1970 to 2262.
        made_index(&engine, &engine.index, json!({}), |mappings| {
            mappings["properties"]["first_seen"]["type"] = json!("date_nanos");
        });
        let home = home(&engine);
        let six = [FIVE_PAGES, b"a2,u9,1969-07-21T17:54:00Z,/ascent,US,,,,\n"].concat();
        for (name, clicks) in [("six.csv", six.as_slice()), ("one.csv", LONG_AGO)] {
            let summary = home.replay(&home.file(name, clicks), &[]);
            assert_eq!((&summary["complete"], &summary["rejected"]), (&true.into(), &1.into()), "{summary}");
        }
        assert_eq!(engine.figures().len(), 5);
    }
}

#[test]
fn documents_of_another_database_are_told() {
    for engine in Engine::all() {
        let other = home(&engine);
        other.replay(&other.file("five-pages.csv", FIVE_PAGES), &[]);
        let home = home(&engine);
        let file = home.file("one.csv", LONG_AGO).display().to_string();
        let ran = home.succeed(&["replay", &file, "--headless", "--rate", "1"]);
        let said = format!("{} holds 5 documents of another database", engine.index);
        assert!(ran.stderr.contains(&said), "{ran:?}");
        assert_eq!(ran.summary()["complete"], true);
        // And at the next start, though one document is its own now.
        let ran = home.succeed(&["replay", &file, "--headless", "--rate", "1"]);
        assert!(ran.stderr.contains(&said), "{ran:?}");
    }
}

#[test]
fn check_names_the_engine_and_its_version() {
    for (engine, name) in [(Engine::elasticsearch(), "ELASTICSEARCH"), (Engine::opensearch(), "OPENSEARCH")] {
        let (Some(engine), Some(version)) = (engine, server(&format!("CLICKTOP_TEST_{name}_VERSION"))) else {
            continue;
        };
        let line = checked(&home(&engine));
        let told = format!("{} {version}, the index is absent and will be created", name.to_lowercase());
        assert!(line.starts_with("index    ok") && line.contains(&told), "{line}");
    }
}
