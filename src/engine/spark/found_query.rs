//! The streaming query that a console finds at work, and whether it reads events as the settings say now.

use uuid::Uuid;

use super::connect::{ConnectError, QueryRun, Session};
use super::sql::Decoder;

/// The name of the query, by which every console finds it.
pub(super) const QUERY: &str = "clicktop";

/// Where the session, in which the query runs, tells how the query reads events.
const DECODER: &str = "clicktop.decoder";

/// What stands for a decoder.
fn digest(decoder: &Decoder) -> String {
    let text = decoder.views.iter().map(|view| view.query.as_str()).chain([decoder.query.as_str()]);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, text.collect::<String>().as_bytes()).to_string()
}

/// The query that runs in the session, if one does. With a `wanted` decoder, a query with another one is stopped; it goes on from its
/// checkpoint when it is started anew.
///
/// # Errors
/// As any call.
pub(super) async fn found(session: &Session, wanted: Option<&Decoder>) -> Result<Option<QueryRun>, ConnectError> {
    let run = running(session).await?;
    let (Some(run), Some(wanted)) = (run, wanted) else { return Ok(run) };
    let noted = session.settings(&[DECODER]).await?.into_iter().next().flatten();
    if noted == Some(digest(wanted)) {
        return Ok(Some(run));
    }
    tracing::info!(target: "stream", "the streaming query reads events by other settings; it is started anew");
    session.stop_query(run).await?;
    Ok(None)
}

/// Notes how the query that was just started reads events.
///
/// # Errors
/// As any call.
pub(super) async fn note(session: &Session, decoder: &Decoder) -> Result<(), ConnectError> {
    session.set(&[(DECODER, &digest(decoder))]).await
}

/// Whether the streaming query runs in the session.
///
/// # Errors
/// As any call.
pub(super) async fn is_running(session: &Session) -> Result<bool, ConnectError> {
    Ok(running(session).await?.is_some())
}

/// The query that runs in the session, if one does.
pub(super) async fn running(session: &Session) -> Result<Option<QueryRun>, ConnectError> {
    let active = session.active_queries().await?;
    Ok(active.into_iter().find(|query| query.name.as_deref() == Some(QUERY)).map(|query| query.run))
}
