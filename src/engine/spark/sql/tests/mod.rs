//! The statements as texts, and on a real Spark: `CLICKTOP_TEST_SPARK=sc://host:port`, a server that sees the local file system and
//! knows Delta. Without it those tests say so and do nothing.

mod decoder;
mod generated;
mod mapped;
mod mapped_vectors;
mod rounds;
mod statements;
mod vectors;

use crate::engine::spark::connect::{ConnectOptions, Session, SessionId};

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
