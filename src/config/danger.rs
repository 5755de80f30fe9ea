//! Warns about settings that are allowed but dangerous.

use super::engine_url::EngineUrl;
use super::index::IndexSettings;
use super::kafka::{KafkaSettings, SaslMechanism, Security};
use super::place::{Origin, Origins};
use super::schema_registry::SchemaRegistrySettings;
use crate::loopback::is_plain_to_others;
use crate::secret::mask_url;

impl KafkaSettings {
    /// Whether a setting lets somebody stand in between unnoticed.
    pub(super) fn takes_any_certificate(&self) -> bool {
        (self.security.uses_tls() && (self.tls.danger_accept_invalid_certs || self.takes_any_host()))
            || self.readable_token_endpoint().is_some()
    }

    /// Whether clicktop takes the certificate of another host.
    fn takes_any_host(&self) -> bool {
        let checked = self.properties.get("ssl.endpoint.identification.algorithm");
        checked.is_some_and(|algorithm| algorithm.trim().eq_ignore_ascii_case("none"))
    }

    /// The url that issues tokens, if others can read the traffic to it.
    fn readable_token_endpoint(&self) -> Option<&str> {
        if !self.security.uses_sasl() || self.sasl.mechanism != Some(SaslMechanism::OauthBearer) {
            return None;
        }
        self.properties.get("sasl.oauthbearer.token.endpoint.url").filter(|url| is_plain_to_others(url))
    }

    pub(super) fn warn(&self, warnings: &mut Vec<String>) {
        if self.security.uses_tls() && self.tls.danger_accept_invalid_certs {
            warnings.push(
                "kafka.tls.danger_accept_invalid_certs is on: anyone between clicktop and the broker can read and change \
                 everything"
                    .into(),
            );
        }
        if self.security == Security::SaslPlaintext && self.sasl.mechanism == Some(SaslMechanism::Plain) {
            warnings.push(
                "kafka.security is \"sasl_plaintext\" with PLAIN: the password can be read on the way to the broker"
                    .into(),
            );
        }
        if self.security.uses_tls() && self.takes_any_host() {
            warnings.push(
                "ssl.endpoint.identification.algorithm is \"none\": anyone with any certificate can stand between clicktop and \
                 the broker, and read and change everything"
                    .into(),
            );
        }
        if let Some(url) = self.readable_token_endpoint() {
            warnings.push(format!(
                "sasl.oauthbearer.token.endpoint.url {} is not https: the client's secret and the token can be read on the way",
                mask_url(url)
            ));
        }
    }
}

impl IndexSettings {
    /// Warns of settings that are dangerous because of the layer that sets them.
    pub(super) fn warn_of_places(&self, origins: &Origins, warnings: &mut Vec<String>) {
        if let Origin::Flag(flag) = origins.of("index.urls")
            && self.urls.iter().any(EngineUrl::has_userinfo)
        {
            warnings.push(format!(
                "{flag} holds a user name or a password, which the list of processes shows to everybody on this machine: set \
                 index.username with index.password_file, or index.api_key_file"
            ));
        }
    }
}

impl SchemaRegistrySettings {
    /// Warns of settings that are dangerous because of the layer that sets them.
    pub(super) fn warn_of_places(&self, origins: &Origins, warnings: &mut Vec<String>) {
        if let Origin::Flag(flag) = origins.of("schema_registry.urls")
            && self.urls.iter().any(EngineUrl::has_userinfo)
        {
            warnings.push(format!(
                "{flag} holds a user name or a password, which the list of processes shows to everybody on this machine: set \
                 schema_registry.username with schema_registry.password_file"
            ));
        }
    }
}
