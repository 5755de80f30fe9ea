//! Plausible combinations of browser, operating system and device, with rough shares of web traffic.

/// One combination that people really use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Browser name.
    pub browser: &'static str,
    /// Operating system.
    pub os: &'static str,
    /// Device class.
    pub device: &'static str,
    /// Share of traffic, per mille or so.
    pub weight: u32,
}

const fn agent(browser: &'static str, os: &'static str, device: &'static str, weight: u32) -> Agent {
    Agent { browser, os, device, weight }
}

/// Every combination the generator draws from.
pub const AGENTS: &[Agent] = &[
    agent("Chrome", "Android", "mobile", 330),
    agent("Safari", "iOS", "mobile", 170),
    agent("Chrome", "Windows", "desktop", 190),
    agent("Edge", "Windows", "desktop", 52),
    agent("Safari", "macOS", "desktop", 40),
    agent("Samsung Internet", "Android", "mobile", 38),
    agent("Chrome", "macOS", "desktop", 36),
    agent("Firefox", "Windows", "desktop", 26),
    agent("Chrome", "iOS", "mobile", 22),
    agent("Opera", "Android", "mobile", 16),
    agent("Safari", "iPadOS", "tablet", 15),
    agent("Opera", "Windows", "desktop", 13),
    agent("Chrome", "Linux", "desktop", 11),
    agent("Chrome", "ChromeOS", "desktop", 10),
    agent("Firefox", "Linux", "desktop", 9),
    agent("Chrome", "Android", "tablet", 9),
    agent("UC Browser", "Android", "mobile", 8),
    agent("Firefox", "Android", "mobile", 5),
    agent("Firefox", "macOS", "desktop", 5),
    agent("Brave", "Windows", "desktop", 4),
    agent("Yandex Browser", "Windows", "desktop", 4),
    agent("Samsung Internet", "Android", "tablet", 3),
    agent("Samsung Internet", "Tizen", "tv", 2),
    agent("Edge", "Xbox", "console", 1),
    agent("Vivaldi", "Linux", "desktop", 1),
];
