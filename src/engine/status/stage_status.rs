//! The status of one stage, from its handle and its rate.

use std::sync::Arc;
use std::time::Instant;

use super::rates::Rate;
use crate::engine::stages::handle::StageHandle;
use crate::protocol::stage::StageStatus;
use crate::protocol::{StageInfo, StageState};

/// The status of the stage at `now`. A stage that does nothing has no rate.
pub(crate) fn stage_status(
    info: Arc<StageInfo>,
    handle: &StageHandle,
    rate: &mut Rate,
    backlog: Option<u64>,
    now: Instant,
) -> StageStatus {
    let state = handle.state();
    let processed = handle.processed();
    let (last_error, last_error_at) = handle.last_error().unzip();
    if matches!(state, StageState::Stopped | StageState::Failed { .. } | StageState::Starting { .. }) {
        rate.clear();
    } else {
        rate.sample(now, processed);
    }
    StageStatus {
        info,
        rate: rate.per_second(),
        state,
        processed,
        backlog,
        errors: handle.errors(),
        last_error,
        last_error_at,
    }
}
