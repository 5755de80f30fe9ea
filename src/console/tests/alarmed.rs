//! Alarms: their number, the most urgent one in words, and the bell.

use std::sync::Arc;
use std::time::Duration;

use super::{Console, fixture};
use crate::console::state::effect::Effect;
use crate::protocol::alarm::{Alarm, Alarms, Severity};
use crate::protocol::snapshot::Snapshot;

fn alarm(name: &str, severity: Severity, text: &str, seconds_ago: u64) -> Alarm {
    Alarm {
        name: name.into(),
        stage: None,
        severity,
        since: fixture::now() - Duration::from_secs(seconds_ago),
        text: text.into(),
        value: Some(400.0),
        limit: Some(300.0),
        right_since: None,
        concerns: None,
        acknowledged: None,
    }
}

fn waiting() -> Alarm {
    alarm("behind", Severity::Warning, "the oldest message in Kafka has waited for 6 min 40 s (limit 5 min)", 90)
}

fn down() -> Alarm {
    alarm("stage", Severity::Critical, "ingest is backing off: Connection\u{1b}[2J refused", 30)
}

fn with(active: Vec<Alarm>) -> Snapshot {
    Snapshot { alarms: Arc::new(Alarms { active, ..Alarms::default() }), ..fixture::running() }
}

#[test]
fn the_most_urgent_alarm_stands_below_the_header_with_the_number_of_all() {
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        console.show(with(vec![waiting()]));
        let (header, banner) = (console.part(|layout| Some(layout.header)), console.part(|layout| layout.banner));
        assert!(header.contains("1 ALARM") && !header.contains("ALARMS"), "{header}");
        let begin = if width < 100 { "alarm since" } else { "alarm behind (warning) since" };
        assert!(banner.contains(&format!("{begin} 09:28:30: the oldest message in")), "{banner}");
        console.show(with(vec![down(), waiting()]));
        let (header, banner) = (console.part(|layout| Some(layout.header)), console.part(|layout| layout.banner));
        assert!(header.contains("2 ALARMS"), "{header}");
        let begin = if width < 100 { "the most urgent since" } else { "the most urgent stage (critical) since" };
        assert!(banner.contains(&format!("2 alarms, {begin} 09:29:30: ingest")), "{banner}");
        assert!(!banner.contains('\u{1b}'));
        insta::assert_snapshot!(format!("alarms_{width}x{height}"), console.screen());
        console.press("F6");
        assert!(console.part(|layout| layout.banner).contains("2 alarms"));
        console.press("F1").show(with(Vec::new()));
        assert!(!console.screen().contains("ALARM"), "{}", console.screen());
        assert!(console.app.display.layout.clone().expect("large enough").banner.is_none());
    }
}

#[test]
fn an_alarm_whose_cause_is_gone_says_that_it_ends_and_for_how_long_all_is_right() {
    let mut console = Console::new(120, 40);
    let calming = Alarm { right_since: Some(fixture::now() - Duration::from_secs(12)), ..down() };
    console.show(with(vec![calming]));
    let banner = console.part(|layout| layout.banner);
    let wanted = "alarm stage (critical) since 09:29:30: ending, right again for 12 s; it was: ingest is backing off";
    assert!(banner.contains(wanted), "{banner}");
    console.pass(3);
    assert!(console.part(|layout| layout.banner).contains("right again for 15 s"));
}

#[test]
fn name_and_urgency_of_an_alarm_are_shown_where_they_fit_and_its_colour_tells_them_apart() {
    let mut console = Console::new(80, 24);
    let short = alarm("lag", Severity::Warning, "9 messages wait in Kafka (limit 5)", 90);
    console.show(with(vec![short]));
    let banner = console.part(|layout| layout.banner);
    assert!(banner.contains("alarm lag (warning) since 09:28:30: 9 messages wait in Kafka (limit 5)"), "{banner}");
    let warning = console.style_of("alarm lag").fg;
    console.show(with(vec![down()]));
    assert_ne!(console.style_of("alarm since").fg, warning);
}

#[test]
fn an_end_goes_before_an_alarm_which_the_header_still_counts() {
    let mut console = Console::new(120, 40);
    console.show(Snapshot { alarms: with(vec![waiting()]).alarms, ..fixture::finished() });
    assert!(console.part(|layout| layout.banner).contains("finished"));
    assert!(console.part(|layout| Some(layout.header)).contains("1 ALARM"));
}

#[test]
fn the_way_out_of_many_rejects_goes_before_their_alarm() {
    let mut console = Console::new(120, 40);
    let rejects = alarm("rejects", Severity::Warning, "900 messages were rejected", 5);
    let mut snapshot = with(vec![rejects]);
    snapshot.totals.rejected = snapshot.totals.ingested - 1;
    console.show(snapshot);
    assert!(console.part(|layout| layout.banner).contains("clicktop inspect --topic clicks"));
}

#[test]
fn the_bell_rings_once_for_each_alarm_that_begins_if_it_is_wanted() {
    let rings = |console: &mut Console| {
        let effects = std::mem::take(&mut console.app.outgoing.effects);
        effects.iter().filter(|effect| matches!(effect, Effect::Ring)).count()
    };
    let mut console = Console::new(80, 24);
    console.show(with(vec![waiting()]));
    assert_eq!(rings(&mut console), 0, "the settings turn it off");
    console.app.settings.bell = true;
    let mut rung = Vec::new();
    for alarms in [vec![waiting()], vec![down(), waiting()], vec![waiting()], Vec::new(), vec![waiting()]] {
        console.show(with(alarms));
        rung.push(rings(&mut console));
    }
    assert_eq!(rung, [0, 1, 0, 0, 1]);
}

#[test]
fn an_alarm_that_one_row_would_cut_takes_two_where_there_is_room() {
    let cause = "index is backing off: https://search.example.org:9200/clicktop refuses connections (tcp connect error: refused)";
    for (width, height, rows) in [(200, 60, 1), (120, 40, 2), (80, 24, 1), (60, 16, 1)] {
        let mut console = Console::new(width, height);
        console.show(with(vec![alarm("stage", Severity::Critical, cause, 30)]));
        let banner = console.app.display.layout.clone().expect("large enough").banner.expect("an alarm is on");
        assert_eq!(banner.height, rows, "{width}×{height}");
        let text = console.part(|layout| layout.banner);
        assert_eq!(text.contains("error: refused)"), height > 24, "{width}×{height}: {text}");
        insta::assert_snapshot!(format!("long_alarm_{width}x{height}"), console.screen());
    }
}

#[test]
fn an_alarm_that_ends_says_on_a_narrow_line_what_was_wrong() {
    let mut console = Console::new(60, 16);
    let ending = Alarm { right_since: Some(fixture::now() - Duration::from_secs(3)), ..down() };
    console.show(with(vec![ending]));
    let banner = console.part(|layout| layout.banner);
    assert!(banner.contains("alarm ending, right again for 3 s: ingest is backing"), "{banner}");
}
