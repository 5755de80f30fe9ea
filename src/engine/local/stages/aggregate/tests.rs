//! The invariant: whatever the order of arrival, the duplicates and the restarts, the figures equal the batch query.

mod checkpoints;
mod ties;

use proptest::prelude::*;
use tempfile::TempDir;

use super::aggregation::Aggregation;
use super::persistence;
use crate::click::{Click, ClickBatch, Timestamp};
use crate::protocol::SortBy;
use crate::storage::figures::AggregateSettings;
use crate::storage::{BATCH_QUERY, IngestBatch, Storage, StorageError, StorageOptions};

const SETTINGS: AggregateSettings = AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 1_000_000 };

/// A click in few words: the rest follows from these.
#[derive(Clone, Debug)]
struct Seed {
    id: u16,
    user: u8,
    /// Coarse, so that clicks of one moment and gaps of exactly the session timeout occur.
    tens_of_minutes: i16,
    millis: u8,
    url: u8,
    country: u8,
}

impl Seed {
    fn time(&self) -> Timestamp {
        Timestamp::from_millis(i64::from(self.tens_of_minutes) * 600_000 + i64::from(self.millis))
    }
}

fn seed() -> impl Strategy<Value = Seed> {
    let scattered = (0..6_u8, -20..60_i16, 0..3_u8);
    let crowded = (0..2_u8, -2..6_i16, 0..2_u8);
    let who_and_when = prop_oneof![2 => scattered, 1 => crowded];
    (0..400_u16, who_and_when, 0..5_u8, 0..3_u8).prop_map(|(id, (user, tens_of_minutes, millis), url, country)| Seed {
        id,
        user,
        tens_of_minutes,
        millis,
        url,
        country,
    })
}

/// What happens to a database between two batches of clicks.
#[derive(Clone, Debug)]
enum Step {
    /// Store these, and count them if the stage is up.
    Clicks(Vec<Seed>),
    /// Count what is stored so far, without writing.
    Count,
    /// Write the figures.
    Write { checkpoint: bool },
    /// Lose everything that is only in memory.
    Crash,
    /// Stop in good order.
    Stop { checkpoint: bool },
    /// End the process and start another.
    Restart,
    /// Let go of the order of arrival as far as no checkpoint needs it.
    Cut,
    /// Lose the checkpoint, and what is in memory.
    LoseCheckpoint,
    /// Delete clicks more than these tens of minutes older than the newest, as far as they may go.
    Expire { tens_of_minutes: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(seed(), 1..30).prop_map(Step::Clicks),
        3 => Just(Step::Count),
        3 => any::<bool>().prop_map(|checkpoint| Step::Write { checkpoint }),
        2 => Just(Step::Crash),
        1 => any::<bool>().prop_map(|checkpoint| Step::Stop { checkpoint }),
        1 => Just(Step::Restart),
        1 => Just(Step::Cut),
    ]
}

/// Of one where everything can be counted again.
fn step_with_loss() -> impl Strategy<Value = Step> {
    prop_oneof![9 => step(), 1 => Just(Step::LoseCheckpoint)]
}

/// Hundreds of databases: in memory where there is such a place, or most of the time is spent waiting for the disk.
fn in_memory_directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Of one that lets clicks expire, too.
fn step_with_expiry() -> impl Strategy<Value = Step> {
    prop_oneof![4 => step(), 1 => (0..50_u8).prop_map(|tens_of_minutes| Step::Expire { tens_of_minutes })]
}

struct Bench {
    directory: TempDir,
    storage: Storage,
    aggregation: Aggregation,
    settings: AggregateSettings,
    /// Since the newest checkpoint something was taken away that a start may need, which counts everything anew then.
    robbed: bool,
}

impl Bench {
    fn new(settings: AggregateSettings) -> Self {
        let directory = in_memory_directory();
        let storage = Storage::open(directory.path(), StorageOptions::default()).unwrap();
        Self { directory, storage, aggregation: Aggregation::new(settings), settings, robbed: false }
    }

    fn store(&self, seeds: &[Seed]) {
        let mut clicks = ClickBatch::default();
        for seed in seeds {
            // Every third id is no UUID, so that both kinds meet.
            let click_id = match seed.id % 3 {
                0 => format!("click {}", seed.id),
                _ => uuid::Uuid::from_u128(u128::from(seed.id) << 100).to_string(),
            };
            clicks.push(&Click {
                click_id: &click_id,
                user_id: &format!("user {}", seed.user),
                timestamp: seed.time(),
                url: &format!("/{}", seed.url),
                country: ["FR", "DE", "unknown"][usize::from(seed.country)],
                city: "unknown",
                browser: "unknown",
                os: "unknown",
                device: "unknown",
            });
        }
        self.storage.store(&IngestBatch { clicks, ..IngestBatch::default() }).unwrap();
    }

    fn count(&mut self) {
        let mut clicks = Vec::new();
        let reader = self.storage.reader().unwrap();
        loop {
            self.storage.clicks_after(&reader, self.aggregation.cursor, usize::MAX >> 1, &mut clicks).unwrap();
            if clicks.is_empty() {
                return;
            }
            for click in clicks.drain(..) {
                self.aggregation.apply(click, |click| reader.last_key_before(click)).unwrap();
            }
        }
    }

    fn write(&mut self, checkpoint: bool) {
        persistence::save(&self.storage, &mut self.aggregation, checkpoint).unwrap();
        self.robbed &= !checkpoint;
    }

    fn reload(&mut self) {
        let mut reader = self.storage.reader().unwrap();
        self.aggregation =
            persistence::load(&self.storage, &mut reader, self.settings, &mut |_| true).unwrap().unwrap();
    }

    fn restart(&mut self) {
        // A directory is open once at a time.
        let elsewhere = in_memory_directory();
        self.storage = Storage::open(elsewhere.path(), StorageOptions::default()).unwrap();
        self.storage = Storage::open(self.directory.path(), StorageOptions::default()).unwrap();
        self.reload();
    }

    fn execute(&self, statement: &str) {
        self.sql().execute(statement, []).unwrap();
    }

    fn figures(&self) -> Vec<(String, String, u64, u64, Option<f64>)> {
        let rows = self.storage.reader().unwrap().top(None, SortBy::Clicks, None).unwrap();
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|page| (page.url, page.country, page.clicks, page.unique_users, page.avg_time_spent))
            .collect();
        rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        rows
    }

    /// As another program would look at the database.
    fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.storage.path()).unwrap()
    }

    /// All that decides what becomes of the next clicks.
    fn state(&self) -> String {
        let Aggregation { cursor, recent, page_users, .. } = &self.aggregation;
        let mut keys: Vec<_> = recent.keys().collect();
        keys.sort_unstable();
        let timelines: Vec<_> = recent
            .timelines()
            .map(|(user, timeline)| (user, timeline.is_cut(), timeline.iter().collect::<Vec<_>>()))
            .collect();
        format!("{cursor} {} {} {} {keys:?} {timelines:?}", page_users.len(), recent.len(), recent.evict_at())
    }

    fn batch_query(&self) -> Vec<(String, String, u64, u64, Option<f64>)> {
        let connection = self.sql();
        let mut query = connection.prepare(BATCH_QUERY).unwrap();
        let rows = query.query_map([self.settings.session_timeout_ms], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        });
        let mut rows: Vec<(String, String, u64, u64, Option<f64>)> = rows.unwrap().collect::<Result<_, _>>().unwrap();
        rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        rows
    }

    fn assert_exact(&self) {
        let (ours, batch) = (self.figures(), self.batch_query());
        assert_eq!(ours.len(), batch.len());
        for (ours, batch) in ours.iter().zip(&batch) {
            assert_eq!((&ours.0, &ours.1, ours.2, ours.3), (&batch.0, &batch.1, batch.2, batch.3));
            match (ours.4, batch.4) {
                (Some(ours), Some(batch)) => assert!((ours - batch).abs() < 1e-6, "{ours} is not {batch}"),
                (ours, batch) => assert_eq!(ours, batch),
            }
        }
    }

    /// Goes through `steps`, and counts and writes what is left.
    fn go_through(&mut self, steps: Vec<Step>) {
        for step in steps {
            self.go(step);
        }
        self.count();
        self.write(false);
    }

    fn go(&mut self, step: Step) {
        match step {
            Step::Clicks(seeds) => self.store(&seeds),
            Step::Count => self.count(),
            Step::Write { checkpoint } => self.write(checkpoint),
            Step::Crash => self.reload(),
            Step::Restart => self.restart(),
            Step::Cut => {
                self.robbed = true;
                self.execute(
                    "DELETE FROM arrivals WHERE last <= (SELECT MAX(checkpoint_cursor) FROM aggregate_state)
                          AND last < (SELECT MAX(last) FROM arrivals)",
                );
            }
            Step::LoseCheckpoint => {
                self.robbed = true;
                self.execute("DELETE FROM checkpoint");
                self.reload();
            }
            Step::Expire { tens_of_minutes } => {
                let now = Timestamp::from_millis(40 * 600_000);
                self.storage.advance_expiry(i64::from(tens_of_minutes) * 600_000, now).unwrap();
                let mut from = Some(Timestamp::from_millis(i64::MIN));
                while let Some(begin) = from {
                    from = self.storage.delete_expired(begin, 7).unwrap().next;
                }
            }
            Step::Stop { checkpoint } => {
                self.write(checkpoint);
                let state = self.state();
                self.reload();
                // Of figures with late clicks and no checkpoint it is not known by what rules they were kept.
                if checkpoint || self.aggregation.late == 0 && !self.robbed {
                    assert_eq!(self.state(), state);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn figures_equal_the_batch_query_in_any_order_with_duplicates_and_restarts(
        steps in prop::collection::vec(step_with_loss(), 1..25),
    ) {
        let mut bench = Bench::new(SETTINGS);
        bench.go_through(steps);
        prop_assert_eq!(bench.aggregation.late, 0);
        bench.assert_exact();
    }

    #[test]
    fn with_a_small_horizon_only_late_clicks_cost_exactness_and_a_rebuild_restores_it(
        steps in prop::collection::vec(step(), 1..25),
        budget in 1..40_u64,
    ) {
        let mut bench = Bench::new(AggregateSettings { recent_clicks: budget, ..SETTINGS });
        bench.go_through(steps);
        if bench.aggregation.late == 0 {
            bench.assert_exact();
        }
        // Clicks and users are exact even then, and every known time spent is a real gap: never negative.
        for (ours, batch) in bench.figures().iter().zip(bench.batch_query()) {
            prop_assert_eq!((ours.2, ours.3), (batch.2, batch.3));
            prop_assert!(ours.4.is_none_or(|average| average >= 0.0));
        }
        super::rebuild(&bench.storage, bench.settings, |_| {}).unwrap();
        bench.assert_exact();
        bench.reload();
        bench.store(&[Seed { id: 9999, user: 1, tens_of_minutes: 100, millis: 0, url: 1, country: 1 }]);
        bench.count();
        bench.write(false);
        bench.assert_exact();
    }

    /// What is refused for its age is told by the store, and is not sent to the twin; the rest is.
    #[test]
    fn figures_count_deleted_clicks_as_a_store_that_keeps_them_does(
        steps in prop::collection::vec(step_with_expiry(), 1..25),
    ) {
        let mut bench = Bench::new(SETTINGS);
        let twin = Bench::new(SETTINGS);
        for step in steps {
            if let Step::Clicks(seeds) = &step {
                let boundary = bench.storage.reader().unwrap().expiry().unwrap().before;
                let taken: Vec<Seed> = seeds.iter()
                    .filter(|seed| boundary.is_none_or(|boundary| seed.time() >= boundary)).cloned().collect();
                twin.store(&taken);
            }
            bench.go(step);
        }
        bench.count();
        bench.write(true);
        let wanted = twin.batch_query();
        prop_assert_eq!(bench.figures().len(), wanted.len());
        for (ours, batch) in bench.figures().iter().zip(&wanted) {
            prop_assert_eq!((&ours.0, &ours.1, ours.2, ours.3), (&batch.0, &batch.1, batch.2, batch.3));
            prop_assert!(ours.4.zip(batch.4).map_or(ours.4 == batch.4, |(ours, batch)| (ours - batch).abs() < 1e-6));
        }
        // What is gone cannot be counted again, unless it is given up.
        if bench.storage.reader().unwrap().expiry().unwrap().deleted > 0 {
            super::rebuild(&bench.storage, bench.settings, |_| {}).unwrap_err();
            bench.storage.discard_figures().unwrap();
        }
        super::rebuild(&bench.storage, bench.settings, |_| {}).unwrap();
        bench.assert_exact();
    }

    #[test]
    fn a_changed_session_timeout_or_horizon_takes_effect_at_the_next_start(
        before in prop::collection::vec(seed(), 1..60),
        after in prop::collection::vec(seed(), 1..60),
        checkpoint in any::<bool>(),
    ) {
        let mut bench = Bench::new(SETTINGS);
        bench.store(&before);
        bench.count();
        bench.write(checkpoint);
        bench.settings = AggregateSettings { session_timeout_ms: 600_000, recent_clicks: 1_000 };
        bench.reload();
        bench.assert_exact();
        bench.store(&after);
        bench.count();
        bench.write(false);
        bench.assert_exact();
    }
}

#[test]
fn versions_grow_even_after_the_database_is_deleted() {
    let mut bench = Bench::new(SETTINGS);
    let seed = Seed { id: 1, user: 1, tens_of_minutes: 0, millis: 0, url: 1, country: 1 };
    bench.store(std::slice::from_ref(&seed));
    bench.count();
    bench.write(false);
    let version =
        |bench: &Bench| bench.storage.reader().unwrap().top(None, SortBy::Clicks, None).unwrap()[0].at.version;
    let first = version(&bench);
    bench.store(&[Seed { id: 2, ..seed.clone() }]);
    bench.count();
    bench.write(false);
    let second = version(&bench);
    assert!(second > first);
    std::thread::sleep(std::time::Duration::from_millis(2));
    let mut fresh = Bench::new(SETTINGS);
    fresh.store(&[seed]);
    fresh.count();
    fresh.write(false);
    assert!(version(&fresh) > second, "a new database continues after the old one's versions");
}

#[test]
fn a_changed_timeout_or_a_lost_checkpoint_does_not_lose_figures_of_deleted_clicks() {
    let mut bench = Bench::new(SETTINGS);
    let seed = |id, tens_of_minutes| Seed { id, user: 1, tens_of_minutes, millis: 0, url: 1, country: 1 };
    bench.store(&[seed(1, 0), seed(2, 30), seed(3, 40)]);
    bench.count();
    bench.write(true);
    bench.go(Step::Expire { tens_of_minutes: 5 });
    let figures = bench.figures();
    let fails = |bench: &Bench, settings| {
        let mut reader = bench.storage.reader().unwrap();
        persistence::load(&bench.storage, &mut reader, settings, &mut |_| true).unwrap_err().to_string()
    };
    assert_eq!(
        fails(&bench, AggregateSettings { session_timeout_ms: 600_000, ..SETTINGS }),
        "aggregate.session_timeout was 1800 s and is 600 s, and 2 clicks that the figures count were deleted for their age \
         (store.retention); `clicktop rebuild --kept-clicks` counts the stored clicks only and gives up the figures of deleted ones"
    );
    bench.reload();
    assert_eq!(bench.figures(), figures);
    bench.execute("DELETE FROM checkpoint");
    assert!(fails(&bench, SETTINGS).starts_with("the checkpoint cannot be used, and 2 clicks"));
    assert_eq!(bench.figures(), figures);
}

#[test]
fn only_writes_with_a_checkpoint_are_counted_as_checkpoints() {
    let mut bench = Bench::new(SETTINGS);
    bench.write(false);
    assert_eq!(bench.storage.progress().checkpoints(), 0);
    bench.write(true);
    bench.write(false);
    assert_eq!(bench.storage.progress().checkpoints(), 1);
}

#[test]
fn without_the_log_of_arrivals_figures_are_recomputed_unless_clicks_were_deleted() {
    let mut bench = Bench::new(SETTINGS);
    let seed = |id, tens_of_minutes| Seed { id, user: 1, tens_of_minutes, millis: 0, url: 1, country: 1 };
    bench.store(&[seed(1, 0), seed(2, 1)]);
    bench.count();
    bench.write(true);
    bench.store(&[seed(3, 2), seed(4, 3)]);
    bench.store(&[seed(5, 4)]);
    bench.count();
    bench.write(false);
    bench.execute("DELETE FROM arrivals WHERE last < 5");
    // Memory reaches further back than the file, and does not come with a restart.
    bench.reload();
    bench.assert_exact();
    assert_eq!(bench.aggregation.cursor, 5);

    // A checkpoint was written with that: now it is the clicks before the figures' cursor that are gone.
    bench.go(Step::Restart);
    bench.assert_exact();
    bench.store(&[seed(6, 30)]);
    bench.store(&[seed(7, 31)]);
    bench.count();
    bench.write(false);
    bench.go(Step::Expire { tens_of_minutes: 5 });
    bench.execute("DELETE FROM arrivals WHERE last < 7");
    let figures = bench.figures();
    let reader = &mut bench.storage.reader().unwrap();
    let error = persistence::load(&bench.storage, reader, SETTINGS, &mut |_| true).unwrap_err();
    assert!(matches!(error, StorageError::CountsDeleted { deleted: 5, .. }), "{error}");
    assert!(error.to_string().starts_with("the log of arrivals no longer holds click 6, and 5 clicks"), "{error}");
    assert_eq!(bench.figures(), figures);
    bench.storage.discard_figures().unwrap();
    bench.go(Step::Restart);
    bench.assert_exact();
    assert_eq!(bench.figures()[0].2, 2);
}
