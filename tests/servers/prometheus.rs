//! A real Prometheus that scrapes the real program, with the alert rules.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kafka::{Kafka, through};
use crate::server;
use crate::support::HANG;
use crate::support::clicks::made;
use crate::support::program::{Home, signal};

/// A port on which nothing listened a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// Prometheus at work. Ended if it is dropped.
struct Prometheus {
    child: Child,
    url: String,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Prometheus {
    /// Starts `program`, which scrapes `target` each second.
    fn start(program: &str, home: &Home, target: &str) -> Self {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/prometheus/alerts.yml");
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [\"{}\"]\nscrape_configs:\n  - job_name: clicktop\n    \
             static_configs: [{{targets: [\"{target}\"]}}]\n",
            rules.display()
        );
        let config = home.file("prometheus.yml", config.as_bytes());
        let (data, listen) = (home.path("prometheus"), format!("127.0.0.1:{}", free_port()));
        let child = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg(format!("--web.listen-address={listen}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Prometheus starts");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = reqwest::Client::builder().no_proxy().timeout(HANG).build().expect("a client");
        Self { child, url: format!("http://{listen}"), runtime, client }
    }

    /// The body at `url`, if it answers with success.
    fn get(&self, url: &str) -> Option<String> {
        let request = async { self.client.get(url).send().await.ok()?.error_for_status().ok()?.text().await.ok() };
        self.runtime.block_on(request)
    }

    /// What the API says at `path`.
    fn api(&self, path: &str) -> Option<Value> {
        let text = self.get(&format!("{}/api/v1/{path}", self.url))?;
        Some(serde_json::from_str::<Value>(&text).ok()?["data"].clone())
    }

    /// The values of `query` now.
    fn query(&self, query: &str) -> Vec<f64> {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let data = self.api(&format!("query?query={encoded}")).unwrap_or_default();
        let samples = data["result"].as_array().cloned().unwrap_or_default();
        samples.iter().filter_map(|sample| sample["value"][1].as_str()?.parse().ok()).collect()
    }

    /// Waits until `query` has the one value `wanted`.
    #[track_caller]
    fn await_value(&self, query: &str, wanted: f64) {
        let deadline = Instant::now() + HANG;
        let mut last = Vec::new();
        while Instant::now() < deadline {
            last = self.query(query);
            if last == [wanted] {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{query} is {last:?}, and not {wanted}");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        signal(self.child.id(), "TERM");
        let _ = self.child.wait();
    }
}

/// What `promtool check metrics` has to say of `page`.
fn checked(promtool: &str, page: &str) -> String {
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    child.stdin.take().expect("a pipe").write_all(page.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{output:?}\n{page}");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn prometheus_scrapes_figures_and_alarms_and_promtool_finds_the_page_clean() {
    let (Some(kafka), Some(program), Some(promtool)) =
        (Kafka::plain(), server("CLICKTOP_TEST_PROMETHEUS"), server("CLICKTOP_TEST_PROMTOOL"))
    else {
        return;
    };
    let topic = kafka.topic(3);
    topic.send(&made(951, 5_000), "lz4");
    let home = topic
        .home()
        .with("CLICKTOP_ALARMS__REJECTS__BEGIN", "5")
        .with("CLICKTOP_ALARMS__REJECTS__HOLD", "0 s")
        .with("CLICKTOP_ALARMS__CALM", "0 s");
    let target = format!("127.0.0.1:{}", free_port());
    let mut run = home.start(&["run", "--headless", "--listen", &target]);
    run.await_object("everything indexed", through(5_000));
    let prometheus = Prometheus::start(&program, &home, &target);
    let page = prometheus.get(&format!("http://{target}/metrics")).expect("a page");
    assert_eq!(checked(&promtool, &page), "", "{page}");
    prometheus.await_value("clicktop_clicks", 5_000.0);
    prometheus.await_value("sum(clicktop_partition_stored_offset)", 5_000.0);
    prometheus.await_value("clicktop_lag_messages", 0.0);
    prometheus.await_value("sum(clicktop_stage_state{state=\"running\"})", 4.0);
    prometheus.await_value("clicktop_index_bulk_seconds_count - clicktop_index_bulks_total", 0.0);
    prometheus.await_value("sum(clicktop_alarms_active)", 0.0);
    prometheus.await_value("up", 1.0);
    // Each alert rule can be computed.
    let rules = prometheus.api("rules").expect("rules");
    let rules = rules["groups"][0]["rules"].as_array().expect("a list").clone();
    assert!(rules.len() >= 10 && rules.iter().all(|rule| rule["lastError"].is_null()), "{rules:#?}");
    // An alarm of clicktop is an alert of Prometheus, until the minute is over.
    topic.send_payloads(std::iter::repeat_n(&b"no click"[..], 20));
    prometheus.await_value("clicktop_alarms_active{alarm=\"rejects\",severity=\"warning\"}", 1.0);
    prometheus.await_value("ALERTS{alertname=\"ClicktopAlarm\",alarm=\"rejects\",alertstate=\"firing\"}", 1.0);
    prometheus.await_value("clicktop_alarms_active{alarm=\"rejects\",severity=\"warning\"}", 0.0);
    prometheus.await_value("clicktop_alarms_begun_total{alarm=\"rejects\"}", 1.0);
    run.signal("TERM");
    assert!(run.end().status.success());
    prometheus.await_value("up", 0.0);
}
