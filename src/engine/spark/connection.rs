//! A session that is made when it is first needed, and made anew when the server has lost it.

use std::time::Duration;

use parking_lot::Mutex;

use super::connect::{ConnectError, ConnectOptions, ConnectUrl, Session, SessionId};

/// The most ids that are tried: each time the server closes a session, one is used up.
const GENERATIONS: u32 = 10_000;

/// Settings of every session. The SQL relies on them.
const SETTINGS: [(&str, &str); 4] = [
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.ansi.enabled", "true"),
    // Spark keeps the state of a Delta table in so many parts; small tables want few.
    ("spark.databricks.delta.snapshotPartitions", "2"),
    // A reset overwrites whole tables.
    ("spark.sql.sources.partitionOverwriteMode", "STATIC"),
];

/// What Spark hides of the plans that its pages show: without it, the page of Spark Connect shows the options of the Kafka source, and
/// the passwords among them. The operator's own pattern counts, too.
const HIDDEN_IN_TEXT: (&str, &str) =
    ("spark.sql.redaction.string.regex", r#"key: "[kK][aA][fF][kK][aA]\.[^"]*"\s+value: "(?:[^"\\]|\\.)*+"?"#);
const HIDDEN_OPTIONS: (&str, &str) = ("spark.sql.redaction.options.regex", "(?i)jaas|keystore|truststore|ssl.key");

/// The transaction id of a session, which a process that was killed may have left behind.
pub(super) const TRANSACTION: [&str; 2] =
    ["spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion"];

/// The way to one session. Everybody who names the same `seed` shares it on the server, also from another machine.
#[derive(Debug)]
pub(super) struct Connection {
    url: ConnectUrl,
    options: ConnectOptions,
    seed: String,
    session: Mutex<Option<Session>>,
}

impl Connection {
    pub(super) fn new(url: ConnectUrl, options: ConnectOptions, seed: String) -> Self {
        Self { url, options, seed, session: Mutex::default() }
    }

    /// The server as people know it.
    pub(super) fn target(&self) -> String {
        self.url.target()
    }

    /// How long a short call may take.
    pub(super) fn answer_timeout(&self) -> Duration {
        self.options.answer_timeout
    }

    /// The session, made now if there is none. Two callers at once may both connect; they are in the same session.
    ///
    /// # Errors
    /// The server cannot be reached, or does not let us in.
    pub(super) async fn session(&self) -> Result<Session, ConnectError> {
        if let Some(session) = self.session.lock().clone() {
            return Ok(session);
        }
        // Always from 0 on: a server that was restarted takes the ids again that it had closed, and everybody must find the same one.
        let mut generation = 0;
        loop {
            let id = SessionId::for_root(&self.seed, generation);
            match Session::connect(&self.url, id, &self.options).await {
                Ok(session) => {
                    session.set(&SETTINGS).await?;
                    hide(&session).await?;
                    session.unset(&TRANSACTION).await?;
                    self.session.lock().replace(session.clone());
                    return Ok(session);
                }
                // The id is used up, as long as the server runs.
                Err(ConnectError::SessionClosed { .. })
                    if self.url.session_id().is_none() && generation < GENERATIONS =>
                {
                    generation += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes that a call has failed: after some errors the next call needs a new session.
    pub(super) fn failed(&self, error: &ConnectError) {
        let is_gone = matches!(
            error,
            ConnectError::SessionClosed { .. }
                | ConnectError::SessionLost { .. }
                | ConnectError::Unreachable { .. }
                | ConnectError::TimedOut { .. }
        );
        if is_gone {
            *self.session.lock() = None;
        }
    }
}

/// Adds our patterns of what Spark hides to those that the session has.
async fn hide(session: &Session) -> Result<(), ConnectError> {
    let ours = [HIDDEN_IN_TEXT, HIDDEN_OPTIONS];
    let found = session.settings(&ours.map(|(name, _)| name)).await?;
    for ((name, pattern), found) in ours.into_iter().zip(found) {
        match found.filter(|found| !found.is_empty()) {
            Some(found) if found.contains(pattern) => {}
            Some(found) => session.set(&[(name, &format!("(?:{found})|{pattern}"))]).await?,
            None => session.set(&[(name, pattern)]).await?,
        }
    }
    Ok(())
}

/// Whether the same call may succeed later: the network or the server was away, or a new session is needed.
pub(super) fn may_pass(error: &ConnectError) -> bool {
    error.is_transient()
        || matches!(
            error,
            ConnectError::SessionClosed { .. } | ConnectError::SessionLost { .. } | ConnectError::Cancelled
        )
}
