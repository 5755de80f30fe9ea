//! How times look in JSON: milliseconds as a number, moments as RFC 3339.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serializer;

use crate::click::Timestamp;

/// A duration as milliseconds, `null` for none.
pub(crate) fn millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_f64(duration.as_micros() as f64 / 1000.0),
        None => serializer.serialize_none(),
    }
}

/// A moment as RFC 3339 in UTC.
pub(crate) fn moment<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    serializer.collect_str(&Timestamp::from_millis(millis))
}

/// A click's time as RFC 3339 in UTC, `null` for none.
pub(crate) fn timestamp<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::StageState;
    use crate::protocol::snapshot::StoreStatus;

    #[test]
    fn times_in_json_are_numbers_and_dates_that_others_can_read() {
        let status = StoreStatus { transaction: Some(Duration::from_micros(1_500)), ..StoreStatus::default() };
        assert_eq!(serde_json::to_value(&status).unwrap()["transaction_ms"], 1.5);
        let until = UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
        let state = StageState::BackingOff { cause: "busy".into(), until };
        let json = serde_json::to_value(&state).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"state": "backing_off", "cause": "busy", "until": "2023-11-14T22:13:20.250Z"})
        );
    }
}
