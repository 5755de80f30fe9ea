//! `clicktop check` against search engines, and what sits in their place: one line that says what is wrong and what to do.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::check::{alert, assert_documented, fails, file, found, silent};
use crate::support::listener::{Listener, Request, http};
use crate::support::program::{Home, Ran, Running};

/// What an engine with the index `clicktop` says to requests that it grants.
fn engine(mapping: &str, bulk: (u16, &str), request: &Request) -> (u16, String) {
    match request.path.split('?').next().unwrap_or_default() {
        "/" => (200, r#"{"version":{"number":"9.1.0"}}"#.to_owned()),
        "/clicktop/_mapping" => (200, mapping.to_owned()),
        "/clicktop/_bulk" => (bulk.0, bulk.1.to_owned()),
        "/clicktop/_count" => (200, r#"{"count":0}"#.to_owned()),
        _ => (404, "{}".to_owned()),
    }
}

/// The answer to a document that claims a state which it has not.
const TAKEN: &str = r#"{"items":[{"index":{"status":409,"error":{"type":"version_conflict_engine_exception"}}}]}"#;

const FIT: &str = r#"{"clicktop":{"mappings":{"properties":{"url":{"type":"keyword"},"country":{"type":"keyword"},
    "clicks":{"type":"long"},"unique_users":{"type":"long"},"avg_time_spent":{"type":"double"},
    "first_seen":{"type":"date"},"last_seen":{"type":"date"},"updated_at":{"type":"date"}}}}}"#;

#[track_caller]
pub fn index_fails(url: &str, more: &[(&str, &str)], words: &[&str]) {
    let settings =
        [&[("INDEX__KIND", "elasticsearch"), ("INDEX__URLS", url), ("KAFKA__BROKERS", "127.0.0.1:1")], more].concat();
    fails(Home::new(), &settings, "index", words);
}

fn url(listener: &Listener) -> String {
    format!("http://127.0.0.1:{}", listener.port)
}

#[test]
fn an_engine_that_cannot_be_reached() {
    let begun = Instant::now();
    let settings = [("INDEX__KIND", "elasticsearch"), ("INDEX__URLS", "http://127.0.0.1:1,http://127.0.0.1:2")];
    let line = found(Home::new(), &[&settings[..], &[("KAFKA__CONNECT_TIMEOUT", "1ms")]].concat(), "index");
    assert!(line.contains("refused") && line.contains("check index.urls"), "{line}");
    // The limit is 2 s: nobody waited for a port that refuses.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    index_fails("http://127.0.0.1:1", &[], &["refused", "check index.urls"]);
    index_fails("http://no-such-host.invalid:9200", &[], &["names in index.urls"]);
    index_fails(&url(&Listener::plain(silent)), &[], &["did not answer within 2s", "index.request_timeout"]);
}

#[test]
fn an_engine_and_tls() {
    let good = || http(|request| engine(FIT, (200, TAKEN), request));
    let secure = Listener::tls("localhost", good());
    let at = format!("localhost:{}", secure.port);
    index_fails(&format!("https://{at}"), &[], &["UnknownIssuer", "index.ca_file"]);
    index_fails(&format!("http://{at}"), &[], &["begin index.urls with https://"]);
    let plain = Listener::plain(good());
    index_fails(&format!("https://localhost:{}", plain.port), &[], &["begin index.urls with http://"]);
    let other = Listener::tls("other.example", good());
    let folder = Home::new();
    let ca = file(&folder, "other.pem", other.authority.as_deref().expect("an authority"));
    let words = ["other.example", "name the engine in index.urls as its certificate does"];
    index_fails(&format!("https://localhost:{}", other.port), &[("INDEX__CA_FILE", &ca)], &words);
    index_fails(&format!("https://{at}"), &[("INDEX__CA_FILE", "/no/ca.pem")], &["CA file /no/ca.pem"]);

    // And with its authority named, or nothing looked at, which is said.
    let ca = file(&folder, "ca.pem", secure.authority.as_deref().expect("an authority"));
    let with = |more: (&str, &str)| {
        let settings = [("INDEX__KIND", "elasticsearch"), ("INDEX__URLS", &format!("https://{at}")), more];
        found(Home::new(), &settings, "index")
    };
    assert!(with(("INDEX__CA_FILE", &ca)).contains("ok     https://localhost"));
    let settings = [
        ("INDEX__KIND", "elasticsearch"),
        ("INDEX__URLS", &format!("https://{at}")),
        ("INDEX__DANGER_ACCEPT_INVALID_CERTS", "true"),
    ];
    let warned = found(Home::new(), &settings, "config   warn");
    assert!(warned.contains("index.danger_accept_invalid_certs is on: anyone"), "{warned}");
}

#[test]
fn an_engine_that_wants_a_certificate_of_ours() {
    let engine = Listener::mutual_tls("localhost", silent);
    let folder = Home::new();
    let ca = file(&folder, "ca.pem", engine.authority.as_deref().expect("an authority"));
    let url = |port: u16| format!("https://localhost:{port}");
    let words = ["fatal alert: CertificateRequired", "a certificate of its clients"];
    index_fails(&url(engine.port), &[("INDEX__CA_FILE", &ca)], &words);
    index_fails(&url(alert(42).port), &[], &["fatal alert: BadCertificate", "a certificate of its clients"]);
    index_fails(&url(alert(40).port), &[], &["fatal alert: HandshakeFailure", "a certificate of its clients"]);
}

#[test]
fn an_engine_that_refuses_the_user_or_what_the_user_asks_for() {
    let always = |status: u16, body: &'static str| Listener::plain(http(move |_| (status, body.to_owned())));
    let missing =
        r#"{"error":{"type":"security_exception","reason":"missing authentication credentials for REST request [/]"}}"#;
    index_fails(&url(&always(401, missing)), &[], &["(401)", "set index.username"]);
    let wrong =
        r#"{"error":{"type":"security_exception","reason":"unable to authenticate user [u] for REST request [/]"}}"#;
    let user = [("INDEX__USERNAME", "u"), ("INDEX__PASSWORD", "hunter2")];
    index_fails(&url(&always(401, wrong)), &user, &["(401)", "check index.username and its password"]);
    let denied = r#"{"error":{"type":"security_exception","reason":"action [cluster:monitor/main] is unauthorized for user [u]"}}"#;
    index_fails(&url(&always(403, denied)), &user, &["(403)", "grant the user `monitor` on the cluster"]);

    let writing = |bulk: (u16, &'static str)| Listener::plain(http(move |request| engine(FIT, bulk, request)));
    let denied = r#"{"error":{"type":"security_exception","reason":"action [indices:data/write/bulk] is unauthorized for user [u]"}}"#;
    index_fails(&url(&writing((403, denied))), &user, &["writing is denied", "`write`"]);
}

#[test]
fn an_index_that_takes_no_documents() {
    let refusing = |status: u16, kind: &str, reason: &str| {
        let error = format!(r#"{{"type":"{kind}","reason":"{reason}"}}"#);
        let item = format!(r#"{{"items":[{{"index":{{"status":{status},"error":{error}}}}}]}}"#);
        Listener::plain(http(move |request| engine(FIT, (200, &item), request)))
    };
    for (status, kind, reason, advice) in [
        (
            429,
            "cluster_block_exception",
            "index [clicktop] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has \
             read-only-allow-delete block];",
            "free the engine's disk",
        ),
        (
            403,
            "cluster_block_exception",
            "index [clicktop] blocked by: [FORBIDDEN/8/index write (api)];",
            "lift the block",
        ),
        (
            403,
            "cluster_block_exception",
            "blocked by: [FORBIDDEN/6/cluster read-only (api)];",
            "cluster.blocks.read_only",
        ),
        (400, "index_closed_exception", "closed", "open the index"),
        (400, "routing_missing_exception", "routing is required for [clicktop]/[a]", "requires a _routing"),
        (
            400,
            "illegal_argument_exception",
            "no write index is defined for alias [clicktop].",
            "give the alias a write index",
        ),
        (
            400,
            "illegal_argument_exception",
            "only write ops with an op_type of create are allowed",
            "it is a data stream",
        ),
        (400, "illegal_argument_exception", "pipeline with id [nope] does not exist", "create that ingest pipeline"),
        (400, "document_parsing_exception", "failed to parse field [first_seen]", "correct the index's mapping"),
    ] {
        let words = ["the index takes no documents", reason.trim_end_matches("];"), advice];
        index_fails(&url(&refusing(status, kind, reason)), &[], &words);
    }
}

/// Answers every request with a redirect to `location`.
fn redirecting(location: String) -> Listener {
    Listener::plain(move |stream, _| {
        let _ = stream.read(&mut [0; 4096]);
        let head =
            format!("HTTP/1.1 301 Moved\r\nlocation: {location}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    })
}

#[test]
fn an_engine_behind_a_redirect_or_a_proxy() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let elsewhere = Listener::plain(http(move |request| {
        counted.fetch_add(1, Ordering::Relaxed);
        engine(FIT, (200, TAKEN), request)
    }));
    let redirect = redirecting(format!("{}/", url(&elsewhere)));
    let words = [&format!("redirects to {} (301)", url(&elsewhere))[..], "set index.urls to that"];
    index_fails(&url(&redirect), &[], &words);
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nothing went there");

    // A proxy of the environment is named, and what is on this machine is not asked through it.
    let proxy = Listener::plain(http(|_| (502, "the proxy has no way there".to_owned())));
    let through = |engine: &str, no_proxy: &str| {
        let at = url(&proxy).replace("http://", "http://u:hunter2@");
        let home = Home::new().with("http_proxy", &at).with("ALL_PROXY", &at).with("no_proxy", no_proxy);
        let settings = [("INDEX__KIND", "elasticsearch"), ("INDEX__URLS", engine), ("KAFKA__BROKERS", "127.0.0.1:1")];
        found(home, &settings, "index")
    };
    let line = through("http://search.invalid:9200", "");
    let named =
        format!("(through the proxy {} of the environment) answered 502: the proxy has no way there", url(&proxy));
    assert!(line.contains(&named), "{line}");
    assert_documented(&line);
    let line = through("http://search.invalid:9200", "invalid");
    assert!(line.contains("names in index.urls") && !line.contains("proxy"), "{line}");
    for here in [url(&elsewhere), url(&elsewhere).replace("127.0.0.1", "localhost")] {
        let line = through(&here, "");
        assert!(line.contains("ok ") && !line.contains("proxy"), "{line}");
    }
}

/// Blanks without end as gzip, a thousandth of their number on the wire.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let blanks = vec![b' '; 1 << 20];
    (0..600).for_each(|_| encoder.write_all(&blanks).expect("memory"));
    encoder.finish().expect("memory")
}

/// Waits for the program's end; also the most memory that it has had resident.
#[cfg(target_os = "linux")]
fn watched(running: Running) -> (Ran, u64) {
    let status = format!("/proc/{}/status", running.id());
    let has_ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut peak = 0;
            while !has_ended.load(Ordering::Relaxed) {
                // The system keeps the peak, but not beyond the process's end.
                let told = std::fs::read_to_string(&status).unwrap_or_default();
                let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
                peak = line.and_then(|kib| kib.parse::<u64>().ok()).map_or(peak, |kib| peak.max(kib << 10));
                std::thread::sleep(Duration::from_millis(1));
            }
            peak
        });
        let ran = running.end();
        has_ended.store(true, Ordering::Relaxed);
        (ran, watching.join().expect("a peak"))
    })
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_grows_without_bound_takes_no_memory() {
    const MOST: u64 = 150 << 20;
    let bomb = Arc::new(bomb());
    for status in [200, 400] {
        let bomb = Arc::clone(&bomb);
        let engine = Listener::plain(move |stream, _| {
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 {status} as asked\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\
                 connection: close\r\ncontent-length: {}\r\n\r\n",
                bomb.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bomb));
        });
        let at = url(&engine);
        let home = [("INDEX__KIND", "elasticsearch"), ("INDEX__URLS", at.as_str()), ("KAFKA__BROKERS", "127.0.0.1:1")]
            .iter()
            .chain(&[("KAFKA__CONNECT_TIMEOUT", "1s")])
            .fold(Home::new(), |home, (name, value)| home.with(&format!("CLICKTOP_{name}"), value));
        let (ran, peak) = watched(home.start(&["check"]));
        let line = ran.stdout.lines().find(|line| line.starts_with("index    FAILED"));
        assert!(line.is_some_and(|line| line.contains(&status.to_string())), "{ran:?}");
        assert!(peak > 0 && peak < MOST, "{peak} bytes for {status}");
    }
}

#[test]
fn an_engine_that_is_none_or_whose_index_does_not_fit() {
    let always = |status: u16, body: &'static str| Listener::plain(http(move |_| (status, body.to_owned())));
    index_fails(&url(&always(200, "<html>hello</html>")), &[], &["is this Elasticsearch or OpenSearch?"]);
    index_fails(&url(&always(503, "the cluster is not up")), &[], &["503", "look after the engine"]);
    let mapped = |mapping: &'static str| Listener::plain(http(move |request| engine(mapping, (200, TAKEN), request)));
    let text = r#"{"clicktop":{"mappings":{"properties":{"url":{"type":"text"}}}}}"#;
    index_fails(&url(&mapped(text)), &[], &["is text, not keyword", "choose another index name"]);
    let fit = mapped(FIT);
    let settings = [("INDEX__KIND", "elasticsearch"), ("INDEX__URLS", &url(&fit))];
    let line = found(Home::new(), &settings, "index");
    assert!(line.contains("the index is ready, writing is allowed"), "{line}");
}
