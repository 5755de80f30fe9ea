//! Alarms of made-up snapshots: when each begins and ends, and what never begins one.

mod over;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::engine::forecast::Forecast;
use crate::engine::local::stage::not_started;
use crate::protocol::alarm::{AlarmId, Severity};
use crate::protocol::snapshot::PartitionStatus;
use crate::protocol::source::{SourceEnd, SourceProgress};
use crate::protocol::{Snapshot, StageState};

const HOLD: u64 = 60;
const CALM: u64 = 30;

fn rule(begin: f64, end: f64) -> Rule {
    Rule { begin, end, hold: Duration::from_secs(HOLD) }
}

/// Every alarm, with round limits.
fn rules() -> AlarmRules {
    let rules = [
        (AlarmKind::Headroom, rule(20.0, 40.0)),
        (AlarmKind::Stage, rule(1.0, 1.0)),
        (AlarmKind::Silence, Rule { hold: Duration::ZERO, ..rule(600.0, 600.0) }),
        (AlarmKind::Behind, rule(300.0, 150.0)),
        (AlarmKind::Lag, rule(1_000.0, 500.0)),
        (AlarmKind::Delay, rule(300.0, 150.0)),
        (AlarmKind::Backlog, rule(1_000.0, 500.0)),
        (AlarmKind::Rejects, rule(60.0, 30.0)),
        (AlarmKind::Index, rule(1_000.0, 500.0)),
    ];
    AlarmRules { rules: rules.into(), calm: Duration::from_secs(CALM) }
}

/// An engine whose snapshots are made by hand, one a second.
struct World {
    forecast: Forecast,
    evaluator: Evaluator,
    snapshot: Snapshot,
    told: Vec<String>,
}

impl World {
    fn new() -> Self {
        let mut stages = not_started();
        for stage in stages.iter_mut() {
            (stage.state, stage.backlog) = (StageState::Running, Some(0));
        }
        let partition = PartitionStatus { partition: 7, low: Some(100), ..PartitionStatus::default() };
        let snapshot = Snapshot {
            at: Some(SystemTime::UNIX_EPOCH),
            stages,
            partitions: Arc::new([PartitionStatus {
                stored: Some(1_100),
                high: Some(1_100),
                lag: Some(0),
                ..partition
            }]),
            lag: Some(0),
            ..Snapshot::default()
        };
        Self { forecast: Forecast::default(), evaluator: Evaluator::new(rules()), snapshot, told: Vec::new() }
    }

    /// Passes so many seconds, in each of which `change` happens; clicks come.
    fn pass(&mut self, seconds: u64, mut change: impl FnMut(&mut Snapshot)) -> &mut Self {
        self.quietly(seconds, |snapshot| {
            snapshot.totals.stored += 10;
            change(snapshot);
        })
    }

    /// The same without clicks.
    fn quietly(&mut self, seconds: u64, mut change: impl FnMut(&mut Snapshot)) -> &mut Self {
        for _ in 0..seconds {
            self.snapshot.uptime += Duration::from_secs(1);
            self.snapshot.at = Some(SystemTime::UNIX_EPOCH + self.snapshot.uptime);
            change(&mut self.snapshot);
            self.forecast.look(&mut self.snapshot);
            for change in self.evaluator.look(&self.snapshot) {
                let event = if change.begins() { "begin" } else { "end" };
                self.told.push(format!("{event} {}", change.alarm.name));
            }
        }
        self
    }

    /// What has begun and ended since the last call.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    fn text(&self) -> String {
        self.evaluator.shown().active.iter().map(|alarm| alarm.text.clone()).collect::<Vec<_>>().join("; ")
    }
}

/// Sets the lag of the one partition, of which Kafka keeps 1,000 messages.
fn lag(snapshot: &mut Snapshot, lag: i64) {
    let high = 1_100 + i64::try_from(snapshot.totals.stored).unwrap();
    let status = PartitionStatus {
        partition: 7,
        low: Some(high - 1_000),
        stored: Some(high - lag),
        high: Some(high),
        lag: u64::try_from(lag).ok(),
        ..PartitionStatus::default()
    };
    (snapshot.partitions, snapshot.lag) = (Arc::new([status]), u64::try_from(lag).ok());
}

fn failing() -> StageState {
    StageState::BackingOff { cause: "Connection refused".into(), until: SystemTime::UNIX_EPOCH }
}

#[test]
fn every_alarm_begins_once_and_ends_once() {
    type Change = fn(&mut Snapshot);
    let cases: [(AlarmKind, Change, Change, &str); 8] = [
        (
            AlarmKind::Headroom,
            |snapshot| lag(snapshot, 900),
            |snapshot| lag(snapshot, 0),
            "Kafka may soon delete messages of partition 7 that are not stored: 10% of what it keeps is left (limit 20%)",
        ),
        (
            AlarmKind::Stage,
            |snapshot| snapshot.stages["index"].state = failing(),
            |snapshot| snapshot.stages["index"].state = StageState::Running,
            "index is backing off: Connection refused",
        ),
        (
            AlarmKind::Lag,
            |snapshot| snapshot.lag = Some(1_234),
            |snapshot| snapshot.lag = Some(0),
            "1,234 messages wait in Kafka (limit 1,000)",
        ),
        (
            AlarmKind::Delay,
            |snapshot| {
                snapshot.delay = Some(Duration::from_secs(400));
                snapshot.stages["aggregate"].backlog = Some(1);
            },
            |snapshot| snapshot.delay = Some(Duration::from_secs(1)),
            "clicks are in the figures only after 6 min 40 s (limit 5 min)",
        ),
        (
            AlarmKind::Backlog,
            |snapshot| snapshot.stages["aggregate"].backlog = Some(5_000),
            |snapshot| snapshot.stages["aggregate"].backlog = Some(0),
            "5,000 clicks wait for aggregate (limit 1,000)",
        ),
        (
            AlarmKind::Rejects,
            |snapshot| snapshot.totals.rejected += 2,
            |_| {},
            "120 messages or documents were rejected in the last minute (limit 60)",
        ),
        (
            AlarmKind::Index,
            |snapshot| snapshot.index.pending = Some(2_000),
            |snapshot| snapshot.index.pending = Some(0),
            "2,000 documents wait for the index (limit 1,000)",
        ),
        (
            AlarmKind::Behind,
            |snapshot| {
                lag(snapshot, 500);
                // The one message that nobody stores.
                let mut partitions = snapshot.partitions.to_vec();
                partitions[0].stored = Some(900);
                partitions[0].lag = Some(u64::try_from(partitions[0].high.unwrap() - 900).unwrap());
                partitions[0].low = Some(0);
                (snapshot.partitions, snapshot.lag) = (partitions.into(), Some(500));
            },
            |snapshot| lag(snapshot, 0),
            "the oldest message in Kafka has waited for ",
        ),
    ];
    for (kind, wrong, right, text) in cases {
        let mut world = World::new();
        world.pass(5, |_| {});
        assert_eq!(world.told(), [""; 0], "{kind}");
        world.pass(900, wrong);
        assert_eq!(world.told(), [format!("begin {kind}")]);
        assert!(world.text().starts_with(text), "{kind}: {}", world.text());
        world.pass(900, right);
        assert_eq!(world.told(), [format!("end {kind}")]);
        assert!(world.evaluator.shown().active.is_empty(), "{kind}");
        let watched = world.evaluator.shown().watched.clone();
        let begun: Vec<_> =
            watched.iter().filter(|alarm| alarm.begun > 0).map(|alarm| alarm.name.to_string()).collect();
        assert_eq!((begun, watched.len()), (vec![kind.to_string()], AlarmKind::ALL.len()));
    }
}

#[test]
fn a_value_must_hold_to_begin_and_be_calm_to_end() {
    let mut world = World::new();
    let wrong = |snapshot: &mut Snapshot| snapshot.lag = Some(1_000);
    let between = |snapshot: &mut Snapshot| snapshot.lag = Some(700);
    let right = |snapshot: &mut Snapshot| snapshot.lag = Some(499);
    world.pass(HOLD, wrong).pass(1, between).pass(HOLD, wrong);
    assert_eq!(world.told(), [""; 0], "a dip begins the time anew");
    world.pass(1, wrong);
    assert_eq!(world.told(), ["begin lag"]);
    world.pass(600, between).pass(CALM, right).pass(1, between).pass(CALM, right);
    assert_eq!(world.told(), [""; 0], "a rise begins the calm anew");
    world.pass(1, right);
    assert_eq!(world.told(), ["end lag"]);
}

#[test]
fn an_alarm_that_calms_tells_since_when_its_value_is_right_again() {
    let mut world = World::new();
    let right_since = |world: &World| world.evaluator.shown().active.first().unwrap().right_since;
    world.pass(2 * HOLD, |snapshot| snapshot.lag = Some(1_000));
    assert_eq!(right_since(&world), None);
    world.pass(1, |snapshot| snapshot.lag = Some(7));
    let first = world.snapshot.at;
    assert_eq!(right_since(&world), first);
    world.pass(9, |snapshot| snapshot.lag = Some(7)).pass(1, |snapshot| snapshot.lag = None);
    assert_eq!(right_since(&world), first, "what is not known changes nothing");
    world.pass(1, |snapshot| snapshot.lag = Some(2_000));
    assert_eq!(right_since(&world), None);
    assert_eq!(world.text(), "2,000 messages wait in Kafka (limit 1,000)");
}

#[test]
fn what_the_engine_does_not_know_begins_no_alarm_and_ends_none() {
    let mut world = World::new();
    let unknown = |snapshot: &mut Snapshot| {
        (snapshot.lag, snapshot.delay, snapshot.index.pending) = (None, None, None);
        snapshot.partitions = Arc::new([PartitionStatus::default()]);
        for stage in snapshot.stages.iter_mut() {
            stage.backlog = None;
        }
    };
    world.pass(1_000, unknown);
    assert_eq!(world.told(), [""; 0]);
    world.pass(2 * HOLD, |snapshot| snapshot.lag = Some(9_999)).pass(1_000, unknown);
    assert_eq!(world.told(), ["begin lag"]);
    world.pass(2 * CALM, |snapshot| snapshot.lag = Some(0));
    assert_eq!(world.told(), ["end lag"]);
}

#[test]
fn silence_counts_only_while_clicks_could_come() {
    let mut world = World::new();
    world.pass(5, |_| {}).quietly(400, |_| {});
    // While ingest cannot reach Kafka, nobody knows whether clicks would come. That is an alarm of its own.
    world.quietly(2 * HOLD, |snapshot| snapshot.stages["ingest"].state = failing());
    assert_eq!(world.told(), ["begin stage"]);
    world.quietly(190, |snapshot| snapshot.stages["ingest"].state = StageState::Running);
    assert_eq!(world.told(), ["end stage"]);
    world.quietly(20, |_| {});
    assert_eq!(
        (world.told(), world.text()),
        (vec!["begin silence".to_owned()], "no click has come for 10 min (limit 10 min)".to_owned())
    );
    world.quietly(60, |_| {});
    assert_eq!(world.text(), "no click has come for 11 min (limit 10 min)");
    world.pass(1, |_| {}).quietly(CALM + 1, |_| {});
    assert_eq!(world.told(), ["end silence"]);
}

#[test]
fn a_source_that_has_an_end_is_never_too_silent() {
    let ended = SourceProgress { end: Some(SourceEnd::default()), ..SourceProgress::default() };
    let slow_demo = SourceProgress { total: Some(50), ..SourceProgress::default() };
    let failed = SourceProgress { error: Some("gone".into()), ..SourceProgress::default() };
    for progress in [ended, slow_demo, failed] {
        let mut world = World::new();
        world.snapshot.source.progress = Some(progress);
        world.quietly(3_000, |_| {});
        assert_eq!(world.told(), [""; 0]);
    }
    let mut followed = World::new();
    followed.snapshot.source.progress = Some(SourceProgress::default());
    followed.quietly(601, |_| {});
    assert_eq!(followed.told(), ["begin silence"], "a log that is followed has no end");
}

#[test]
fn a_stage_that_an_operator_stops_is_no_alarm_but_what_waits_for_it_is() {
    let mut world = World::new();
    world.snapshot.stages["index"].state = StageState::Stopped;
    world.pass(600, |_| {});
    assert_eq!(world.told(), [""; 0]);
    world.pass(600, |snapshot| snapshot.index.pending = Some(5_000));
    assert_eq!(world.told(), ["begin index"]);
}

#[test]
fn the_alarm_of_a_stage_ends_at_once_when_somebody_stops_the_stage() {
    let mut world = World::new();
    world.pass(HOLD + 11, |snapshot| snapshot.stages["index"].state = failing());
    assert_eq!(world.told(), ["begin stage"]);
    // It may take long to drain.
    world.snapshot.stages["index"].state = StageState::Draining { waiting_for: "1 document".into() };
    world.snapshot.uptime += Duration::from_secs(1);
    let changes = world.evaluator.look(&world.snapshot);
    let [ended] = changes.as_slice() else { panic!("one alarm ends: {changes:?}") };
    assert_eq!((ended.lasted, ended.by_stop), (Some(Duration::from_secs(HOLD + 11)), true));
    assert!(world.evaluator.shown().active.is_empty());
    world.pass(5, |snapshot| snapshot.stages["index"].state = StageState::Stopped);
    assert_eq!(world.told(), [""; 0], "it ends once");
}

#[test]
fn two_stages_are_two_alarms_and_the_critical_ones_come_first() {
    let mut world = World::new();
    let wrong = |snapshot: &mut Snapshot| {
        snapshot.lag = Some(5_000);
        snapshot.stages["index"].state = failing();
        snapshot.stages["store"].state = StageState::Failed { cause: "disk full".into() };
    };
    world.pass(2 * HOLD, wrong);
    let shown = world.evaluator.shown();
    let active: Vec<_> = shown.active.iter().map(|alarm| (alarm.severity, alarm.text.as_str())).collect();
    let wanted = [
        (Severity::Critical, "index is backing off: Connection refused"),
        (Severity::Critical, "store has failed: disk full"),
        (Severity::Warning, "5,000 messages wait in Kafka (limit 1,000)"),
    ];
    assert_eq!(active, wanted);
    assert_eq!(shown.watched.iter().find(|alarm| alarm.name.as_ref() == "stage").unwrap().begun, 2);
}

#[test]
fn a_late_click_of_long_ago_is_no_delay_of_today() {
    let mut world = World::new();
    world.pass(900, |snapshot| snapshot.delay = Some(Duration::from_secs(4_000)));
    assert_eq!(world.told(), [""; 0], "nothing waits");
}

#[test]
fn nothing_changes_while_the_engine_ends_or_is_reset() {
    let mut world = World::new();
    world.pass(2 * HOLD, |snapshot| snapshot.lag = Some(5_000));
    assert_eq!(world.told(), ["begin lag"]);
    world.snapshot.shutting_down = Some("3 batches".into());
    world.pass(600, |snapshot| snapshot.lag = Some(0));
    assert_eq!((world.told(), world.evaluator.shown().active.len()), (Vec::new(), 1));
    world.snapshot.shutting_down = None;
    // A reset sets the counts back: that is no flood of rejects.
    world.snapshot.totals.rejected = 1_000_000;
    world.pass(2, |_| {}).pass(600, |snapshot| snapshot.totals.rejected = 3);
    assert!(!world.told().contains(&"begin rejects".to_owned()));
}

#[test]
fn headroom_is_not_asked_of_a_topic_that_keeps_everything_nor_of_a_producer_that_waits() {
    let mut keeps_all = World::new();
    keeps_all.pass(600, |snapshot| {
        lag(snapshot, 990);
        let mut partitions = snapshot.partitions.to_vec();
        partitions[0].low = Some(0);
        (snapshot.partitions, snapshot.lag) = (partitions.into(), None);
    });
    assert!(!keeps_all.told().contains(&"begin headroom".to_owned()));
    let mut own_producer = World::new();
    own_producer.snapshot.source.progress = Some(SourceProgress::default());
    own_producer.pass(600, |snapshot| lag(snapshot, 990));
    assert!(!own_producer.told().contains(&"begin headroom".to_owned()));
}

#[test]
fn each_kind_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = AlarmKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), AlarmKind::ALL.len());
}

proptest! {
    /// Whatever the value does: begin and end alternate, an alarm begins only after the value was bad all of `hold`, ends only after it was
    /// good all of `calm`, and the shown alarms are those that have begun and not ended.
    #[test]
    fn begin_and_end_alternate_and_follow_their_times(values in prop::collection::vec(prop_oneof![
        Just(None), (0_u64..2_000).prop_map(Some), Just(Some(1_500)), Just(Some(100))
    ], 1..400), repeat in 1_usize..80) {
        let values: Vec<_> = values.iter().flat_map(|value| std::iter::repeat_n(*value, repeat)).collect();
        let mut world = World::new();
        let only_lag = rules().rules.into_iter().filter(|(kind, _)| *kind == AlarmKind::Lag).collect();
        world.evaluator = Evaluator::new(AlarmRules { rules: only_lag, ..rules() });
        let mut on = false;
        for (second, value) in values.iter().enumerate() {
            world.pass(1, |snapshot| {
                snapshot.lag = *value;
                snapshot.partitions = Arc::new([PartitionStatus::default()]);
            });
            let told = world.told();
            prop_assert!(told.len() <= 1);
            if let Some(told) = told.first() {
                let wanted = if on { "end lag" } else { "begin lag" };
                prop_assert_eq!(told, wanted);
                let (span, holds): (u64, fn(u64) -> bool) =
                    if on { (CALM, |value| value < 500) } else { (HOLD, |value| value >= 1_000) };
                let span = usize::try_from(span).unwrap();
                prop_assert!(second >= span);
                let known = values[second - span..=second].iter().flatten().copied();
                prop_assert!(known.clone().all(holds));
                // What is unknown may lie within the calm, never within the hold.
                prop_assert!(on || known.count() == span + 1);
                on = !on;
            }
            prop_assert_eq!(world.evaluator.shown().active.len(), usize::from(on));
        }
    }
}

#[test]
fn other_rules_take_effect_while_an_alarm_is_on_and_one_that_they_lack_ends() {
    let mut world = World::new();
    let late = |snapshot: &mut Snapshot| snapshot.lag = Some(2_000);
    world.pass(HOLD + 2, late);
    assert_eq!(world.told(), ["begin lag"]);
    let mut other = rules();
    other.rules.insert(AlarmKind::Lag, rule(5_000.0, 3_000.0));
    assert!(world.evaluator.renew(other.clone()).is_empty(), "it is on until the value was good for a while");
    world.pass(CALM + 2, late);
    assert_eq!(world.told(), ["end lag"]);

    let mut without = other.clone();
    other.rules.insert(AlarmKind::Lag, rule(1_000.0, 500.0));
    world.evaluator.renew(other);
    world.pass(HOLD + 2, late);
    assert_eq!(world.told(), ["begin lag"]);
    without.rules.remove(&AlarmKind::Lag);
    let ended = world.evaluator.renew(without);
    assert_eq!(ended.len(), 1);
    assert!(!ended[0].begins() && world.evaluator.shown().active.is_empty());
}

#[test]
fn an_alarm_names_the_stage_that_it_concerns_most() {
    let mut world = World::new();
    world.pass(HOLD + 1, |snapshot| {
        (snapshot.lag, snapshot.index.pending) = (Some(5_000), Some(5_000));
        snapshot.stages["aggregate"].backlog = Some(5_000);
        snapshot.stages["store"].state = failing();
    });
    let shown = world.evaluator.shown();
    let concerns: Vec<_> =
        shown.active.iter().map(|alarm| (&*alarm.name, alarm.stage.as_deref(), alarm.concerns.as_deref())).collect();
    let stage = |id: &'static str| Some(id);
    let wanted = [
        ("stage", stage("store"), stage("store")),
        ("lag", None, stage("ingest")),
        ("backlog", stage("aggregate"), stage("aggregate")),
        ("index", None, stage("index")),
    ];
    assert_eq!(concerns, wanted);
}
