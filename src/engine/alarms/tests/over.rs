//! Alarms that somebody acknowledges, and those that are over.

use super::*;

#[test]
fn an_alarm_lasts_until_its_value_is_right_again_and_is_told_in_the_past_tense_then() {
    let mut world = World::new();
    world.pass(HOLD + 21, |snapshot| {
        snapshot.stages["index"].state = failing();
        snapshot.lag = Some(5_000);
    });
    world.pass(CALM + 1, |snapshot| {
        snapshot.stages["index"].state = StageState::Running;
        snapshot.lag = Some(0);
    });
    let shown = world.evaluator.shown();
    let past: Vec<_> = shown.past.iter().map(|past| past.alarm.text.as_str()).collect();
    assert_eq!(
        past,
        ["index was backing off: Connection refused", "5,000 messages waited in Kafka (limit 1,000)"],
        "what was wrong, without the calm time"
    );
    for past in &shown.past {
        let lasted = past.ended.duration_since(past.alarm.since).unwrap();
        assert_eq!(lasted, Duration::from_secs(HOLD + 21), "{}", past.alarm.text);
    }
}

#[test]
fn an_acknowledged_alarm_stays_so_until_it_ends_and_is_then_one_of_those_that_were() {
    let mut world = World::new();
    let down = |snapshot: &mut Snapshot| snapshot.stages["index"].state = failing();
    world.pass(HOLD + 1, down);
    let id = AlarmId { name: "stage".into(), stage: Some("index".into()) };
    let other = AlarmId { name: "stage".into(), stage: Some("store".into()) };
    assert_eq!(world.evaluator.acknowledge(Some(&other)), [], "that one is not on");
    assert_eq!(world.evaluator.shown().active[0].acknowledged, None);
    assert_eq!(world.evaluator.acknowledge(Some(&id)).len(), 1);
    let at = world.snapshot.at;
    assert_eq!(world.evaluator.shown().active[0].acknowledged, at);
    world.pass(10, down);
    assert_eq!(world.evaluator.shown().active[0].acknowledged, at, "it is still the same alarm");
    assert_eq!(world.evaluator.acknowledge(None), [], "somebody knows of it already");

    world.pass(CALM + 1, |snapshot| snapshot.stages["index"].state = StageState::Running);
    let shown = world.evaluator.shown();
    assert_eq!((shown.active.len(), shown.past.len()), (0, 1));
    let past = &shown.past[0];
    assert_eq!((past.alarm.id(), past.alarm.acknowledged), (id, at));
    assert!(past.ended > past.alarm.since && Some(past.ended) <= world.snapshot.at);

    world.pass(HOLD + 1, down);
    assert_eq!(world.evaluator.shown().active[0].acknowledged, None, "it has begun anew");
}

#[test]
fn the_newest_alarms_that_are_over_are_kept_the_newest_first_and_no_more_than_a_few_dozen() {
    let mut world = World::new();
    let rules = AlarmRules {
        rules: [(AlarmKind::Lag, Rule { begin: 100.0, end: 50.0, hold: Duration::ZERO })].into(),
        calm: Duration::ZERO,
    };
    world.evaluator = Evaluator::new(rules);
    for _ in 0..70 {
        world.pass(2, |snapshot| snapshot.lag = Some(100)).pass(2, |snapshot| snapshot.lag = Some(0));
    }
    let past = &world.evaluator.shown().past;
    assert_eq!(past.len(), past::KEPT);
    assert!(past.windows(2).all(|pair| pair[0].ended > pair[1].ended));
}
