//! Tests of the settings: the value that wins, its origin, and the message if a value is wrong.

mod clients;
mod events;
mod presets;
mod secrets;
mod spark;
mod themes;
mod wrong;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::kind::Kind;
use super::names::{CLUSTER_OPTIONS, PROPERTIES, THEMES};
use super::setting::Setting;
use super::*;
use crate::engine::local::stages::ingest::StartAt;

const SECRET: &str = "hunter2-9f3c";

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
        serde_json::Value::Object(map) if ![PROPERTIES, CLUSTER_OPTIONS, THEMES].contains(&prefix) => {
            for (name, value) in map {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                leaves(&key, value, found);
            }
        }
        _ => found.push(prefix.to_owned()),
    }
}

#[test]
fn every_field_of_the_settings_is_declared() {
    let mut fields = Vec::new();
    leaves("", &serde_json::to_value(Settings::default()).unwrap(), &mut fields);
    let mut keys: Vec<&str> = catalogue::settings().map(|setting| setting.key).collect();
    fields.sort();
    keys.sort();
    assert_eq!(keys, fields);
}

#[test]
fn every_choice_is_a_value_of_its_type() {
    for setting in catalogue::settings() {
        let (Kind::Choice(words) | Kind::OptionalChoice(words)) = setting.kind else { continue };
        for word in words {
            let variable = names::variable_of(setting.key);
            // Choices that need others are refused for that, not as unusable.
            match from_env(&[(&variable, word)]) {
                Ok(loaded) => assert_eq!(loaded.origin.of(setting.key), &Origin::Env(variable)),
                Err(error) => assert!(!error.to_string().contains("expected"), "{error}"),
            }
        }
    }
}

#[test]
fn the_sample_is_the_defaults_and_shows_every_setting() {
    let loaded = load(&Sources { file: Some(sample()), ..Sources::default() }).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    for Setting { key, .. } in catalogue::settings().filter(|setting| !setting.kind.is_open()) {
        assert_eq!(loaded.origin.of(key), &Origin::File(sample()), "{key} is missing in the sample");
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
    let Loaded { settings: Settings { kafka, .. }, origin, file, .. } = load(&sources).unwrap();
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
    assert_eq!(settings.console.ascii, Some(true));
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
        "cache = \"16 MiB\" # default",
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
