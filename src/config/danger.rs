//! What is allowed and dangerous beyond what the settings say of themselves: librdkafka's properties, and where a secret was set.

use super::index::{EngineUrl, IndexSettings};
use super::kafka::{KafkaSettings, SaslMechanism};
use super::source::{Origin, Origins};
use crate::loopback::is_plain_to_others;
use crate::secret::mask_url;

impl KafkaSettings {
    /// Whether somebody could be in between unnoticed, because of a setting.
    pub(super) fn takes_any_certificate(&self) -> bool {
        (self.security.uses_tls() && (self.tls.danger_accept_invalid_certs || self.takes_any_host()))
            || self.readable_token_endpoint().is_some()
    }

    /// Whether a certificate of another host will do.
    fn takes_any_host(&self) -> bool {
        let checked = self.property("ssl.endpoint.identification.algorithm");
        checked.is_some_and(|algorithm| algorithm.trim().eq_ignore_ascii_case("none"))
    }

    /// The url that hands out tokens, if what goes there and comes back can be read on the way.
    fn readable_token_endpoint(&self) -> Option<&str> {
        if !self.security.uses_sasl() || self.sasl.mechanism != Some(SaslMechanism::OauthBearer) {
            return None;
        }
        self.property("sasl.oauthbearer.token.endpoint.url").filter(|url| is_plain_to_others(url))
    }

    fn property(&self, wanted: &str) -> Option<&str> {
        self.properties.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    }

    pub(super) fn warn(&self, warnings: &mut Vec<String>) {
        if self.security.uses_tls() && self.takes_any_host() {
            warnings.push(
                "ssl.endpoint.identification.algorithm is \"none\": whoever has any certificate can stand between clicktop \
                 and the broker, read and change everything"
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
    /// What is dangerous about the place that a setting came from.
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
