//! The statements as texts, and on a real Spark: `CLICKTOP_TEST_SPARK=sc://host:port`, a server that sees the local file system and
//! knows Delta. Without it those tests say so and do nothing.

mod decoder;
mod framed;
mod framed_cost;
mod framed_vectors;
mod generated;
mod mapped;
mod mapped_vectors;
mod placed;
mod rounds;
mod statements;
mod vectors;

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;

use super::Root;
use crate::engine::spark::connect::{ConnectOptions, Session, SessionId};

/// The texts of a click as columns, in the order of CSV.
const TEXTS: [&str; 8] = ["click_id", "user_id", "url", "country", "city", "browser", "os", "device"];

/// A root for mappings that need no table.
fn nowhere() -> Root {
    "/nowhere".parse().unwrap()
}

/// A session of its own on the server, or `None` and a line about it.
async fn session() -> Option<Session> {
    let Ok(url) = std::env::var("CLICKTOP_TEST_SPARK") else {
        eprintln!("skipped: CLICKTOP_TEST_SPARK is not set; it names a Spark Connect server, sc://host:port");
        return None;
    };
    let id = SessionId::for_root(&uuid::Uuid::new_v4().to_string(), 0);
    let session = Session::connect(&url.parse().unwrap(), id, &ConnectOptions::default()).await.unwrap();
    session.set(&[("spark.sql.session.timeZone", "UTC"), ("spark.sql.shuffle.partitions", "2")]).await.unwrap();
    Some(session)
}

/// Makes the view `kafka_messages`, which a decoder reads, of these messages of one partition; their offsets count from 0.
/// `file` keeps the messages for Spark to read.
async fn view_messages<M: AsRef<[u8]>>(
    session: &Session,
    file: &Path,
    (topic, partition): (&str, i32),
    messages: impl IntoIterator<Item = M>,
) {
    let lines = messages.into_iter().enumerate().fold(String::new(), |mut lines, (offset, message)| {
        let payload = base64::engine::general_purpose::STANDARD.encode(message);
        let _ = writeln!(lines, "{{\"offset\":{offset},\"payload\":\"{payload}\"}}");
        lines
    });
    std::fs::write(file, lines).unwrap();
    let file = file.display();
    let topic = topic.replace('\\', "\\\\").replace('\'', "\\'");
    for view in [
        format!("messages (offset BIGINT, payload STRING) USING json OPTIONS (path '{file}')"),
        format!(
            "kafka_messages AS SELECT '{topic}' AS topic, {partition} AS partition, offset, timestamp_millis(0) AS timestamp, \
             unbase64(payload) AS value FROM messages"
        ),
    ] {
        session.command(format!("CREATE OR REPLACE TEMPORARY VIEW {view}")).await.unwrap();
    }
}
