//! Commands and webhooks that work, fail, hang, or are asked too often.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use wiremock::matchers::{body_partial_json, header, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::lane::Teller as _;
use super::*;
use crate::engine::alarms::AlarmChange;
use crate::protocol::alarm::{Alarm, Severity};
use crate::protocol::snapshot::SourceStatus;
use crate::secret::Secret;
use crate::secure_server::secure_server;

fn change(text: &str, lasted: Option<Duration>) -> AlarmChange {
    let alarm = Alarm {
        name: "stage".into(),
        stage: Some("index".into()),
        severity: Severity::Critical,
        since: SystemTime::UNIX_EPOCH + Duration::from_millis(1_769_851_800_125),
        text: text.into(),
        value: None,
        limit: Some(300.0),
        right_since: None,
        concerns: None,
        acknowledged: None,
    };
    AlarmChange { alarm, lasted, by_stop: false }
}

fn message(text: &str, lasted: Option<Duration>) -> Message {
    let source = SourceStatus {
        description: "kafka:9092".into(),
        topic: "clicks".into(),
        group: "clicktop".into(),
        ..SourceStatus::default()
    };
    Message::new(&change(text, lasted), &source)
}

fn shell(script: &str) -> CommandLine {
    CommandLine { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] }
}

fn options(command: CommandLine) -> TellOptions {
    let a_minute = NonZeroUsize::new(100).unwrap();
    TellOptions { command: Some(command), webhook: None, timeout: Duration::from_secs(60), a_minute }
}

/// Tells `messages` to the end.
async fn told(options: TellOptions, messages: Vec<Message>) {
    let tellers = Tellers::start(options);
    for message in messages {
        tellers.tell(|| message);
    }
    for lane in tellers.0 {
        lane.end().await;
    }
}

#[tokio::test]
async fn the_command_gets_everything_as_variables_and_as_json_and_no_shell_reads_any_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let script = format!(
        "{{ printf '%s\\n' \"$CLICKTOP_ALARM_EVENT|$CLICKTOP_ALARM_NAME|$CLICKTOP_ALARM_STAGE|$CLICKTOP_ALARM_SEVERITY|\
         $CLICKTOP_ALARM_TEXT|$CLICKTOP_ALARM_SINCE|$CLICKTOP_ALARM_LASTED_SECONDS|$1\"; cat; echo; }} >> {}",
        out.display()
    );
    let mut command = shell(&script);
    command.arguments.extend(["name".into(), "$(touch never)".into()]);
    let text = "refused; $(rm -rf x) `id` \u{1b}[2J \"quoted\" \n\0";
    told(options(command), vec![message(text, None), message(text, Some(Duration::from_millis(90_500)))]).await;
    let written = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    let safe = "refused; $(rm -rf x) `id` \\u{1b}[2J \"quoted\" \\n\\u{0}";
    let head = |event: &str, lasted: &str| {
        format!("{event}|stage|index|critical|{safe}|2026-01-31T09:30:00.125Z|{lasted}|$(touch never)")
    };
    assert_eq!((lines[0], lines[2]), (head("begin", "").as_str(), head("end", "90.5").as_str()));
    let json: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(
        (&json["event"], &json["text"], &json["topic"], &json["value"], &json["limit"]),
        (&"begin".into(), &safe.into(), &"clicks".into(), &serde_json::Value::Null, &300.0.into())
    );
}

#[tokio::test]
async fn the_command_does_not_inherit_settings_which_may_be_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let script = format!("env | grep ^CLICKTOP_ | grep -v ^CLICKTOP_ALARM_ > {}; true", out.display());
    told(options(shell(&script)), vec![message("x", None)]).await;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "");
}

#[tokio::test]
async fn begin_and_end_are_told_in_order_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    // The begin takes longer than the end: at once, the end would come first.
    let script =
        format!("[ $CLICKTOP_ALARM_EVENT = end ] || sleep 0.2; echo $CLICKTOP_ALARM_EVENT >> {}", out.display());
    told(options(shell(&script)), vec![message("x", None), message("x", Some(Duration::from_secs(1)))]).await;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "begin\nend\n");
}

/// Whether the process whose id is in `file` is gone.
fn is_gone(file: &Path) -> bool {
    let id = std::fs::read_to_string(file).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    status.is_empty() || status.contains(") Z ")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_that_hangs_is_killed_with_what_it_has_started_and_the_next_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let [child, out] = ["child", "out"].map(|name| folder.path().join(name));
    let script = format!(
        "if [ $CLICKTOP_ALARM_EVENT = begin ]; then sleep 1000 & echo $! > {}; wait; else echo told > {}; fi",
        child.display(),
        out.display()
    );
    let options = TellOptions { timeout: Duration::from_millis(700), ..options(shell(&script)) };
    told(options, vec![message("x", None), message("x", Some(Duration::from_secs(1)))]).await;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "told\n");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_gone(&child) {
        assert!(Instant::now() < deadline, "it lives on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_failure_names_the_program_its_status_and_its_first_words() {
    let failed = shell("echo 'no route to the pager' >&2; echo more >&2; exit 3").tell(&message("x", None)).await;
    assert_eq!(failed.unwrap_err(), "/bin/sh: exit status: 3: no route to the pager");
    let absent = CommandLine { program: "/no/such/program".into(), arguments: Vec::new() };
    let failed = absent.tell(&message("x", None)).await.unwrap_err();
    assert!(failed.starts_with("cannot start /no/such/program: No such file"), "{failed}");
    // More output than a pipe holds stops nobody, and nobody keeps it.
    let noisy = shell("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1").tell(&message("x", None)).await;
    assert!(noisy.unwrap_err().len() < 2_000);
    // A text that no environment holds is cut, and nobody has to read the JSON.
    shell("exec <&-; true").tell(&message(&"long ".repeat(100_000), None)).await.unwrap();
}

#[tokio::test]
async fn more_than_fit_into_a_lane_do_not_block_and_no_more_than_allowed_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let script = format!("echo run >> {}", out.display());
    let mut tellers =
        Tellers::start(TellOptions { a_minute: NonZeroUsize::new(2).unwrap(), ..options(shell(&script)) });
    let begin = Instant::now();
    for _ in 0..10_000 {
        tellers.tell(|| message("x", None));
    }
    assert!(begin.elapsed() < Duration::from_secs(30), "the engine waits for nobody");
    // The end of the engine waits for a moment only.
    tellers.end().await;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "run\nrun\n");
}

#[tokio::test]
async fn a_webhook_gets_the_json_and_its_url_shows_nowhere() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(header("content-type", "application/json"))
        .and(body_partial_json(serde_json::json!({"event": "begin", "alarm": "stage", "stage": "index"})))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let hook = |url: String| Webhook::new(WebhookOptions { url: Secret::new(url), ca_file: None });
    let good = hook(format!("{}/hooks/hunter2?key=hunter2", server.uri()));
    good.tell(&message("x", None)).await.unwrap();
    server.verify().await;
    server.reset().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(500).set_body_string("hunter2"))
        .mount(&server)
        .await;
    let refused = good.tell(&message("x", None)).await.unwrap_err();
    assert_eq!(refused, "the server answered 500 Internal Server Error");
    server.reset().await;
    let elsewhere = ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:1/hunter2");
    Mock::given(method("POST")).respond_with(elsewhere).mount(&server).await;
    let moved = good.tell(&message("x", None)).await.unwrap_err();
    assert!(moved.contains("302") && moved.contains("no redirects") && !moved.contains("hunter2"), "{moved}");
    let closed = hook("http://user:hunter2@127.0.0.1:1/hunter2".into()).tell(&message("x", None)).await.unwrap_err();
    assert!(closed.contains("refused") && !closed.contains("hunter2"), "{closed}");
}

#[tokio::test]
async fn a_webhook_with_a_certificate_of_ones_own_needs_its_authority() {
    let (server, pem) = secure_server("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
    let url = format!("{server}/hunter2");
    let file = tempfile::NamedTempFile::new().unwrap();
    let hook = |ca_file: Option<&Path>| {
        Webhook::new(WebhookOptions { url: Secret::new(url.clone()), ca_file: ca_file.map(Path::to_owned) })
    };
    let unknown = hook(None).tell(&message("x", None)).await.unwrap_err();
    assert!(unknown.contains("UnknownIssuer") && !unknown.contains("hunter2"), "{unknown}");
    let empty = hook(Some(file.path())).tell(&message("x", None)).await.unwrap_err();
    assert!(empty.contains("alarms.webhook_ca_file") && empty.contains("no certificate"), "{empty}");
    std::fs::write(file.path(), pem).unwrap();
    hook(Some(file.path())).tell(&message("x", None)).await.unwrap();
    let missing = hook(Some(Path::new("/no/ca.pem"))).tell(&message("x", None)).await.unwrap_err();
    assert!(missing.contains("alarms.webhook_ca_file /no/ca.pem: No such file"), "{missing}");
}

#[tokio::test]
async fn without_a_command_and_a_webhook_no_message_is_even_made() {
    let mut tellers = Tellers::start(TellOptions::default());
    tellers.tell(|| panic!("nobody is told"));
    tellers.end().await;
}
