//! What the clients of Kafka are given, and what of it is dangerous.

use super::*;

#[test]
fn a_client_gets_what_it_needs_to_connect() {
    let properties = |env: &[(&str, &str)]| from_env(env).unwrap().settings.kafka.client_properties().unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(properties(&[]), [pair("bootstrap.servers", "localhost:9092"), pair("security.protocol", "plaintext")]);
    assert_eq!(
        properties(&[&SECRETS[..], &[("CLICKTOP_KAFKA__TLS__DANGER_ACCEPT_INVALID_CERTS", "true")]].concat()),
        [
            pair("bootstrap.servers", "localhost:9092"),
            pair("security.protocol", "sasl_ssl"),
            pair("sasl.mechanism", "PLAIN"),
            pair("sasl.username", "reader"),
            pair("sasl.password", SECRET),
            pair("ssl.certificate.location", "c.pem"),
            pair("ssl.key.location", "k.pem"),
            pair("ssl.key.password", SECRET),
            pair("enable.ssl.certificate.verification", "false"),
            pair("sasl.oauthbearer.client.secret", SECRET),
        ]
    );
    let embedded = from_env(&SECRETS).unwrap().settings.kafka.for_embedded_broker("127.0.0.1:7");
    assert_eq!(
        embedded.client_properties().unwrap(),
        [pair("bootstrap.servers", "127.0.0.1:7"), pair("security.protocol", "plaintext")]
    );
}

#[test]
fn librdkafka_knows_every_property_clicktop_sets() {
    let kafka = from_env(&[&SECRETS[..], &[("CLICKTOP_KAFKA__TLS__DANGER_ACCEPT_INVALID_CERTS", "true")]].concat())
        .unwrap()
        .settings
        .kafka;
    for (name, value) in kafka.client_properties().unwrap() {
        let mut config = rdkafka::ClientConfig::new();
        config.set(&name, &value);
        assert!(config.create_native_config().is_ok(), "{name}");
    }
}

#[test]
fn a_password_file_is_read_when_connecting() {
    let config = Config::new(
        "[kafka]\nsecurity = 'sasl_plaintext'\nsasl = { mechanism = 'SCRAM-SHA-256', username = 'u', password_file = 'pw' }\n",
    );
    let kafka = config.load(&[]).unwrap().settings.kafka;
    let error = kafka.client_properties().unwrap_err().to_string();
    assert!(error.starts_with("kafka.sasl.password_file: cannot read "), "{error}");
    std::fs::write(config.folder.path().join("pw"), format!("{SECRET}\n")).unwrap();
    assert!(kafka.client_properties().unwrap().contains(&("sasl.password".into(), SECRET.into())));
}

#[test]
fn dangerous_settings_are_pointed_out() {
    assert_eq!(Settings::default().warnings(), Vec::<String>::new());
    let risky = from_env(&[
        ("CLICKTOP_KAFKA__SECURITY", "ssl"),
        ("CLICKTOP_KAFKA__TLS__DANGER_ACCEPT_INVALID_CERTS", "true"),
        ("CLICKTOP_INDEX__KIND", "elasticsearch"),
        ("CLICKTOP_INDEX__URLS", "http://elastic:hunter2-9f3c@search:9200,https://b"),
        ("CLICKTOP_INDEX__DANGER_ACCEPT_INVALID_CERTS", "true"),
    ]);
    let warnings = risky.unwrap().settings.warnings();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
}
