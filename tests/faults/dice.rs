//! Seeded chance, and the count of what was tried.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// How often each fault is tried.
pub fn rounds() -> u32 {
    number("CLICKTOP_FAULT_ROUNDS").and_then(|rounds| u32::try_from(rounds).ok()).unwrap_or(1)
}

/// A number in the environment.
pub fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Chance of one test. Prints its tally when it is dropped.
pub struct Dice {
    test: &'static str,
    pub seed: u64,
    random: Xoshiro256PlusPlus,
    tally: BTreeMap<String, (u32, u32)>,
}

impl Dice {
    pub fn new(test: &'static str) -> Self {
        let seed = number("CLICKTOP_FAULT_SEED").unwrap_or(1);
        println!("{test}: drawn with CLICKTOP_FAULT_SEED={seed}");
        // Each test draws its own: otherwise all would fall in step.
        let own = test.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self { test, seed: own, random: Xoshiro256PlusPlus::seed_from_u64(own), tally: BTreeMap::new() }
    }

    pub fn between(&mut self, range: Range<u64>) -> u64 {
        self.random.random_range(range)
    }

    /// A time in milliseconds.
    pub fn time(&mut self, milliseconds: Range<u64>) -> Duration {
        Duration::from_millis(self.between(milliseconds))
    }

    /// Lets a random time pass.
    pub fn pass(&mut self, milliseconds: Range<u64>) -> Duration {
        let time = self.time(milliseconds);
        std::thread::sleep(time);
        time
    }

    pub fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        items.shuffle(&mut self.random);
        items
    }

    /// A fault is about to be caused.
    pub fn tried(&mut self, fault: &str) {
        self.tally.entry(fault.to_owned()).or_default().0 += 1;
    }

    /// The program works on after it.
    pub fn survived(&mut self, fault: &str) {
        self.tally.entry(fault.to_owned()).or_default().1 += 1;
    }
}

impl Drop for Dice {
    fn drop(&mut self) {
        for (fault, (tried, survived)) in &self.tally {
            println!("tally: {}: {fault}: tried {tried}, survived {survived}", self.test);
        }
    }
}
