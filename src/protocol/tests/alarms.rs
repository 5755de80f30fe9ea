//! Alarms and timings with a value in every field, and snapshots from before they were there.

use std::time::Duration;

use super::{full, moment};
use crate::protocol::Snapshot;
use crate::protocol::alarm::{Alarm, Alarms, PastAlarm, Severity, WatchedAlarm};
use crate::protocol::timings::{Bucket, Distribution, Timings};

pub(super) fn timings() -> Timings {
    let times = Distribution {
        sum: Duration::from_micros(2_500),
        buckets: vec![Bucket { up_to: Duration::from_millis(2), count: 3 }],
        longer: 1,
    };
    Timings { delay: Some(times.clone()), transaction: Some(times.clone()), bulk: Some(times) }
}

pub(super) fn alarms() -> Alarms {
    let stage = Alarm {
        name: "stage".into(),
        stage: Some("four".into()),
        concerns: Some("four".into()),
        severity: Severity::Critical,
        since: moment(),
        text: "four is backing off: refused".into(),
        value: None,
        limit: None,
        right_since: Some(moment()),
        acknowledged: Some(moment()),
    };
    let behind = Alarm {
        name: "behind".into(),
        stage: None,
        severity: Severity::Warning,
        value: Some(400.5),
        limit: Some(300.0),
        right_since: None,
        acknowledged: None,
        concerns: Some("one".into()),
        text: "the oldest message in Kafka has waited for 6 min 40 s (limit 5 min)".into(),
        ..stage.clone()
    };
    let watched = |alarm: &Alarm| WatchedAlarm { name: alarm.name.clone(), severity: alarm.severity, begun: 2 };
    let past = PastAlarm { alarm: behind.clone(), ended: moment() };
    Alarms { watched: vec![watched(&stage), watched(&behind)], active: vec![stage, behind], past: vec![past] }
}

#[test]
fn a_snapshot_of_an_engine_without_alarms_and_timings_is_read() {
    let mut json = serde_json::to_value(full()).expect("serializes");
    let fields = json.as_object_mut().expect("an object");
    assert!(fields.remove("alarms").is_some() && fields.remove("timings").is_some());
    let read = serde_json::from_value::<Snapshot>(json).expect("read");
    assert_eq!((&*read.alarms, &*read.timings), (&Alarms::default(), &Timings::default()));
}

#[test]
fn a_front_that_prints_lines_gets_the_alarms_that_are_on_and_no_timings() {
    let light = full().light();
    assert_eq!((&*light.alarms, &*light.timings), (&alarms().light(), &Timings::default()));
    assert_eq!(light.alarms.past, []);
}
