//! Visits made from a seed: the same clicks for every form.

use clicktop::click::Timestamp;
use rand::RngExt;

use super::clicks::{OwnedClick, random};

/// Users meet their next page this much later: on both sides of the session timeout.
const GAPS: [std::ops::Range<i64>; 3] = [1..60, 60..1_700, 1_700..1_900];

const PATHS: [&str; 10] = [
    "/",
    "/cart",
    "/checkout",
    "/list,all",
    "/say/\"hi\"",
    "/search?q=caf%C3%A9&sort=price,desc",
    "/p/5?ref=mail;campaign",
    "/a%20b",
    "/back\\slash",
    "/it's",
];
/// Code and name.
pub const COUNTRIES: [(&str, &str); 6] = [
    ("US", "United States"),
    ("DE", "Germany"),
    ("FR", "France"),
    ("BR", "Brazil"),
    ("JP", "Japan"),
    ("SG", "Singapore"),
];
const CITIES: [&str; 6] = ["New York", "Köln", "Saint-Étienne", "São Paulo", "東京", "Jurong East"];
const AGENTS: [(&str, &str, &str, &str); 3] = [
    ("Firefox", "Linux", "desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (
        "Chrome",
        "Windows",
        "desktop",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    ),
    (
        "Safari",
        "iOS",
        "mobile",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    ),
];

/// One page that a user has visited.
#[derive(Clone, Debug)]
pub struct Visit {
    pub id: String,
    pub user: String,
    /// In seconds since 1970: some forms have no fractions.
    pub at: i64,
    /// Path and query.
    pub path: String,
    pub product: u32,
    pub country: (&'static str, &'static str),
    pub city: &'static str,
    pub browser: &'static str,
    pub os: &'static str,
    pub device: &'static str,
    pub ip: String,
    pub agent: &'static str,
}

impl Visit {
    pub fn time(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.at).expect("a time")
    }

    /// Its time in the UTC form of `pattern`.
    pub fn formatted(&self, pattern: &str) -> String {
        self.time().strftime(pattern).to_string()
    }

    /// The click that it must become, under this url and country.
    pub fn click(&self, url: String, country: &str) -> OwnedClick {
        OwnedClick {
            click_id: self.id.clone(),
            user_id: self.user.clone(),
            timestamp: Timestamp::from_millis(self.at * 1000),
            url,
            country: country.to_owned(),
        }
    }

    /// Path and query apart.
    pub fn split(&self) -> (&str, &str) {
        self.path.split_once('?').unwrap_or((&self.path, ""))
    }
}

/// How many visits a test takes: those of `CLICKTOP_TEST_FORM_VISITS`, else `usual`.
pub fn count(usual: usize) -> usize {
    std::env::var("CLICKTOP_TEST_FORM_VISITS").ok().map_or(usual, |count| count.parse().expect("a number of visits"))
}

/// `count` visits in the order of their times. No user has two of them in one second, so their order is certain in every form.
pub fn made(seed: u64, count: usize) -> Vec<Visit> {
    const START: i64 = 1_769_800_000;
    let mut random = random(seed);
    let users = count.div_ceil(20);
    let mut next: Vec<i64> = (0..users).map(|_| START + random.random_range(0..86_400)).collect();
    let mut visits: Vec<Visit> = (0..count)
        .map(|_| {
            let user = random.random_range(0..users);
            let at = next[user];
            let gaps = GAPS[random.random_range(0..GAPS.len())].clone();
            next[user] += random.random_range(gaps);
            let place = user % COUNTRIES.len();
            let (browser, os, device, agent) = AGENTS[user % AGENTS.len()];
            let product = random.random_range(1_000..1_200);
            let path = match random.random_range(0..20) {
                known if known < PATHS.len() => PATHS[known].to_owned(),
                _ => format!("/product/{product}"),
            };
            Visit {
                id: uuid::Builder::from_random_bytes(random.random()).into_uuid().to_string(),
                user: format!("user-{user}"),
                at,
                path,
                product,
                country: COUNTRIES[place],
                city: CITIES[place],
                browser,
                os,
                device,
                ip: format!("198.51.{}.{}", user / 250 % 250, user % 250),
                agent,
            }
        })
        .collect();
    visits.sort_by_key(|visit| visit.at);
    visits
}
