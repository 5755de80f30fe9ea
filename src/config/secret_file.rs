//! Secrets, either in the config itself or in a file that it names.

use std::path::PathBuf;

use super::error::ConfigError;
use crate::secret::Secret;

/// `secret`, or the secret in `file`, which the setting `key` names.
pub(super) fn secret_or_file(
    secret: &Option<Secret>,
    key: &'static str,
    file: &Option<PathBuf>,
) -> Result<Option<Secret>, ConfigError> {
    match (secret, file) {
        (Some(secret), _) => Ok(Some(secret.clone())),
        (None, Some(path)) => match Secret::read_file(path) {
            Ok(secret) => Ok(Some(secret)),
            Err(cause) => Err(ConfigError::SecretFile { key, path: path.clone(), cause: cause.to_string() }),
        },
        (None, None) => Ok(None),
    }
}
