//! Clicks of one user in one moment: only their ids tell which is the last.

use std::collections::HashMap;

use rand::RngExt as _;

use super::*;
use crate::storage::{ClickKey, CountryId, StoredClick, UrlId, UserId};

/// What a store would answer, and the time spent by definition.
#[derive(Default)]
struct Model {
    clicks: HashMap<(UserId, i64), Vec<(ClickKey, UrlId)>>,
    asked: usize,
}

impl Model {
    /// Milliseconds and gaps by url.
    fn spent(&self) -> HashMap<UrlId, (i64, u64)> {
        let mut all: Vec<_> =
            self.clicks.iter().flat_map(|(of, moment)| moment.iter().map(move |click| (of, click))).collect();
        all.sort_unstable();
        let mut spent = HashMap::new();
        for pair in all.windows(2) {
            let ((user, at), (_, url)) = pair[0];
            let ((next_user, next), _) = pair[1];
            let entry: &mut (i64, u64) = spent.entry(*url).or_default();
            if user == next_user && next - at <= SETTINGS.session_timeout_ms {
                *entry = (entry.0 + next - at, entry.1 + 1);
            }
        }
        spent
    }
}

fn key(number: u32) -> ClickKey {
    match number % 2 {
        0 => ClickKey::new(&format!("{number:08x} is no UUID")),
        _ => ClickKey::Uuid(uuid::Uuid::from_u128(u128::from(number) << 96).into_bytes()),
    }
}

/// More than is kept of one user, late by less than is kept, with many clicks a moment.
#[test]
fn the_last_click_of_a_moment_is_right_even_for_users_with_many_clicks() {
    let mut rng: rand::rngs::StdRng = rand::SeedableRng::seed_from_u64(1);
    let mut aggregation = Aggregation::new(SETTINGS);
    let mut model = Model::default();
    for id in 1..=80_000_i64 {
        let click = StoredClick {
            id,
            timestamp: Timestamp::from_millis((id / 4 - rng.random_range(0..2_000)) * 900),
            key: key(rng.random()),
            user: UserId(rng.random_range(1..3)),
            url: UrlId(rng.random_range(1..6)),
            country: CountryId(1),
        };
        let asked = &mut model.asked;
        let (of, is) = ((click.user, click.timestamp.as_millis()), (click.key.clone(), click.url));
        let last = model.clicks.get(&of).and_then(|moment| moment.iter().map(|(key, _)| key).max()).cloned();
        aggregation
            .apply(click, |_| {
                *asked += 1;
                Ok(last)
            })
            .unwrap();
        model.clicks.entry(of).or_default().push(is);
    }
    assert_eq!(aggregation.late, 0);
    assert!(aggregation.recent.timelines().all(|(_, timeline)| timeline.is_cut()));
    let ours: HashMap<_, _> =
        aggregation.pages().iter().map(|page| (page.url, (page.spent_ms, page.spent_count))).collect();
    assert_eq!(ours, model.spent());
    // A moment is asked for once at most, however many clicks it has.
    assert!((1_000..model.clicks.len()).contains(&model.asked), "{} of {}", model.asked, model.clicks.len());
}

#[test]
fn clicks_with_times_in_whole_seconds_are_rarely_looked_up() {
    let mut asked = 0;
    let mut aggregation = Aggregation::new(SETTINGS);
    for id in 1..=10_000_i64 {
        let click = StoredClick {
            id,
            timestamp: Timestamp::from_millis(id / 40 * 1_000),
            key: key((id * 7_919 % 10_000) as u32),
            user: UserId((id % 4) as u32),
            url: UrlId(1),
            country: CountryId(1),
        };
        aggregation
            .apply(click, |_| {
                asked += 1;
                Ok(None)
            })
            .unwrap();
    }
    assert_eq!(aggregation.recent.len(), 4 * 250 + 1);
    // As two of them have the same place for their ids, of which tests have but 32.
    assert!(asked < 300, "{asked}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// One user, few moments: nearly every click has others of its moment, most of them not the newest.
    #[test]
    fn figures_equal_the_batch_query_when_most_clicks_share_their_moment(
        steps in prop::collection::vec(prop_oneof![
            5 => prop::collection::vec((0..400_u16, 0..40_i16, 0..5_u8), 1..40).prop_map(|seeds| {
                let seed = |(id, tens_of_minutes, url)| {
                    Seed { id, user: 1, tens_of_minutes, millis: 0, url, country: 0 }
                };
                Step::Clicks(seeds.into_iter().map(seed).collect())
            }),
            3 => step(),
        ], 1..25),
        budget in prop_oneof![Just(1_000_000), 20..60_u64],
    ) {
        let mut bench = Bench::new(AggregateSettings { recent_clicks: budget, ..SETTINGS });
        bench.go_through(steps);
        if bench.aggregation.late == 0 {
            bench.assert_exact();
        }
    }
}
