//! Who may do what: tokens, and what an address grants without one.

use subtle::ConstantTimeEq as _;

use crate::secret::Secret;

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;

/// What somebody may do. Each step includes the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Learn that the process lives.
    Nothing,
    /// Read figures, states and the log.
    Read,
    /// Also start and stop stages, reset, and end the pipeline.
    Steer,
}

impl Access {
    /// Its name in the header `clicktop-access`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Access::Nothing => "nothing",
            Access::Read => "read",
            Access::Steer => "steer",
        }
    }
}

/// The tokens of the TCP addresses.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    read: Option<Secret>,
    steer: Option<Secret>,
}

/// Why a token cannot be used. No message holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It can be guessed.
    #[error(
        "{0} has fewer than {SHORTEST_TOKEN} characters, so it could be guessed; make one with: openssl rand -hex 32"
    )]
    Short(&'static str),
    /// It cannot stand in a header.
    #[error(
        "{0} has a space, or a character that is not ASCII, which no HTTP header can hold; make one with: openssl rand -hex 32"
    )]
    NotAscii(&'static str),
    /// Whoever may read could steer.
    #[error("serve.read_token and serve.steer_token are the same, so whoever may read could steer; make two")]
    Same,
}

impl Tokens {
    /// The tokens, each as somebody has set it.
    ///
    /// # Errors
    /// A token is too short or cannot stand in a header, or both are the same.
    pub fn new(read: Option<Secret>, steer: Option<Secret>) -> Result<Self, TokenError> {
        for (token, name) in [(&read, "serve.read_token"), (&steer, "serve.steer_token")] {
            let Some(token) = token else { continue };
            if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(TokenError::NotAscii(name));
            }
            if token.expose().len() < SHORTEST_TOKEN {
                return Err(TokenError::Short(name));
            }
        }
        if read.is_some() && read == steer {
            return Err(TokenError::Same);
        }
        Ok(Self { read, steer })
    }

    /// Whether there is a token at all.
    pub fn are_set(&self) -> bool {
        self.read.is_some() || self.steer.is_some()
    }

    /// What somebody may do who sends `given`. The time that this takes does not depend on how much of a token is right.
    pub(super) fn access_of(&self, given: &str) -> Access {
        let is = |token: &Option<Secret>| {
            token.as_ref().is_some_and(|token| bool::from(token.expose().as_bytes().ct_eq(given.as_bytes())))
        };
        match (is(&self.steer), is(&self.read)) {
            (true, _) => Access::Steer,
            (false, true) => Access::Read,
            (false, false) => Access::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = "read-0123456789abcdef";
    const STEER: &str = "steer-0123456789abcdef";

    fn secret(text: &str) -> Option<Secret> {
        Some(Secret::new(text))
    }

    #[test]
    fn each_token_grants_what_it_is_for() {
        let both = Tokens::new(secret(READ), secret(STEER)).unwrap();
        assert_eq!((both.access_of(READ), both.access_of(STEER)), (Access::Read, Access::Steer));
        for wrong in ["", "read", &READ[1..], &format!("{READ} "), "steer-0123456789abcdeF"] {
            assert_eq!(both.access_of(wrong), Access::Nothing, "{wrong}");
        }
        let none = Tokens::default();
        assert!(!none.are_set());
        assert_eq!(none.access_of(""), Access::Nothing, "no token is not the empty token");
    }

    #[test]
    fn tokens_that_protect_nothing_are_refused() {
        assert_eq!(Tokens::new(secret("short"), None).err(), Some(TokenError::Short("serve.read_token")));
        assert_eq!(
            Tokens::new(None, secret("sixteen or more, spaced")).err(),
            Some(TokenError::NotAscii("serve.steer_token"))
        );
        assert_eq!(Tokens::new(secret(READ), secret(READ)).err(), Some(TokenError::Same));
        let shown = format!("{:?} {}", Tokens::new(secret(READ), None).unwrap(), TokenError::Same);
        assert!(!shown.contains(READ));
    }
}
