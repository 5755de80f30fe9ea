//! Checkpoints that an older clicktop wrote.

use super::*;

/// Few enough for evictions among [`known_stream`].
const FEW: AggregateSettings = AggregateSettings { recent_clicks: 80, ..SETTINGS };

/// What the first format made of the first [`IN_CHECKPOINT`] clicks of [`known_stream`] under [`FEW`]: a part a line.
const FORMAT_1: &str = include_str!("format_1.hex");

const IN_CHECKPOINT: usize = 180;

/// A stream that is the same in every run, with clicks of one moment and out of order; none is late under [`FEW`].
fn known_stream() -> Vec<Seed> {
    let mut state = 1_u64;
    let mut below = |limit: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let seeds = (0..240_u16).map(|id| Seed {
        id,
        user: below(6) as u8,
        tens_of_minutes: id as i16 / 8 + below(2) as i16,
        millis: below(2) as u8,
        url: below(5) as u8,
        country: below(3) as u8,
    });
    seeds.collect()
}

/// Others of the same users and moments, with ids that come before and after theirs.
fn ties(seeds: &[Seed]) -> Vec<Seed> {
    let tie = |seed: &Seed| Seed { id: seed.id * 7 % 240 + 1_000, url: (seed.url + 1) % 5, ..seed.clone() };
    seeds.iter().map(tie).collect()
}

/// As the older clicktop left it, with the clicks in its checkpoint counted.
fn older() -> Bench {
    let mut bench = Bench::new(FEW);
    // One by one: it numbered clicks, users and pages as they came, where a batch is now numbered in the order of time.
    for seed in &known_stream()[..IN_CHECKPOINT] {
        bench.store(std::slice::from_ref(seed));
        bench.count();
    }
    bench.write(true);
    let connection = bench.sql();
    connection.execute("DELETE FROM checkpoint", []).unwrap();
    for line in FORMAT_1.lines() {
        connection.execute("INSERT INTO checkpoint (data) VALUES (unhex(?1))", [line]).unwrap();
    }
    bench
}

fn finish(bench: &mut Bench, late: u64) {
    bench.count();
    bench.write(true);
    assert_eq!(bench.aggregation.late, late);
    bench.reload();
}

#[test]
fn its_state_goes_on_where_it_was() {
    let mut bench = older();
    bench.reload();
    assert!(bench.aggregation.recent.timelines().any(|(_, timeline)| timeline.is_cut()));
    bench.store(&ties(&known_stream()[IN_CHECKPOINT - 30..IN_CHECKPOINT]));
    bench.store(&known_stream()[IN_CHECKPOINT..]);
    finish(&mut bench, 0);
    bench.assert_exact();
}

#[test]
fn clicks_counted_since_are_replayed() {
    let mut bench = older();
    bench.store(&known_stream()[IN_CHECKPOINT..]);
    bench.count();
    bench.write(false);
    bench.reload();
    assert!(bench.aggregation.recent.len() > 6);
    bench.store(&ties(&known_stream()[200..]));
    finish(&mut bench, 0);
    bench.assert_exact();
}

#[test]
fn where_clicks_were_late_only_what_its_figures_surely_know_is_kept() {
    let mut bench = older();
    bench.store(&known_stream()[IN_CHECKPOINT..]);
    bench.count();
    bench.write(false);
    bench.sql().execute("UPDATE aggregate_state SET late = 1", []).unwrap();
    bench.reload();
    assert_eq!(bench.aggregation.recent.len(), 6);
    let newer = known_stream().into_iter().map(|seed| Seed { tens_of_minutes: seed.tens_of_minutes + 40, ..seed });
    bench.store(&newer.collect::<Vec<_>>());
    finish(&mut bench, 1);
    bench.assert_exact();
}

#[test]
fn ids_that_were_deleted_with_their_clicks_are_known_from_it() {
    let mut bench = older();
    let twin = Bench::new(FEW);
    for seeds in known_stream()[..IN_CHECKPOINT].chunks(7) {
        twin.store(seeds);
    }
    let late = ties(&known_stream()[IN_CHECKPOINT - 60..IN_CHECKPOINT]);
    bench.store(&late);
    twin.store(&late);
    // It deleted what was counted, without a look at what was not.
    bench.storage.let_expire(0, Timestamp::from_millis(i64::MAX)).unwrap();
    let deleted = bench.sql().execute("DELETE FROM clicks WHERE id <= ?1", [IN_CHECKPOINT]).unwrap();
    bench.sql().execute("UPDATE retention SET deleted = ?1", [deleted]).unwrap();
    bench.reload();
    finish(&mut bench, 0);
    let spent = |rows: Vec<(String, String, u64, u64, Option<f64>)>| -> Vec<_> {
        rows.into_iter().map(|row| (row.0, row.1, row.2, row.3, row.4.map(|mean| (mean * 1e6).round()))).collect()
    };
    assert_eq!(spent(bench.figures()), spent(twin.batch_query()));
}

#[test]
fn one_that_is_not_complete_is_not_used() {
    let mut bench = older();
    bench.sql().execute("DELETE FROM checkpoint WHERE part = 2", []).unwrap();
    bench.reload();
    bench.store(&known_stream()[IN_CHECKPOINT..]);
    finish(&mut bench, 0);
    bench.assert_exact();
    let mut bench = older();
    bench.go(Step::Expire { tens_of_minutes: 15 });
    bench.reload();
    bench.sql().execute("DELETE FROM checkpoint WHERE part = 2", []).unwrap();
    let mut reader = bench.storage.reader().unwrap();
    load::load(&bench.storage, &mut reader, FEW, &mut |_| true).unwrap_err();
}
