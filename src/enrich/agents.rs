//! Browser, system and device of a user agent, by the regexes of the project ua-parser, and whether it is a bot.

use std::borrow::Cow;

use regex::RegexSet;
use ua_parser::{Extractor, Regexes};

/// The regexes of uap-core; `assets/user-agents/VERSIONS` tells which version.
const REGEXES: &str = include_str!("../../assets/user-agents/regexes.json");

/// The patterns of crawler-user-agents.
const CRAWLERS: &str = include_str!("../../assets/user-agents/crawlers.json");

/// The device that the regexes name for a bot.
const SPIDER: &str = "Spider";

/// The most bytes of a user agent that are looked at. Honest ones have some hundred.
pub const MOST_BYTES: usize = 2048;

/// Why the compiled-in lists cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the list of user agents cannot be used: {0}")]
pub struct AgentsError(String);

/// Tells user agents apart.
pub struct Agents {
    regexes: Extractor<'static>,
    crawlers: RegexSet,
}

/// What a user agent tells; `None` where nothing matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The family of the browser: `Chrome`.
    pub browser: Option<Box<str>>,
    /// The family of the system: `Windows`.
    pub os: Option<Box<str>>,
    /// The family of the device: `iPhone`.
    pub device: Option<Box<str>>,
    /// Whether it is a bot.
    pub is_bot: bool,
}

impl Agents {
    /// Compiles the lists, which takes some time and memory.
    ///
    /// # Errors
    /// [`AgentsError`]: a list has a regex that cannot be compiled. The tests compile all of them.
    pub fn compile() -> Result<Self, AgentsError> {
        let failed = |error: &dyn std::fmt::Display| AgentsError(error.to_string());
        let regexes: Regexes<'static> = serde_json::from_str(REGEXES).map_err(|error| failed(&error))?;
        let regexes = Extractor::try_from(regexes).map_err(|error| failed(&error))?;
        let patterns: Vec<Cow<'_, str>> = serde_json::from_str(CRAWLERS).map_err(|error| failed(&error))?;
        let crawlers = RegexSet::new(patterns).map_err(|error| failed(&error))?;
        Ok(Self { regexes, crawlers })
    }

    /// What `agent` tells.
    pub fn facts(&self, agent: &str) -> Facts {
        let agent = start(agent);
        let (browser, os, device) = self.regexes.extract(agent);
        let boxed = |text: Cow<'_, str>| Some(text.trim()).filter(|text| !text.is_empty()).map(Box::from);
        let device = device.and_then(|device| boxed(device.device));
        let is_bot = device.as_deref() == Some(SPIDER) || self.crawlers.is_match(agent);
        Facts {
            browser: browser.and_then(|browser| boxed(browser.family)),
            os: os.and_then(|os| boxed(os.os)),
            device,
            is_bot,
        }
    }
}

/// The part of `agent` that is looked at.
pub(super) fn start(agent: &str) -> &str {
    let end = (0..=MOST_BYTES.min(agent.len())).rev().find(|end| agent.is_char_boundary(*end));
    agent.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Without the lists.
impl std::fmt::Debug for Agents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agents").field("crawlers", &self.crawlers.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_tells_browser_system_and_device() {
        let agents = Agents::compile().expect("the lists");
        let facts = agents.facts(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 \
             Mobile/15E148 Safari/604.1",
        );
        assert_eq!(facts.browser.as_deref(), Some("Mobile Safari"));
        assert_eq!((facts.os.as_deref(), facts.device.as_deref()), (Some("iOS"), Some("iPhone")));
        assert!(!facts.is_bot);
        let facts = agents.facts("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
        assert_eq!((facts.browser.as_deref(), facts.os.as_deref()), (Some("Firefox"), Some("Linux")));
        assert_eq!(agents.facts(""), Facts::default());
        assert_eq!(agents.facts("-"), Facts::default());
    }

    #[test]
    fn bots_are_told_by_either_list() {
        let agents = Agents::compile().expect("the lists");
        for bot in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        ] {
            assert!(agents.facts(bot).is_bot, "{bot}");
        }
        let person = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
        assert!(!agents.facts(person).is_bot);
    }

    #[test]
    fn a_user_agent_of_two_megabytes_is_read_as_far_as_an_honest_one_goes() {
        let agents = Agents::compile().expect("the lists");
        let honest = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 ";
        let endless = format!("{honest}{}", "é(".repeat(700_000));
        assert_eq!(agents.facts(&endless).browser.as_deref(), Some("Firefox"));
        assert!(start(&endless).len() <= MOST_BYTES);
    }
}
