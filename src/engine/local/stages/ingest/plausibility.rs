//! Checks whether the first clicks make sense. A topic has no header that names the fields: if a producer swaps two
//! of them, every click is well formed and every figure is wrong.

use std::collections::HashSet;

use crate::click::{Click, FIELD_NAMES, Timestamp, UNKNOWN};
use crate::text::{excerpt, grouped};
use crate::world;

/// Clicks looked at.
pub const SAMPLE: usize = 1_000;

/// Fewer than this say nothing.
pub const LEAST: usize = 200;

/// Fewer than this that name a country say nothing of countries.
const LEAST_WITH_COUNTRY: usize = 100;

/// From this share of the clicks on it is no accident, in percent.
const MOST: usize = 90;

/// The share of clicks with a url of their own that no site has, in percent: some clicks may have been sent twice.
const OWN_URLS: usize = 99;

/// Before the web had clicks to speak of: 1995-01-01.
const FIRST_CLICKS: Timestamp = Timestamp::from_millis(788_918_400_000);

/// How far a clock may be ahead of ours, in milliseconds.
const AHEAD: i64 = 24 * 60 * 60 * 1000;

/// What stands in a field where the country is not known: no wrong country.
const NO_COUNTRY: [&str; 17] = [
    UNKNOWN,
    "-",
    "--",
    "?",
    "n/a",
    "null",
    "none",
    "nil",
    "undefined",
    "other",
    "(not set)",
    "zz",
    "xx",
    "t1",
    "a1",
    "a2",
    "ap",
];

/// Characters of an example.
const EXAMPLE: usize = 40;

/// Something that is hardly so on any site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Stable: one word for it.
    pub kind: &'static str,
    /// In one line that is safe to print.
    pub text: String,
}

/// The first clicks of a topic.
#[derive(Debug)]
pub struct Sample {
    now: Timestamp,
    clicks: usize,
    old: Example,
    ahead: Example,
    with_country: usize,
    no_country: Example,
    urls: HashSet<Box<str>>,
    url: String,
    users: HashSet<Box<str>>,
}

#[derive(Debug, Default)]
struct Example {
    count: usize,
    first: String,
}

impl Example {
    fn add(&mut self, text: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = text();
        }
        self.count += 1;
    }
}

impl Sample {
    /// An empty one; `now` is the time that clicks are held against.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            clicks: 0,
            old: Example::default(),
            ahead: Example::default(),
            with_country: 0,
            no_country: Example::default(),
            urls: HashSet::new(),
            url: String::new(),
            users: HashSet::new(),
        }
    }

    /// Whether it takes no more.
    pub fn is_full(&self) -> bool {
        self.clicks >= SAMPLE
    }

    /// Whether it has enough clicks to say something.
    pub fn is_meaningful(&self) -> bool {
        self.clicks >= LEAST
    }

    /// Takes a click, unless it is full.
    pub fn add(&mut self, click: &Click<'_>) {
        if self.is_full() {
            return;
        }
        self.clicks += 1;
        let time = click.timestamp;
        if time < FIRST_CLICKS {
            self.old.add(|| time.to_string());
        } else if time.as_millis().saturating_sub(self.now.as_millis()) > AHEAD {
            self.ahead.add(|| time.to_string());
        }
        if !NO_COUNTRY.iter().any(|no| click.country.eq_ignore_ascii_case(no)) {
            self.with_country += 1;
            if world::locate(click.country).is_none() {
                self.no_country.add(|| excerpt(click.country, EXAMPLE).into_owned());
            }
        }
        // What follows the path may be of a visitor, or of a click, on an honest site.
        let page = click.url.split_once(['?', '#']).map_or(click.url, |(page, _)| page);
        self.urls.insert(page.into());
        self.users.insert(click.user_id.into());
        if self.clicks == 1 {
            self.url = excerpt(click.url, EXAMPLE).into_owned();
        }
    }

    /// What is odd about the clicks.
    pub fn oddities(&self) -> Vec<Oddity> {
        let mut oddities = Vec::new();
        if !self.is_meaningful() {
            return oddities;
        }
        let all = grouped(self.clicks);
        let mut say = |kind, what: String| {
            let order = FIELD_NAMES.join(",");
            let text = format!("{what}: is another field in its place? A CSV message holds {order}, in this order");
            oddities.push(Oddity { kind, text });
        };
        let Example { count, first } = &self.old;
        if is_share(*count, MOST, self.clicks) {
            say(
                "old times",
                format!("{} of the first {all} clicks are older than 1995, like {first}", grouped(*count)),
            );
        }
        let Example { count, first } = &self.ahead;
        if is_share(*count, MOST, self.clicks) {
            say(
                "times ahead",
                format!("{} of the first {all} clicks are more than a day ahead, like {first}", grouped(*count)),
            );
        }
        if self.is_full() && is_share(self.urls.len(), OWN_URLS, self.clicks) {
            say(
                "own urls",
                format!("the first {all} clicks have {} urls, like “{}”", grouped(self.urls.len()), self.url),
            );
        }
        if let [user] = self.users.iter().collect::<Vec<_>>()[..] {
            say("one user", format!("the first {all} clicks are of one user, “{}”", excerpt(user, EXAMPLE)));
        }
        let Example { count, first } = &self.no_country;
        if self.with_country >= LEAST_WITH_COUNTRY && is_share(*count, MOST, self.with_country) {
            let (count, of) = (grouped(*count), grouped(self.with_country));
            say("countries", format!("{count} of the first {of} countries are none that is known, like “{first}”"));
        }
        oddities
    }
}

/// Whether `part` is at least so many `percent` of `all`.
fn is_share(part: usize, percent: usize, all: usize) -> bool {
    part * 100 >= all * percent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Decoder;
    use crate::source::traffic::{Generator, GeneratorOptions};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn kinds(lines: impl Iterator<Item = String>) -> Vec<&'static str> {
        let mut sample = Sample::new(NOW);
        let mut decoder = Decoder::default();
        for line in lines {
            sample.add(&decoder.decode(line.as_bytes()).unwrap());
        }
        sample.oddities().iter().map(|oddity| oddity.kind).collect()
    }

    /// `count` ordinary clicks, changed by `change`: user, time, url, country, city.
    fn clicks(count: usize, change: impl Fn(usize, &mut [String; 5])) -> Vec<&'static str> {
        kinds((0..count).map(|at| {
            let mut fields = [
                format!("u{}", at % 50),
                "2026-01-31T09:30:00Z".to_owned(),
                format!("/p{}", at % 30),
                ["FR", "DEU", "Japan"][at % 3].to_owned(),
                "Paris".to_owned(),
            ];
            change(at, &mut fields);
            format!("c{at},{},Firefox,Linux,desktop", fields.join(","))
        }))
    }

    #[test]
    fn fields_in_the_wrong_place_are_noticed() {
        assert_eq!(clicks(1_000, |_, _| {}), [""; 0]);
        assert_eq!(clicks(1_000, |at, click| click[1] = format!("1970-01-21T09:{:02}:00Z", at % 60)), ["old times"]);
        assert_eq!(clicks(300, |_, click| click[1] = "2099-01-01T00:00:00Z".into()), ["times ahead"]);
        assert_eq!(clicks(1_000, |at, click| click[2] = format!("session-{at}")), ["own urls"]);
        assert_eq!(clicks(1_000, |_, click| click[0] = "desktop".into()), ["one user"]);
        assert_eq!(clicks(1_000, |_, click| click.swap(3, 4)), ["countries"]);
        // User and url swapped on a site of one page; several at once.
        assert_eq!(
            clicks(1_000, |at, click| {
                click[0] = "/".into();
                click[2] = format!("u{at}");
            }),
            ["own urls", "one user"]
        );
    }

    #[test]
    fn what_occurs_on_an_honest_site_is_not_odd() {
        assert_eq!(clicks(LEAST - 1, |_, click| click[0] = "me".into()), [""; 0], "few clicks say nothing");
        assert_eq!(clicks(500, |at, click| click[2] = format!("/search?q={at}")), [""; 0], "too few for urls");
        assert_eq!(clicks(1_000, |at, click| click[2] = format!("/p?gclid={at}")), [""; 0], "a campaign");
        assert_eq!(clicks(1_000, |at, click| click[2] = format!("/#t={at}")), [""; 0], "a fragment");
        assert_eq!(clicks(1_000, |_, click| click[3].clear()), [""; 0], "no country at all");
        assert_eq!(clicks(1_000, |_, click| click[3] = "ZZ".into()), [""; 0], "no country, spelled out");
        let few =
            |at: usize, click: &mut [String; 5]| click[3] = if at < 50 { "Atlantis".into() } else { String::new() };
        assert_eq!(clicks(1_000, few), [""; 0], "few countries say nothing");
        let some = |at: usize, click: &mut [String; 5]| {
            if at % 10 < 8 {
                click[1] = "1970-01-01T00:00:00Z".into();
                click[3] = "Atlantis".into();
            }
        };
        assert_eq!(clicks(1_000, some), [""; 0], "a bad source among good ones is not all of the topic");
        assert_eq!(kinds(include_str!("../../../../../assets/sample-clicks.csv").lines().map(str::to_owned)), [""; 0]);
    }

    #[test]
    fn the_demos_traffic_is_not_odd() {
        for seed in 0..5 {
            let options = GeneratorOptions { seed, start: Some(NOW), ..GeneratorOptions::default() };
            let mut generator = Generator::new(options).unwrap();
            let mut sample = Sample::new(NOW);
            while !sample.is_full() {
                sample.add(&generator.next_click().unwrap());
            }
            assert_eq!(sample.oddities(), [], "seed {seed}");
        }
    }

    #[test]
    fn an_example_cannot_steer_a_terminal() {
        let mut sample = Sample::new(NOW);
        for _ in 0..LEAST {
            sample.add(&Click {
                click_id: "c",
                user_id: "\u{1b}[2Ju",
                timestamp: NOW,
                url: "/",
                country: "FR",
                city: "",
                browser: "",
                os: "",
                device: "",
            });
        }
        let oddities = sample.oddities();
        assert!(oddities.iter().all(|oddity| !oddity.text.contains(char::is_control)), "{oddities:?}");
        assert_eq!(oddities.len(), 1);
    }
}
