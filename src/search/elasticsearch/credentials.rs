//! How clicktop signs in to the engine.

use crate::secret::Secret;

/// How clicktop signs in to the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all: the engine asks for no credentials.
    #[default]
    None,
    /// As a user.
    Basic {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
    },
    /// With an API key in its encoded form: base64 of `id:key`.
    ApiKey(Secret),
}
