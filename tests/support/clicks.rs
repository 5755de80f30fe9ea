//! Clicks made from a seed.

use std::collections::BTreeSet;

use clicktop::click::{Click, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// A click that owns its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedClick {
    pub click_id: String,
    pub user_id: String,
    pub timestamp: Timestamp,
    pub url: String,
    pub country: String,
}

impl OwnedClick {
    pub fn as_click(&self) -> Click<'_> {
        Click {
            click_id: &self.click_id,
            user_id: &self.user_id,
            timestamp: self.timestamp,
            url: &self.url,
            country: &self.country,
            city: "Somewhere",
            browser: "Firefox",
            os: "Linux",
            device: "desktop",
        }
    }

    pub fn csv(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.as_click().write_csv(&mut out);
        out
    }

    pub fn json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.as_click().write_json(&mut out);
        out
    }

    pub fn nested_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.as_click().write_nested_json(&mut out);
        out
    }
}

pub fn random(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// `count` distinct clicks, roughly in the order of their times. They hold what the figures turn on: several clicks of a
/// user in one moment, gaps on both sides of the session timeout, urls with commas and quotes, ids that are UUIDs and
/// ids that are not, an unknown country.
pub fn made(seed: u64, count: usize) -> Vec<OwnedClick> {
    const START: i64 = 1_700_000_000_000;
    const URLS: [&str; 12] = [
        "/",
        "/cart",
        "/checkout",
        "/a,b",
        "/say/\"hi\"",
        "/search?q=café",
        "/日本語",
        "/p/1",
        "/p/2",
        "/p/3",
        "/p/4",
        "/p/5?ref=mail,campaign",
    ];
    const COUNTRIES: [&str; 6] = ["US", "DE", "FR", "BR", "JP", "unknown"];
    let mut random = random(seed);
    let mut ids = BTreeSet::new();
    let mut now = START;
    let mut clicks = Vec::with_capacity(count);
    while clicks.len() < count {
        // A small step as a rule, now and then a night.
        now +=
            if random.random_ratio(1, 500) { random.random_range(0..3_600_000) } else { random.random_range(0..900) };
        let bits: u128 = random.random();
        let click_id = if random.random_ratio(1, 4) {
            format!("click-{bits:x}")
        } else {
            uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
        };
        if !ids.insert(click_id.clone()) {
            continue;
        }
        let user = random.random_range(0..count.div_ceil(20).max(1));
        // Some arrive a little late, and some share their moment with others.
        let timestamp = now - if random.random_ratio(1, 10) { random.random_range(0..5_000) } else { 0 };
        clicks.push(OwnedClick {
            click_id,
            user_id: format!("user-{user}"),
            timestamp: Timestamp::from_millis(timestamp / 100 * 100),
            url: URLS[random.random_range(0..URLS.len())].to_owned(),
            country: COUNTRIES[user % COUNTRIES.len()].to_owned(),
        });
    }
    clicks
}

/// One line each.
pub fn lines(messages: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut text = Vec::new();
    for message in messages {
        text.extend_from_slice(&message);
        text.push(b'\n');
    }
    text
}
