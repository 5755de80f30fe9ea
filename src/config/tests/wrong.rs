//! Tests of the messages about wrong settings.

use super::*;

#[test]
fn unknown_settings_are_named_with_their_line_and_the_nearest_one() {
    assert_eq!(
        file_error("[kafka]\ntopic = 'clicks'\nbrokerz = 'a:1'\n"),
        "clicktop.toml: unknown setting kafka.brokerz (line 3); did you mean kafka.brokers?"
    );
    assert_eq!(
        file_error("\n[kafak]\nbrokers = 'a:1'\n[weather]\nsky = 'blue'"),
        "clicktop.toml: unknown setting kafak (line 2); did you mean kafka?\n\
         clicktop.toml: unknown setting weather (line 4); no setting has a name like it: remove it"
    );
    assert_eq!(
        env_error(&[("CLICKTOP_KAFKA_BROKERS", "a:1")]),
        "unknown environment variable CLICKTOP_KAFKA_BROKERS; did you mean CLICKTOP_KAFKA__BROKERS?"
    );
    // No Kubernetes service is told of in this way.
    for (name, value) in [("CLICKTOP_PORT", "8080"), ("CLICKTOP_SERVICE_HOST", "kafka"), ("CLICKTOP_TSET_KAFKA", "a:1")]
    {
        assert!(env_error(&[(name, value)]).starts_with(&format!("unknown environment variable {name}")));
    }
}

#[test]
fn values_that_do_not_fit_are_shown_with_what_would() {
    let duration = "a duration from \"1ms\" to \"8784h\" with its unit, such as \"500 ms\" or \"1h 30m\"";
    for (text, error) in [
        ("kafka.topic = 42", "kafka.topic (line 1): expected text in quotes, found 42"),
        ("kafka.topic = ['a']", "kafka.topic (line 1): expected text in quotes, found a list"),
        ("[kafka.topic]\nx = 1", "kafka.topic (line 1): expected text in quotes, found a table"),
        ("kafka = 3", "kafka (line 1): expected a table of settings, found 3"),
        ("kafka.topic = 2020-01-01", "kafka.topic (line 1): expected text in quotes, found a date or time"),
        (
            "kafka.security = 1",
            "kafka.security (line 1): expected one of \"plaintext\", \"ssl\", \"sasl_plaintext\", \"sasl_ssl\", found 1",
        ),
        (
            "store.synchronous = 'off'",
            "store.synchronous (line 1): expected one of \"normal\", \"full\", found \"off\"",
        ),
        ("ingest.batch_events = 0", "ingest.batch_events (line 1): expected a whole number from 1 to 1000000, found 0"),
        (
            "ingest.batch_events = 1.5",
            "ingest.batch_events (line 1): expected a whole number from 1 to 1000000, found 1.5",
        ),
        (
            "store.cache = 0",
            "store.cache (line 1): expected a size from 1 to \"1 TiB\", such as \"5 MB\" or \"64 MiB\", found 0",
        ),
        ("console.ascii = 'yes'", "console.ascii (line 1): expected true, false or \"auto\", found \"yes\""),
        ("console.mouse = 'auto'", "console.mouse (line 1): expected true or false, found \"auto\""),
        ("index.urls = [1]", "index.urls (line 1): expected a URL in quotes, or a list of them, found a list"),
        (
            "kafka.properties.x.y = []",
            "kafka.properties.x.y (line 1): expected text, a number, true or false, found a list",
        ),
        ("kafka.properties = 1", "kafka.properties (line 1): expected a table of librdkafka properties, found 1"),
        (
            "aggregate.session_timeout = 1800",
            &format!("aggregate.session_timeout (line 1): expected {duration}, found 1800"),
        ),
        (
            "aggregate.session_timeout = '0 s'",
            &format!("aggregate.session_timeout (line 1): expected {duration}, found \"0 s\""),
        ),
    ] {
        assert_eq!(file_error(text), format!("clicktop.toml: {error}"));
    }
    assert_eq!(
        env_error(&[("CLICKTOP_INDEX__IN_FLIGHT", "many")]),
        "environment variable CLICKTOP_INDEX__IN_FLIGHT: expected a whole number from 1 to 64, found \"many\""
    );
    let flags = vec![Override { key: "kafka.format", value: "xml".into(), flag: "--format" }];
    assert_eq!(
        load(&Sources { flags, ..Sources::default() }).unwrap_err().to_string(),
        "--format (kafka.format): expected one of \"auto\", \"csv\", \"json\", found \"xml\""
    );
}

#[test]
fn text_in_an_error_cannot_steer_the_terminal() {
    let error = file_error("\"\\u001b[2J\" = 1\n[kafka]\nformat = \"\\u001b[31m\"");
    assert!(!error.contains('\u{1b}') && error.contains("\\u{1b}[2J") && error.contains("\\u{1b}[31m"), "{error}");
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let sasl = "[kafka]\nsecurity = 'sasl_ssl'\n[kafka.sasl]\nmechanism = 'PLAIN'\nusername = 'u'\n";
    let mechanisms = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER";
    for (text, error) in [
        ("kafka.topic = ''", "kafka.topic (line 1): is empty; name the topic of the clicks".to_owned()),
        ("kafka.topic = '^clicks.*'", "kafka.topic (line 1): is no topic name: Kafka takes up to 249 letters, digits, `.`, `_` and `-`".into()),
        ("kafka.brokers = 'a:1,,b:1'", "kafka.brokers (line 1): name the brokers as host:port, separated by commas".into()),
        ("[kafka]\ngroup_protocol = 'consumer'\nproperties.session.timeout.ms = 6000", "kafka.group_protocol (line 2): leaves session.timeout.ms to the broker; remove that from [kafka.properties], or set this to \"classic\"".into()),
        ("kafka.group = ' '", "kafka.group (line 1): is empty; name a consumer group".into()),
        ("kafka.security = 'sasl_ssl'", format!("kafka.security (line 1): \"sasl_ssl\" needs kafka.sasl.mechanism: {mechanisms}")),
        ("kafka.sasl.username = 'u'", "kafka.sasl.username (line 1): is not used while kafka.security is \"plaintext\"; set that to \"sasl_ssl\" (or \"sasl_plaintext\")".into()),
        ("kafka.tls.ca_file = 'ca.pem'", "kafka.tls.ca_file (line 1): is not used while kafka.security is \"plaintext\"; set that to \"ssl\" or \"sasl_ssl\"".into()),
        (sasl, "kafka.sasl.mechanism (line 4): PLAIN needs kafka.sasl.password or kafka.sasl.password_file".into()),
        (&format!("{sasl}password = 'p'\npassword_file = 'f'\n"), "kafka.sasl.password (line 6): and kafka.sasl.password_file are both set; keep one (\"\" unsets the other)".into()),
        ("[kafka]\nsecurity = 'ssl'\ntls.certificate_file = 'c'", "kafka.tls.certificate_file (line 3): needs kafka.tls.key_file".into()),
        ("[kafka]\nsecurity = 'ssl'\ntls.key_password = 'c'", "kafka.tls.key_password (line 3): needs kafka.tls.key_file".into()),
        ("[index]\nusername = 'u'", "index.username (line 2): needs index.password or index.password_file".into()),
        ("[index]\npassword_file = 'p'", "index.password_file (line 2): needs index.username".into()),
        ("[index]\nusername = 'u'\npassword = 'p'\napi_key = 'k'", "index.username (line 2): and an API key are both set; keep one".into()),
        ("[index]\napi_key = 'k'\napi_key_file = 'f'", "index.api_key (line 2): and index.api_key_file are both set; keep one (\"\" unsets the other)".into()),
        ("[index]\napi_key = 'k'\nurls = 'http://u:p@a:9200'", "index.urls (line 3): holds a user name, and another or an API key is set as well; keep one".into()),
        ("[index]\nkind = 'elasticsearch'\nurls = []", "index.urls (line 3): is empty; name where Elasticsearch or OpenSearch listens".into()),
        ("index.urls = 'search:9200'", "index.urls (line 1): \"search:9200\": begin it with http:// or https://".into()),
        ("log.level = 'inof'", "log.level (line 1): `inof` is neither a level (off, error, warn, info, debug, trace) nor target=level".into()),
        ("kafka.properties.group.id = 'g'", "kafka.properties.group.id (line 1): set kafka.group instead".into()),
        ("[kafka.properties]\n'enable.auto.commit' = true", "kafka.properties.enable.auto.commit (line 2): remove it: clicktop commits an offset once its clicks are stored; anything earlier loses clicks".into()),
        ("[kafka.properties]\n'a.b' = 1\na.b = 2", "kafka.properties.a.b (line 3): is set twice; keep one".into()),
    ] {
        assert_eq!(file_error(text), format!("clicktop.toml: {error}"));
    }
    assert_eq!(
        env_error(&[("CLICKTOP_KAFKA__PROPERTIES__AUTO_OFFSET_RESET", "latest")]),
        "environment variable CLICKTOP_KAFKA__PROPERTIES__AUTO_OFFSET_RESET: set kafka.start and kafka.on_lost_offset instead"
    );
}

#[test]
fn a_file_that_is_not_toml_is_named_with_the_line() {
    let error = file_error("[kafka]\ntopic = \n");
    assert!(
        error.starts_with("clicktop.toml: ") && error.ends_with("(line 2)") && error.lines().count() == 1,
        "{error}"
    );
}

#[test]
fn the_whole_of_what_is_wrong_is_told_at_once() {
    let error = file_error("kafka.brokerz = 'a'\nkafka.topic = 42\nkafka.properties.group.id = 'g'\n");
    assert_eq!(error.lines().count(), 3, "{error}");
}
