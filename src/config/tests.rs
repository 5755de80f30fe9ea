//! What people get from their settings: the value that wins, where it came from, and what is said when one is wrong.

mod themes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::keys::{KEYS, Kind, PROPERTIES, THEMES};
use super::*;

const SECRET: &str = "hunter2-9f3c";

/// A folder with a config file.
struct Config {
    folder: tempfile::TempDir,
}

impl Config {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("clicktop.toml"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("clicktop.toml")
    }

    fn load(&self, env: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        load(&Sources { file: Some(self.path()), env: vars(env), flags: Vec::new() })
    }

    /// The error, with the folder left out.
    fn error(&self) -> String {
        let error = self.load(&[]).unwrap_err().to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

fn vars(env: &[(&str, &str)]) -> Vec<(String, String)> {
    env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn from_env(env: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    load(&Sources { env: vars(env), ..Sources::default() })
}

fn env_error(env: &[(&str, &str)]) -> String {
    from_env(env).unwrap_err().to_string()
}

fn file_error(text: &str) -> String {
    Config::new(text).error()
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/clicktop.toml")
}

/// Dotted names of what is in `value` at its leaves.
fn leaves(prefix: &str, value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) if prefix != PROPERTIES && prefix != THEMES => {
            for (name, value) in map {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                leaves(&key, value, found);
            }
        }
        _ => found.push(prefix.to_owned()),
    }
}

#[test]
fn the_table_of_keys_and_the_settings_are_the_same() {
    let mut fields = Vec::new();
    leaves("", &serde_json::to_value(Settings::default()).unwrap(), &mut fields);
    let mut keys: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    fields.sort();
    keys.sort();
    assert_eq!(keys, fields);
}

#[test]
fn every_choice_is_a_value_of_its_type() {
    for key in KEYS {
        let (Kind::Choice(words) | Kind::OptionalChoice(words)) = key.kind else { continue };
        for word in words {
            let variable = env::variable_of(key.name);
            // Choices that need others are refused for that, not as unusable.
            match from_env(&[(&variable, word)]) {
                Ok(loaded) => assert_eq!(loaded.origin.of(key.name), &Origin::Env(variable)),
                Err(error) => assert!(!error.to_string().contains("expected"), "{error}"),
            }
        }
    }
}

#[test]
fn the_sample_is_the_defaults_and_shows_every_setting() {
    let loaded = load(&Sources { file: Some(sample()), ..Sources::default() }).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    for key in KEYS.iter().filter(|key| !key.kind.is_open()) {
        assert_eq!(loaded.origin.of(key.name), &Origin::File(sample()), "{} is missing in the sample", key.name);
    }
    assert!(std::fs::read_to_string(sample()).unwrap().contains("\n[kafka.properties]\n"));
}

#[test]
fn a_later_layer_wins_and_is_remembered() {
    let config = Config::new("[kafka]\ntopic = 'file'\ngroup = 'file'\nbrokers = 'file:1'\n");
    let sources = Sources {
        file: Some(config.path()),
        env: vars(&[("CLICKTOP_KAFKA__TOPIC", "env"), ("CLICKTOP_KAFKA__GROUP", "env"), ("PATH", "/bin")]),
        flags: vec![Override { key: "kafka.topic", value: "flag".into(), flag: "--topic" }],
    };
    let Loaded { settings: Settings { kafka, .. }, origin, file } = load(&sources).unwrap();
    assert_eq!((kafka.topic.as_str(), origin.of("kafka.topic")), ("flag", &Origin::Flag("--topic")));
    assert_eq!((kafka.group.as_str(), origin.of("kafka.group")), ("env", &Origin::Env("CLICKTOP_KAFKA__GROUP".into())));
    assert_eq!((kafka.brokers.as_str(), origin.of("kafka.brokers")), ("file:1", &Origin::File(config.path())));
    assert_eq!(origin.place("kafka.brokers").line, Some(4));
    assert_eq!((kafka.start, origin.of("kafka.start")), (StartAt::Earliest, &Origin::Default));
    assert_eq!(file, Some(config.path()));
}

#[test]
fn an_empty_value_takes_back_what_a_lower_layer_set() {
    let config = Config::new("[log]\nfile = 'clicktop.log'\n");
    let loaded = config.load(&[("CLICKTOP_LOG__FILE", "")]).unwrap();
    assert_eq!(loaded.settings.log.file, None);
    assert_eq!(loaded.origin.of("log.file"), &Origin::Env("CLICKTOP_LOG__FILE".into()));
}

#[test]
fn text_that_looks_like_a_number_stays_text() {
    let loaded = from_env(&[
        ("CLICKTOP_KAFKA__TOPIC", "42"),
        ("CLICKTOP_KAFKA__GROUP", "true"),
        ("CLICKTOP_KAFKA__SECURITY", "sasl_ssl"),
        ("CLICKTOP_KAFKA__SASL__MECHANISM", "PLAIN"),
        ("CLICKTOP_KAFKA__SASL__USERNAME", "007"),
        ("CLICKTOP_KAFKA__SASL__PASSWORD", "123456"),
        ("CLICKTOP_INDEX__USERNAME", "[1]"),
        ("CLICKTOP_INDEX__PASSWORD", "1e3"),
    ]);
    let Settings { kafka, index, .. } = loaded.unwrap().settings;
    assert_eq!((kafka.topic.as_str(), kafka.group.as_str()), ("42", "true"));
    assert_eq!(kafka.sasl.username.as_deref(), Some("007"));
    assert_eq!(kafka.sasl.password.unwrap().expose(), "123456");
    assert_eq!(index.username.as_deref(), Some("[1]"));
    assert_eq!(index.password.unwrap().expose(), "1e3");
}

#[test]
fn the_environment_can_set_every_kind() {
    let settings = from_env(&[
        ("HOME", "/home/a"),
        ("CLICKTOP_DATA_DIR", "~/clicks"),
        ("CLICKTOP_SHUTDOWN_TIMEOUT", "1 min"),
        ("CLICKTOP_INGEST__BATCH_EVENTS", "500"),
        ("CLICKTOP_STORE__CACHE", "1048576"),
        ("CLICKTOP_INDEX__URLS", "http://a:9200, http://b:9200,"),
        ("CLICKTOP_CONSOLE__ASCII", "true"),
        ("CLICKTOP_KAFKA__PROPERTIES__FETCH_WAIT_MAX_MS", "5"),
    ]);
    let settings = settings.unwrap().settings;
    assert_eq!(settings.data_dir, Some("/home/a/clicks".into()));
    assert_eq!(settings.shutdown_timeout, Duration::from_secs(60));
    assert_eq!(settings.ingest.batch_events.get(), 500);
    assert_eq!(settings.store.cache, Bytes::mib(1));
    assert_eq!(settings.index.urls, [EngineUrl::new("http://a:9200"), EngineUrl::new("http://b:9200")]);
    assert!(settings.console.ascii);
    assert_eq!(settings.kafka.properties.iter().collect::<Vec<_>>(), [("fetch.wait.max.ms", "5")]);
}

#[test]
fn the_file_can_set_every_kind() {
    let config = Config::new(
        "data_dir = 'data'\nshutdown_timeout = '1h 30m'\n[log]\nlevel = 'warn,clicktop=debug'\n[store]\ncache = 1048576\n\
         [index]\nurls = 'http://a:9200'\nbulk_bytes = '5MB'\n[kafka.properties]\nfetch.wait.max.ms = 5\n\
         'client.rack' = 'a'\nsocket.keepalive.enable = true\n",
    );
    let settings = config.load(&[]).unwrap().settings;
    assert_eq!(settings.data_dir, Some(config.folder.path().join("data")));
    assert_eq!(settings.shutdown_timeout, Duration::from_secs(5_400));
    assert_eq!((settings.store.cache, settings.index.bulk_bytes), (Bytes::mib(1), Bytes::new(5_000_000)));
    assert_eq!(settings.index.urls, [EngineUrl::new("http://a:9200")]);
    assert_eq!(
        settings.kafka.properties.iter().collect::<Vec<_>>(),
        [("client.rack", "a"), ("fetch.wait.max.ms", "5"), ("socket.keepalive.enable", "true")]
    );
}

#[test]
fn the_users_own_file_is_read_if_it_exists() {
    let config = Config::new("");
    let folder = config.folder.path().join("clicktop");
    let home = config.folder.path().to_str().unwrap();
    assert_eq!(from_env(&[("XDG_CONFIG_HOME", home)]).unwrap().file, None);
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("clicktop.toml"), "kafka.topic = 'mine'").unwrap();
    let loaded = from_env(&[("XDG_CONFIG_HOME", home)]).unwrap();
    assert_eq!((loaded.settings.kafka.topic.as_str(), loaded.file), ("mine", Some(folder.join("clicktop.toml"))));

    let other_config = Config::new("kafka.topic = 'other'");
    let other = other_config.path();
    let named = [("XDG_CONFIG_HOME", home), ("CLICKTOP_CONFIG", other.to_str().unwrap())];
    assert_eq!(from_env(&named).unwrap().settings.kafka.topic, "other");
}

#[test]
fn a_file_that_was_asked_for_must_exist() {
    let error = "cannot read the config file /nowhere/clicktop.toml: No such file or directory (os error 2)";
    let sources = Sources { file: Some("/nowhere/clicktop.toml".into()), ..Sources::default() };
    assert_eq!(load(&sources).unwrap_err().to_string(), error);
    assert_eq!(env_error(&[("CLICKTOP_CONFIG", "/nowhere/clicktop.toml")]), error);
}

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
        ("console.ascii = 'yes'", "console.ascii (line 1): expected true or false, found \"yes\""),
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
        ("kafka.brokers = 'a:1,,b:1'", "kafka.brokers (line 1): name the brokers as host:port, parted by commas".into()),
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

const SECRETS: [(&str, &str); 9] = [
    ("CLICKTOP_KAFKA__SECURITY", "sasl_ssl"),
    ("CLICKTOP_KAFKA__SASL__MECHANISM", "PLAIN"),
    ("CLICKTOP_KAFKA__SASL__USERNAME", "reader"),
    ("CLICKTOP_KAFKA__SASL__PASSWORD", SECRET),
    ("CLICKTOP_KAFKA__TLS__CERTIFICATE_FILE", "c.pem"),
    ("CLICKTOP_KAFKA__TLS__KEY_FILE", "k.pem"),
    ("CLICKTOP_KAFKA__TLS__KEY_PASSWORD", SECRET),
    ("CLICKTOP_KAFKA__PROPERTIES__SASL_OAUTHBEARER_CLIENT_SECRET", SECRET),
    ("CLICKTOP_INDEX__URLS", "https://elastic:hunter2-9f3c@search:9200"),
];

#[test]
fn no_secret_is_printed_when_all_is_well() {
    for index in [("CLICKTOP_INDEX__NAME", "n"), ("CLICKTOP_INDEX__KIND", "elasticsearch")] {
        let loaded = from_env(&[&SECRETS[..], &[index]].concat()).unwrap();
        let json = serde_json::to_string(&loaded.settings).unwrap();
        let printed = format!("{}{loaded:?}{json}{:?}", loaded.render(), loaded.settings.warnings());
        assert!(!printed.contains(SECRET), "{printed}");
        assert!(printed.contains("***"));
    }
    let api_key = from_env(&[("CLICKTOP_INDEX__API_KEY", SECRET)]).unwrap();
    assert!(!format!("{}{api_key:?}", api_key.render()).contains(SECRET));
}

#[test]
fn no_secret_is_printed_when_something_is_wrong() {
    for text in [
        format!("kafka.sasl.password = ['{SECRET}']"),
        format!("kafka.sasl.password = {{ x = '{SECRET}' }}"),
        format!("kafka.sasl.password = '{SECRET}"),
        format!("kafka.sasl.password = {SECRET}"),
        format!("kafka.sasl.pasword = '{SECRET}'"),
        format!("kafka.sasl.password = '{SECRET}'"),
        format!("kafka.sasl.password = '{SECRET}'\nkafka.sasl.password = '{SECRET}'"),
        format!("kafka.properties.sasl.password = '{SECRET}'"),
        format!("kafka.properties.ssl.key.pem = ['{SECRET}']"),
        format!("index.urls = 'elastic:{SECRET}@search'"),
        format!("index.urls = 'http://elastic:{SECRET}@search?x'"),
        format!("index.urls = 'http://search?api_key={SECRET}'"),
        format!("index.danger_accept_invalid_certs = 'http://elastic:{SECRET}@search'"),
        format!("index.password = '{SECRET}'\nindex.password_file = 'f'"),
        format!("index.api_key = '{SECRET}'\nindex.username = 'u'"),
    ] {
        let error = Config::new(&text).load(&[]).unwrap_err();
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains(SECRET), "{text}\n{printed}");
    }
    let number = Config::new("index.password = 123456").load(&[]).unwrap_err().to_string();
    assert!(number.ends_with("expected text in quotes, found a number (***)"), "{number}");
    let misnamed = env_error(&[("CLICKTOP_INDEX__PASSWROD", SECRET)]);
    assert_eq!(
        misnamed,
        "unknown environment variable CLICKTOP_INDEX__PASSWROD; did you mean CLICKTOP_INDEX__PASSWORD?"
    );
}

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
fn the_rendered_settings_say_where_each_came_from() {
    let config = Config::new("[kafka]\ntopic = 'clicks-eu'\nproperties.fetch.wait.max.ms = 5\n");
    let sources = Sources {
        file: Some(config.path()),
        env: vars(&[("CLICKTOP_KAFKA__SECURITY", "ssl"), ("CLICKTOP_INDEX__API_KEY", SECRET)]),
        flags: vec![Override { key: "kafka.group", value: "g".into(), flag: "--group" }],
    };
    let rendered = load(&sources).unwrap().render();
    let rendered = rendered.replace(&format!("{}/", config.folder.path().display()), "");
    let lines: Vec<String> =
        rendered.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "data_dir = \"\" # default",
        "[kafka]",
        "topic = \"clicks-eu\" # clicktop.toml",
        "group = \"g\" # flag --group",
        "security = \"ssl\" # env CLICKTOP_KAFKA__SECURITY",
        "[kafka.properties]",
        "\"fetch.wait.max.ms\" = \"5\" # clicktop.toml",
        "session_timeout = \"30m\" # default",
        "cache = \"32 MiB\" # default",
        "api_key = \"***\" # env CLICKTOP_INDEX__API_KEY",
        "urls = [\"http://localhost:9200\"] # default",
        "batch_events = 20000 # default",
        "mouse = true # default",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} is missing in\n{rendered}");
    }
    let columns: Vec<usize> = rendered.lines().filter_map(|line| line.find("  # ")).collect();
    assert!(columns.windows(2).all(|pair| pair[0] == pair[1]), "{rendered}");
}

#[test]
fn the_rendered_settings_load_again() {
    let config =
        Config::new("kafka.topic = 'a.b-c'\nkafka.properties.client.id = 'say \"hi\"\\u001b'\nlog.level = 'debug'\n");
    let loaded = config.load(&[]).unwrap();
    let again = Config::new(&loaded.render()).load(&[]).unwrap();
    assert_eq!(again.settings, loaded.settings);
}
