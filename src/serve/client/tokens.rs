//! Tokens for one service, or for several.

use super::target::Target;
use crate::secret::Secret;

/// The tokens of the services that a client goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// For every service that has no token of its own here.
    any: Option<Secret>,
    each: Vec<(Target, Secret)>,
}

/// Why a text holds no tokens. No message holds a part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// A line is neither a token nor an address with a token.
    #[error("line {0} of the tokens is neither a token nor an address, a blank and its token")]
    Line(usize),
    /// Two lines are for the same service, or for every service.
    #[error("line {0} of the tokens is for the same service as a line before it")]
    Twice(usize),
}

impl Tokens {
    /// The tokens in `text`: a token for every service, or lines of an address, a blank and its token. A line with a token alone is for
    /// the services that have no line.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn parse(text: &Secret) -> Result<Self, TokensError> {
        let mut tokens = Self::default();
        for (at, line) in text.expose().lines().enumerate() {
            let number = at + 1;
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (None, ..) => {}
                (Some(token), None, _) => {
                    if tokens.any.replace(Secret::new(token)).is_some() {
                        return Err(TokensError::Twice(number));
                    }
                }
                (Some(address), Some(token), None) => {
                    let target = address.parse().map_err(|_| TokensError::Line(number))?;
                    if tokens.each.iter().any(|(known, _)| *known == target) {
                        return Err(TokensError::Twice(number));
                    }
                    tokens.each.push((target, Secret::new(token)));
                }
                _ => return Err(TokensError::Line(number)),
            }
        }
        Ok(tokens)
    }

    /// The token of the service at `target`.
    pub fn of(&self, target: &Target) -> Option<&Secret> {
        let own = self.each.iter().find(|(known, _)| known == target).map(|(_, token)| token);
        own.or(self.any.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(address: &str) -> Target {
        address.parse().expect("an address")
    }

    #[test]
    fn one_token_is_for_every_service_and_a_line_for_its_own() {
        let one = Tokens::parse(&Secret::new("abc")).expect("a token");
        assert_eq!(one.of(&target("https://box:1")), Some(&Secret::new("abc")));
        let text = "https://eu:7070 for-eu\n\n  https://us:7070/   for-us\nfor-the-others\n";
        let several = Tokens::parse(&Secret::new(text)).expect("tokens");
        let of = |address| several.of(&target(address)).map(|token| token.expose().to_owned());
        assert_eq!(of("https://eu:7070").as_deref(), Some("for-eu"));
        assert_eq!(of("https://us:7070").as_deref(), Some("for-us"));
        assert_eq!(of("https://asia:7070").as_deref(), Some("for-the-others"));
        assert_eq!(Tokens::default().of(&target("https://eu:7070")), None);
    }

    #[test]
    fn a_line_that_is_wrong_is_named_without_its_text() {
        let refused = |text: &str| Tokens::parse(&Secret::new(text)).expect_err("wrong");
        assert_eq!(refused("https://eu:1 hunter2 more"), TokensError::Line(1));
        assert_eq!(refused("ok\nftp://eu hunter2"), TokensError::Line(2));
        assert_eq!(refused("one\ntwo"), TokensError::Twice(2));
        assert_eq!(refused("https://eu:1 a\nhttps://eu:1/ b"), TokensError::Twice(2));
        assert!(!refused("https://eu:1 hunter2 more").to_string().contains("hunter2"));
    }
}
