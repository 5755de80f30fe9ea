//! Checks whether the settings of `[kafka]` fit together.

use super::check::Check;
use super::kafka::{KafkaSettings, SaslMechanism};
use crate::engine::local::stages::ingest::group_protocol::{CLASSIC_ONLY, GroupProtocol};

impl KafkaSettings {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if self.brokers.split(',').any(|broker| broker.trim().is_empty()) {
            check.refuse("kafka.brokers", "name the brokers as host:port, separated by commas");
        }
        if let Some(reason) = topic_problem(&self.topic) {
            check.refuse("kafka.topic", reason);
        }
        if self.group.trim().is_empty() {
            check.refuse("kafka.group", "is empty; name a consumer group");
        }
        self.validate_group_protocol(check);
        self.validate_sasl(check);
        self.validate_tls(check);
    }

    fn validate_group_protocol(&self, check: &mut Check<'_>) {
        if self.group_protocol != GroupProtocol::Consumer {
            return;
        }
        if let Some(name) = CLASSIC_ONLY.into_iter().find(|name| self.properties.get(name).is_some()) {
            let reason =
                format!("leaves {name} to the broker; remove that from [kafka.properties], or set this to \"classic\"");
            check.refuse("kafka.group_protocol", reason);
        }
    }

    fn validate_sasl(&self, check: &mut Check<'_>) {
        let sasl = &self.sasl;
        check.exclusive(("kafka.sasl.password", &sasl.password), ("kafka.sasl.password_file", &sasl.password_file));
        let has_password = sasl.password.is_some() || sasl.password_file.is_some();
        let set = [
            ("kafka.sasl.mechanism", sasl.mechanism.is_some()),
            ("kafka.sasl.username", sasl.username.is_some()),
            ("kafka.sasl.password", sasl.password.is_some()),
            ("kafka.sasl.password_file", sasl.password_file.is_some()),
        ];
        let security = self.security.name();
        match (self.security.uses_sasl(), sasl.mechanism) {
            (false, _) => {
                if let Some((key, _)) = set.iter().find(|(_, set)| *set) {
                    let reason = format!(
                        "is not used while kafka.security is \"{security}\"; set that to \"sasl_ssl\" (or \"sasl_plaintext\")"
                    );
                    check.refuse(key, reason);
                }
            }
            (true, None) => {
                let reason = format!(
                    "\"{security}\" needs kafka.sasl.mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
                );
                check.refuse("kafka.security", reason);
            }
            (true, Some(SaslMechanism::OauthBearer)) => {
                if let Some((key, _)) = set.iter().skip(1).find(|(_, set)| *set) {
                    let reason = "is not used by OAUTHBEARER; set sasl.oauthbearer.… in [kafka.properties] instead";
                    check.refuse(key, reason);
                }
            }
            (true, Some(mechanism)) => {
                let mechanism = mechanism.name();
                if sasl.username.is_none() {
                    check.refuse("kafka.sasl.mechanism", format!("{mechanism} needs kafka.sasl.username"));
                }
                if !has_password {
                    let reason = format!("{mechanism} needs kafka.sasl.password or kafka.sasl.password_file");
                    check.refuse("kafka.sasl.mechanism", reason);
                }
            }
        }
    }

    fn validate_tls(&self, check: &mut Check<'_>) {
        let tls = &self.tls;
        check.exclusive(
            ("kafka.tls.key_password", &tls.key_password),
            ("kafka.tls.key_password_file", &tls.key_password_file),
        );
        if !self.security.uses_tls() {
            let set = [
                ("kafka.tls.ca_file", tls.ca_file.is_some()),
                ("kafka.tls.certificate_file", tls.certificate_file.is_some()),
                ("kafka.tls.key_file", tls.key_file.is_some()),
                ("kafka.tls.key_password", tls.key_password.is_some()),
                ("kafka.tls.key_password_file", tls.key_password_file.is_some()),
            ];
            if let Some((key, _)) = set.iter().find(|(_, set)| *set) {
                let security = self.security.name();
                check.refuse(
                    key,
                    format!("is not used while kafka.security is \"{security}\"; set that to \"ssl\" or \"sasl_ssl\""),
                );
            }
            return;
        }
        match (&tls.certificate_file, &tls.key_file) {
            (Some(_), None) => check.refuse("kafka.tls.certificate_file", "needs kafka.tls.key_file"),
            (None, Some(_)) => check.refuse("kafka.tls.key_file", "needs kafka.tls.certificate_file"),
            _ => {}
        }
        if tls.key_file.is_none() {
            for (key, set) in [
                ("kafka.tls.key_password", tls.key_password.is_some()),
                ("kafka.tls.key_password_file", tls.key_password_file.is_some()),
            ] {
                if set {
                    check.refuse(key, "needs kafka.tls.key_file");
                }
            }
        }
    }
}

/// Kafka's own rule for names. It also refuses a leading `^`, with which librdkafka would subscribe to every topic that matches.
fn topic_problem(topic: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.is_empty() {
        Some("is empty; name the topic of the clicks")
    } else if topic.len() > 249 || topic == "." || topic == ".." || !topic.chars().all(legal) {
        Some("is no topic name: Kafka takes up to 249 letters, digits, `.`, `_` and `-`")
    } else {
        None
    }
}
