//! What a checkpoint holds and adds.

use super::*;

fn stream(ids: std::ops::Range<u16>) -> Vec<Seed> {
    let seeds = ids.map(|id| Seed {
        id,
        user: (id % 6) as u8,
        tens_of_minutes: id as i16 / 10,
        millis: (id % 3) as u8,
        url: (id / 40) as u8,
        country: 0,
    });
    seeds.collect()
}

fn parts(bench: &Bench) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let reader = bench.storage.reader().unwrap();
    reader
        .checkpoint_parts::<crate::storage::StorageError>(|part| {
            parts.push(part.to_vec());
            Ok(())
        })
        .unwrap();
    parts
}

fn counted(ids: std::ops::Range<u16>) -> Bench {
    let mut bench = Bench::new(SETTINGS);
    bench.go(Step::Clicks(stream(ids)));
    bench.count();
    bench.write(true);
    bench
}

#[test]
fn written_pairs_stay_and_new_ones_are_added_even_after_a_restart() {
    let mut bench = counted(0..80);
    for (ids, new_parts) in [(80..120, 1), (120..121, 1), (121..122, 1), (116..118, 0)] {
        bench.reload();
        let before = parts(&bench);
        let pair_parts = bench.aggregation.page_users.written_parts();
        bench.store(
            &stream(ids.clone()).into_iter().map(|seed| Seed { id: seed.id + 1_000, ..seed }).collect::<Vec<_>>(),
        );
        bench.go(Step::Stop { checkpoint: true });
        let kept = usize::try_from(pair_parts).unwrap();
        assert_eq!(parts(&bench)[..kept], before[..kept]);
        // They are counted by the restart at the latest.
        bench.count();
        bench.write(true);
        assert_eq!(bench.aggregation.page_users.written_parts(), pair_parts + new_parts, "{ids:?}");
        bench.assert_exact();
    }
}

#[test]
fn a_checkpoint_with_missing_parts_is_written_completely() {
    let mut bench = counted(0..80);
    bench.sql().execute("DELETE FROM checkpoint", []).unwrap();
    bench.go(Step::Clicks(stream(80..120)));
    bench.count();
    bench.go(Step::Stop { checkpoint: true });
    assert_eq!(bench.aggregation.page_users.written_parts(), 1, "all in one, and not the new ones in a second");
    bench.reload();
    assert_eq!(bench.aggregation.page_users.written_parts(), 1);
    bench.assert_exact();
}

#[test]
fn an_incomplete_or_unknown_checkpoint_is_ignored_and_everything_is_replayed() {
    for change in ["DELETE FROM checkpoint WHERE part = ?1", "UPDATE checkpoint SET data = x'03ff' WHERE part = ?1"] {
        // From the last, the header, to the first; how many there are differs.
        for part in 0.. {
            let mut bench = counted(0..80);
            let Some(part) = parts(&bench).len().checked_sub(part).filter(|&part| part > 0) else { break };
            bench.sql().execute(change, [part]).unwrap();
            bench.reload();
            assert_eq!(bench.aggregation.page_users.written_parts(), 0, "{change} {part}");
            bench.go(Step::Clicks(stream(80..120)));
            bench.count();
            bench.go(Step::Stop { checkpoint: true });
            bench.assert_exact();
        }
    }
}
