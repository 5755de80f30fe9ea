//! Passwords and keys go to the one who asks for them, and nowhere else; files are for their owner.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;

use crate::support::kafka::{self, Refusals};
use crate::support::listener::{Listener, http};
use crate::support::program::{Home, stage};

const SASL: &str = "sasl-hunter2-7c1";
const INDEX: &str = "index-hunter2-9f3";
const API_KEY: &str = "YXBpLWtleS1odW50ZXIyLTVkOA==";
const TOKEN: &str = "oauth-hunter2-4e6";

/// Every form in which they could show.
fn forms() -> Vec<String> {
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let plain = [SASL, INDEX, API_KEY, TOKEN].map(str::to_owned);
    let basic = [format!("elastic:{INDEX}"), format!("\0reader\0{SASL}")].map(|pair| encoded(&pair));
    plain.into_iter().chain(basic).chain([SASL, INDEX].map(encoded)).collect()
}

#[track_caller]
fn assert_clean(what: &str, bytes: &[u8]) {
    for form in forms() {
        assert!(memchr::memmem::find(bytes, form.as_bytes()).is_none(), "{form} is in {what}");
    }
}

/// Everything below `directory` but what the user keeps secrets in.
#[track_caller]
fn assert_clean_files(directory: &Path) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_clean_files(&path);
        } else if !path.extension().is_some_and(|kind| kind == "secret" || kind == "toml") {
            assert_clean(&path.display().to_string(), &std::fs::read(&path).expect("a file"));
        }
    }
}

/// Its name, settings of the environment, and a config file.
type Way = (&'static str, Vec<(&'static str, String)>, String);

/// Each way in which secrets are given.
fn ways(home: &Home, engine: u16) -> Vec<Way> {
    let sasl_file = home.file("sasl.secret", format!("{SASL}\n").as_bytes()).display().to_string();
    let index_file = home.file("index.secret", INDEX.as_bytes()).display().to_string();
    let key_file = home.file("key.secret", API_KEY.as_bytes()).display().to_string();
    let url = format!("http://127.0.0.1:{engine}");
    let in_url = format!("http://elastic:{INDEX}@127.0.0.1:{engine}");
    let user = || ("INDEX__USERNAME", "elastic".to_owned());
    vec![
        (
            "environment",
            vec![
                ("KAFKA__SASL__PASSWORD", SASL.to_owned()),
                user(),
                ("INDEX__PASSWORD", INDEX.to_owned()),
                ("INDEX__URLS", url.clone()),
            ],
            String::new(),
        ),
        (
            "files",
            vec![
                ("KAFKA__SASL__PASSWORD_FILE", sasl_file.clone()),
                user(),
                ("INDEX__PASSWORD_FILE", index_file),
                ("INDEX__URLS", url.clone()),
            ],
            String::new(),
        ),
        (
            "url",
            vec![("KAFKA__SASL__PASSWORD_FILE", sasl_file.clone()), ("INDEX__URLS", in_url.clone())],
            String::new(),
        ),
        (
            "key file",
            vec![
                ("KAFKA__SASL__PASSWORD_FILE", sasl_file),
                ("INDEX__API_KEY_FILE", key_file),
                ("INDEX__URLS", url.clone()),
            ],
            String::new(),
        ),
        (
            "config",
            Vec::new(),
            format!(
                "[kafka.sasl]\npassword = '{SASL}'\n[kafka.properties]\n\"sasl.oauthbearer.client.secret\" = '{TOKEN}'\n\
                 [index]\nurls = ['{in_url}']\n"
            ),
        ),
        (
            "key in config",
            Vec::new(),
            format!("[kafka.sasl]\npassword = '{SASL}'\n[index]\nurls = ['{url}']\napi_key = '{API_KEY}'\n"),
        ),
    ]
}

/// An engine that repeats what it was sent, as a proxy may, and lets nobody in.
fn echo() -> Listener {
    Listener::plain(http(|request| {
        let reason = format!("who are you? {}", request.head.replace(['\r', '\n'], " ").replace('"', "'"));
        (401, format!(r#"{{"error":{{"type":"security_exception","reason":"{reason}"}}}}"#))
    }))
}

#[test]
fn no_secret_shows_in_anything_the_program_says_or_writes() {
    let engine = echo();
    let broker = kafka::broker(Refusals::default());
    let stern = kafka::broker(Refusals { credentials: Some("Authentication failed"), ..Refusals::default() });
    std::thread::scope(|scope| {
        for way in 0..6 {
            let (engine, broker, stern) = (engine.port, broker.port, stern.port);
            scope.spawn(move || {
                let home = Home::new();
                let (name, settings, config) = ways(&home, engine).remove(way);
                let config = home.file("clicktop.toml", config.as_bytes()).display().to_string();
                let log = home.path("log").display().to_string();
                let fixed = [
                    ("CONFIG", config),
                    ("KAFKA__SECURITY", "sasl_plaintext".to_owned()),
                    ("KAFKA__SASL__MECHANISM", "PLAIN".to_owned()),
                    ("KAFKA__SASL__USERNAME", "reader".to_owned()),
                    ("KAFKA__CONNECT_TIMEOUT", "1s".to_owned()),
                    ("SHUTDOWN_TIMEOUT", "1s".to_owned()),
                    ("KAFKA__PROPERTIES__DEBUG", "all".to_owned()),
                    ("INDEX__KIND", "elasticsearch".to_owned()),
                    ("LOG__FILE", log.clone()),
                    ("LOG__LEVEL", "trace".to_owned()),
                ];
                let home = fixed
                    .into_iter()
                    .chain(settings)
                    .fold(home, |home, (name, value)| home.with(&format!("CLICKTOP_{name}"), &value));
                let at = format!("127.0.0.1:{broker}");
                let mut run = home.start(&["run", "--headless", "--brokers", &at]);
                run.await_object("refused credentials", |object| {
                    stage(object, "index")["last_error"].as_str().is_some_and(|error| error.contains("401"))
                });
                run.signal("TERM");
                let run = run.end();
                assert!(run.stdout.contains("who are you?"), "{name}: the engine was asked: {run:?}");
                let refused = home.run(&["run", "--headless", "--brokers", &format!("127.0.0.1:{stern}")]);
                assert!(refused.one_clear_line().contains("Authentication failed"), "{name}: {refused:?}");
                for ran in [run, refused, home.run(&["config"]), home.run(&["check"]), home.run(&["top"])] {
                    assert_clean(&format!("{name}: stdout"), ran.stdout.as_bytes());
                    assert_clean(&format!("{name}: stderr"), ran.stderr.as_bytes());
                }
                assert!(std::fs::metadata(&log).expect("a log").len() > 10_000, "{name}: with librdkafka's own lines");
                assert_clean_files(&home.path(""));
            });
        }
    });
}

#[test]
fn an_api_key_goes_to_the_engine_as_it_is_configured() {
    for way in ["setting", "file", "config"] {
        let (sender, heard) = std::sync::mpsc::channel();
        let engine = Listener::plain(http(move |request| {
            let header = request.head.lines().find_map(|line| line.split_once(": ").filter(is_authorization));
            // The test may have ended.
            let _ = sender.send(header.map(|(_, value)| value.to_owned()));
            (401, "{}".to_owned())
        }));
        let home = Home::new();
        let (name, value) = match way {
            "setting" => ("INDEX__API_KEY", API_KEY.to_owned()),
            "file" => {
                let file = home.file("key.secret", format!("{API_KEY}\n").as_bytes());
                ("INDEX__API_KEY_FILE", file.display().to_string())
            }
            _ => {
                let file = home.file("clicktop.toml", format!("[index]\napi_key = '{API_KEY}'\n").as_bytes());
                ("CONFIG", file.display().to_string())
            }
        };
        let home = home
            .with(&format!("CLICKTOP_{name}"), &value)
            .with("CLICKTOP_INDEX__KIND", "elasticsearch")
            .with("CLICKTOP_INDEX__URLS", &format!("http://127.0.0.1:{}", engine.port))
            .with("CLICKTOP_KAFKA__BROKERS", "127.0.0.1:1")
            .with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "1s");
        home.run(&["check"]);
        let headers: Vec<_> = heard.try_iter().collect();
        assert!(!headers.is_empty(), "{way}: the engine was not asked");
        for header in headers {
            assert_eq!(header, Some(format!("ApiKey {API_KEY}")), "{way}");
        }
    }
}

fn is_authorization((name, _): &(&str, &str)) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

#[test]
fn a_value_in_the_wrong_place_is_not_repeated() {
    for (setting, value) in [
        ("KAFKA__SASL__MECHANISM", SASL.to_owned()),
        ("INDEX__URLS", format!("elastic:{INDEX}@search")),
        ("INDEX__URLS", format!("http://search?key={INDEX}")),
        ("KAFKA__PROPERTIES__SASL_PASSWORD", SASL.to_owned()),
        ("INDEX__PASWORD", INDEX.to_owned()),
        ("INDEX__PASSWORD_FILE", format!("/no/such/{}", "file")),
    ] {
        let home = Home::new().with(&format!("CLICKTOP_{setting}"), &value);
        for arguments in [&["config"][..], &["run", "--headless"], &["check"]] {
            let ran = home.run(arguments);
            if setting != "KAFKA__SASL__MECHANISM" {
                assert_clean(setting, format!("{}{}", ran.stdout, ran.stderr).as_bytes());
            }
        }
    }
}

#[test]
fn every_file_is_for_its_owner_alone() {
    let home = Home::new();
    let backup = home.path("backup.db").display().to_string();
    let mut run = home.start(&["demo", "--headless", "--rate", "1k", "--log-file", "log"]);
    run.await_object("documents", |object| object["totals"]["documents"].as_u64() > Some(0));
    home.succeed(&["backup", &backup]);
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(home.data()).expect("a directory") {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().expect("a name").to_string_lossy().into_owned());
    }
    for name in ["clicktop.db", "clicktop.db-wal", "clicktop.db-shm", "clicktop.lock", "search.db"] {
        assert!(names.iter().any(|found| found == name), "{name} is not among {names:?}");
    }
    assert_eq!((mode(&home.data()), mode(&home.path("log")), mode(&home.path("backup.db"))), (0o700, 0o600, 0o600));
    run.signal("TERM");
    assert!(run.end().status.success());
}
