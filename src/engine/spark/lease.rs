//! The lease: the rebuild that holds it counts everything anew, and rounds wait meanwhile.
//!
//! It keeps a rebuild and the rounds from undoing each other's work. What is right does not depend on it: each step of both is one commit
//! under a transaction id, and Delta lets only one of two through.

use std::time::Duration;

use uuid::Uuid;

use super::connect::{ConnectError, Session};
use super::rounds::first_row;
use super::sql::Tables;
use super::tables::is_missing;

/// How long a lease holds after it was renewed last.
pub(super) const HELD: Duration = Duration::from_secs(60);

/// How often it is renewed.
pub(super) const RENEWED: Duration = Duration::from_secs(15);

/// For how long somebody other than `owner` holds the lease; `None` if nobody does.
///
/// # Errors
/// As any statement.
pub(super) async fn held_by_others(
    session: &Session,
    tables: &Tables,
    owner: Uuid,
) -> Result<Option<Duration>, ConnectError> {
    match first_row(session, tables.lease_of_others(owner), ["left"]).await {
        Ok([left]) => {
            Ok(left.and_then(|left| u64::try_from(left).ok()).filter(|left| *left > 0).map(Duration::from_secs))
        }
        // Nobody has ever rebuilt.
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the lease, or renews it. `false` if somebody else has it.
///
/// # Errors
/// As any statement.
pub(super) async fn take(session: &Session, tables: &Tables, owner: Uuid) -> Result<bool, ConnectError> {
    let seconds = u32::try_from(HELD.as_secs()).unwrap_or(u32::MAX);
    session.command(tables.take_lease(owner, seconds)).await?;
    Ok(held_by_others(session, tables, owner).await?.is_none())
}
