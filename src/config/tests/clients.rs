//! Tests of the properties that Kafka clients get, and of the warnings about them.

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

#[test]
fn librdkafkas_own_ways_to_be_careless_are_pointed_out() {
    let of = |more: &[(&str, &str)]| {
        let loaded = from_env(more).unwrap();
        (loaded.warnings(), loaded.settings.takes_any_certificate(false), loaded.settings.takes_any_certificate(true))
    };
    let host = ("CLICKTOP_KAFKA__PROPERTIES__SSL_ENDPOINT_IDENTIFICATION_ALGORITHM", "none");
    let (warnings, shown, own_broker) = of(&[("CLICKTOP_KAFKA__SECURITY", "ssl"), host]);
    assert!(matches!(&warnings[..], [one] if one.starts_with("ssl.endpoint.identification.algorithm")), "{warnings:?}");
    assert!(shown && !own_broker);
    assert_eq!(of(&[host]), (Vec::new(), false, false), "there is no TLS to weaken");

    let oauth = [("CLICKTOP_KAFKA__SECURITY", "sasl_ssl"), ("CLICKTOP_KAFKA__SASL__MECHANISM", "OAUTHBEARER")];
    let endpoint = |url: &'static str| {
        let url = ("CLICKTOP_KAFKA__PROPERTIES__SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", url);
        of(&[&oauth[..], &[url]].concat())
    };
    let (warnings, shown, _) = endpoint("http://u:hunter2-9f3c@idp.example/token");
    assert!(matches!(&warnings[..], [one] if one.contains("idp.example") && !one.contains(SECRET)), "{warnings:?}");
    assert!(shown);
    for safe in ["https://idp.example/token", "http://localhost:8080/token"] {
        assert_eq!(endpoint(safe), (Vec::new(), false, false), "{safe}");
    }
    assert_eq!(endpoint("http://localhost.evil.example/token").0.len(), 1);
}

#[test]
fn a_password_in_a_flag_is_pointed_out() {
    let flagged = |url: &str| {
        let flags = vec![
            Override { key: "index.kind", value: "elasticsearch".into(), flag: "--index-url" },
            Override { key: "index.urls", value: url.into(), flag: "--index-url" },
        ];
        load(&Sources { flags, ..Sources::default() }).unwrap().warnings()
    };
    let warnings = flagged("https://elastic:hunter2-9f3c@search:9200");
    let [one] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(one.starts_with("--index-url") && one.contains("index.password_file") && !one.contains(SECRET), "{one}");
    assert_eq!(flagged("https://search:9200"), Vec::<String>::new());
    let elsewhere = from_env(&[("CLICKTOP_INDEX__URLS", "https://elastic:hunter2-9f3c@search:9200")]);
    assert_eq!(elsewhere.unwrap().warnings(), Vec::<String>::new());
}
