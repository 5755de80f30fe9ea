//! The visitors: who is on the site, and who clicks next.
//!
//! The number of open sessions is constant. After each click a session pauses for a think time; the session with the
//! earliest next click clicks next. When a session ends, another visitor starts one. The times in this file only
//! order the clicks. The event clock sets the time of a click; it runs at the same speed as long as there are enough
//! users (see [`Visitors::new`]).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashSet;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rand_distr::weighted::WeightedAliasIndex;
use rand_distr::{Distribution, Exp, LogNormal};

use super::agents::AGENTS;
use super::clock::{MOST_ACTIVE, local_activity};
use super::places::COUNTRIES;
use crate::source::error::DemoError;

/// Mean think time in seconds: the mean of the log-normal below after clipping.
const MEAN_THINK: f64 = 34.0;
/// Log-normal with mean exp(3.06 + 1/2) = 35 s, median 21 s.
const THINK_MU: f64 = 3.06;
const THINK_SIGMA: f64 = 1.0;
/// Nobody clicks faster, and whoever thinks longer than 20 minutes has left.
const THINK_SECONDS: (f64, f64) = (1.0, 1200.0);

/// Clicks of a session beyond the first, on average, and at most.
const MORE_CLICKS: f64 = 5.0;
const MOST_CLICKS: f64 = 80.0;

/// Memory's bound, about 40 bytes each.
const MOST_SESSIONS: f64 = 500_000.0;

/// How often to look for a visitor who is awake and not here yet, before taking the next best.
const TRIES: u32 = 8;

/// One user has a second device this often.
const SECOND_DEVICE: f64 = 0.25;

/// A visitor's click, by index into the tables of places and agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// Number of the user, below the number of users.
    pub(crate) user: u64,
    /// Index into [`Places::list`].
    pub(crate) place: u32,
    /// Index into [`AGENTS`].
    pub(crate) agent: u32,
}

/// When a session clicks next: milliseconds of the order described above, and the session's number in the lowest bits. A heap of
/// single words is sifted fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due(u64);

impl Due {
    /// Enough for [`MOST_SESSIONS`]; what is left holds five hundred years.
    const SLOT_BITS: u32 = 20;

    fn new(at: u64, slot: u32) -> Self {
        Self(at << Self::SLOT_BITS | u64::from(slot))
    }

    fn slot(self) -> usize {
        (self.0 & ((1 << Self::SLOT_BITS) - 1)) as usize
    }

    fn later(self, by: u64) -> Self {
        Self(self.0.saturating_add(by << Self::SLOT_BITS))
    }
}

#[derive(Clone, Copy, Debug)]
struct Session {
    visit: Visit,
    clicks_left: u32,
}

/// Country and city pairs with their shares.
#[derive(Debug)]
pub(crate) struct Places {
    /// Country and city, and the country's offset from UTC in hours.
    pub(crate) list: Vec<(&'static str, &'static str, i8)>,
    draw: WeightedAliasIndex<f64>,
}

impl Places {
    fn new() -> Result<Self, DemoError> {
        let mut list = Vec::new();
        let mut weights = Vec::new();
        for country in COUNTRIES {
            let sum: f64 = (1..=country.cities.len()).map(|rank| 1.0 / rank as f64).sum();
            for (rank, city) in (1u32..).zip(country.cities) {
                list.push((country.code, *city, country.utc_offset));
                weights.push(f64::from(country.weight) / f64::from(rank) / sum);
            }
        }
        Ok(Self { list, draw: WeightedAliasIndex::new(weights).map_err(unexpected)? })
    }
}

/// Everyone on the site.
#[derive(Debug)]
pub(crate) struct Visitors {
    users: u64,
    seed: u64,
    day_curve: bool,
    pub(crate) places: Places,
    agents: WeightedAliasIndex<f64>,
    think: LogNormal<f64>,
    more_clicks: Exp<f64>,
    sessions: Vec<Session>,
    /// Next click of each session.
    due: BinaryHeap<Reverse<Due>>,
    here: HashSet<u64>,
}

impl Visitors {
    /// As many sessions as it takes for `rate` clicks a second, but at most half of `users`: with fewer users than that,
    /// the same people click faster. `users` is above 0.
    pub(crate) fn new(
        users: u64,
        rate: f64,
        seed: u64,
        day_curve: bool,
        start: i64,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Self, DemoError> {
        let most = (users / 2).max(1) as f64;
        let open = (rate * MEAN_THINK).min(most).clamp(1.0, MOST_SESSIONS) as u32;
        let mut visitors = Self {
            users,
            seed,
            day_curve,
            places: Places::new()?,
            agents: WeightedAliasIndex::new(AGENTS.iter().map(|agent| f64::from(agent.weight)).collect())
                .map_err(unexpected)?,
            think: LogNormal::new(THINK_MU, THINK_SIGMA).map_err(unexpected)?,
            more_clicks: Exp::new(1.0 / MORE_CLICKS).map_err(unexpected)?,
            sessions: Vec::with_capacity(open as usize),
            due: BinaryHeap::with_capacity(open as usize),
            here: HashSet::with_capacity(open as usize),
        };
        for slot in 0..open {
            let session = visitors.arrival(start, rng);
            visitors.sessions.push(session);
            // Spread, so that the first seconds look like any others.
            let due = (rng.random::<f64>() * MEAN_THINK * 1000.0) as u64;
            visitors.due.push(Reverse(Due::new(due, slot)));
        }
        Ok(visitors)
    }

    /// Who clicks next; `now` is the event time, for who is awake.
    pub(crate) fn next(&mut self, now: i64, rng: &mut Xoshiro256PlusPlus) -> Option<Visit> {
        let Reverse(due) = *self.due.peek()?;
        let session = self.sessions.get_mut(due.slot())?;
        let visit = session.visit;
        session.clicks_left = session.clicks_left.saturating_sub(1);
        if session.clicks_left == 0 {
            let next = self.arrival(now, rng);
            self.here.remove(&visit.user);
            if let Some(session) = self.sessions.get_mut(due.slot()) {
                *session = next;
            }
        }
        let think = self.think.sample(rng).clamp(THINK_SECONDS.0, THINK_SECONDS.1);
        if let Some(mut first) = self.due.peek_mut() {
            *first = Reverse(due.later((think * 1000.0) as u64));
        }
        Some(visit)
    }

    /// Someone who is not here yet, with the home and the device that are always theirs.
    fn arrival(&mut self, now: i64, rng: &mut Xoshiro256PlusPlus) -> Session {
        let mut user = 0;
        let mut place = 0;
        let mut habits = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        for attempt in 1..=TRIES {
            // Some come more often than others: the mean of the draw is at 2/5 of the users.
            let share = rng.random::<f64>().powf(1.5);
            user = ((share * self.users as f64) as u64).min(self.users - 1);
            habits = Xoshiro256PlusPlus::seed_from_u64(self.seed ^ user.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            place = self.places.draw.sample(&mut habits);
            if attempt == TRIES {
                break;
            }
            if self.here.contains(&user) {
                continue;
            }
            let offset = self.places.list.get(place).map_or(0, |(_, _, offset)| *offset);
            if !self.day_curve || rng.random::<f64>() * MOST_ACTIVE < local_activity(now, offset) {
                break;
            }
        }
        if !self.here.insert(user) && self.users > 1 {
            // At most half of the users are here, so this ends soon.
            while !self.here.insert(user) {
                user = (user + 1) % self.users;
            }
            habits = Xoshiro256PlusPlus::seed_from_u64(self.seed ^ user.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            place = self.places.draw.sample(&mut habits);
        }
        let (first, second) = (self.agents.sample(&mut habits), self.agents.sample(&mut habits));
        let agent = if rng.random_bool(SECOND_DEVICE) { second } else { first };
        let clicks = 1.0 + self.more_clicks.sample(rng).min(MOST_CLICKS).round();
        Session {
            visit: Visit {
                user,
                place: u32::try_from(place).unwrap_or_default(),
                agent: u32::try_from(agent).unwrap_or_default(),
            },
            clicks_left: clicks as u32,
        }
    }
}

/// The tables are constants that no input reaches; should one be wrong, the words are here.
fn unexpected(error: impl std::fmt::Display) -> DemoError {
    DemoError::Option(format!("the generator's tables are wrong: {error}; please report this"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitors(users: u64, rate: f64) -> (Visitors, Xoshiro256PlusPlus) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let visitors = Visitors::new(users, rate, 1, false, 0, &mut rng).expect("visitors");
        (visitors, rng)
    }

    #[test]
    fn nobody_is_here_twice_even_with_few_users() {
        for users in [2, 3, 10, 1000] {
            let (mut visitors, mut rng) = visitors(users, 1e6);
            for _ in 0..20_000 {
                visitors.next(0, &mut rng).expect("a visit");
                let here: HashSet<u64> = visitors.sessions.iter().map(|session| session.visit.user).collect();
                assert_eq!(here.len(), visitors.sessions.len());
                if users > 100 {
                    break;
                }
            }
            assert_eq!(visitors.here.len(), visitors.sessions.len());
        }
    }

    #[test]
    fn a_single_user_can_click_alone() {
        let (mut visitors, mut rng) = visitors(1, 100.0);
        assert!((0..1000).all(|_| visitors.next(0, &mut rng).is_some_and(|visit| visit.user == 0)));
    }

    #[test]
    fn the_mean_think_time_is_what_the_number_of_sessions_assumes() {
        let (visitors, mut rng) = visitors(10, 1.0);
        let sum: f64 =
            (0..200_000).map(|_| visitors.think.sample(&mut rng).clamp(THINK_SECONDS.0, THINK_SECONDS.1)).sum();
        let mean = sum / 200_000.0;
        assert!((mean - MEAN_THINK).abs() < 1.5, "{mean}");
    }
}
