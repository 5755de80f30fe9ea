//! Exit codes that several commands share.

use crate::config::ConfigError;
use crate::console::KeyError;
use crate::serve::OpenError;

/// For a command line that is wrong, and for settings that cannot be used: as long as nobody corrects them, another start ends in the same
/// way, so the service manager does not try one (`RestartPreventExitStatus`).
pub(super) const USAGE: u8 = 2;

/// Whether `error` says that the settings cannot be used.
pub(super) fn is_of_settings(error: &anyhow::Error) -> bool {
    match (error.downcast_ref::<ConfigError>(), error.downcast_ref::<OpenError>()) {
        // The file may come to be, or to be readable; the address may become free.
        (Some(ConfigError::SecretFile { .. }), _) | (_, Some(OpenError::Listen(..) | OpenError::Tls(_))) => false,
        (config, address) => config.is_some() || address.is_some() || error.is::<KeyError>(),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn only_what_another_start_cannot_mend_is_a_fault_of_the_settings() {
        let secret = ConfigError::SecretFile { key: "alarms.webhook_file", path: "url".into(), cause: "absent".into() };
        assert!(is_of_settings(&ConfigError::NoHome.into()));
        assert!(!is_of_settings(&secret.into()));
        let address = "127.0.0.1:1".parse().unwrap();
        let taken = OpenError::Listen(address, std::io::Error::other("taken"));
        assert!(!is_of_settings(&taken.into()));
        let address = "0.0.0.0:1".parse().unwrap();
        let wrong = Err::<(), _>(OpenError::NoToken(address)).context("serve").unwrap_err();
        assert!(is_of_settings(&wrong), "also with words around it");
        assert!(!is_of_settings(&anyhow::anyhow!("no broker")));
    }
}
