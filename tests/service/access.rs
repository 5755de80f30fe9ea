//! Who may do what, by address and token.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use crate::rig::{Client, READ, STEER, Served, until};
use crate::support::program::Home;

const STOP: &str = r#"{"stage":{"id":"index","action":"stop"}}"#;

/// The status of each kind of request.
fn matrix(client: &Client) -> [u16; 5] {
    [
        client.get("/healthz").status,
        client.get("/readyz").status,
        client.get("/v1/snapshot?light=true").status,
        client.get("/v1/top?limit=1").status,
        client.post("/v1/commands", STOP).status,
    ]
}

#[test]
fn without_a_token_a_port_of_this_machine_reads_and_only_the_socket_steers() {
    let served = Served::start();
    until("every stage", || served.socket().get("/readyz").status == 200);
    assert_eq!(matrix(&served.tcp()), [200, 200, 200, 200, 403]);
    assert!(served.tcp().post("/v1/commands", STOP).refused(403).contains("serve.steer_token_file"));
    assert_eq!(matrix(&served.socket())[4], 202);
    // A web page that this machine's browser shows.
    for (name, value) in
        [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site")]
    {
        assert_eq!(matrix(&served.tcp().with(name, value)), [200, 403, 403, 403, 403]);
    }
    // One whose name was made to lead here.
    assert_eq!(matrix(&served.tcp().with("Host", "evil.example")), [200, 421, 421, 421, 421]);
    assert_eq!(served.tcp().with("Host", "evil.example").get("/healthz").text(), "ok\n");
    served.end();
}

#[test]
fn with_tokens_nothing_is_told_without_one_and_each_does_what_it_is_for() {
    let served = Served::with_tokens();
    until("every stage", || served.socket().get("/readyz").status == 200);
    assert_eq!(matrix(&served.tcp()), [200, 401, 401, 401, 401]);
    assert_eq!(matrix(&served.tcp().token("wrong-0123456789abcdef")), [200, 401, 401, 401, 401]);
    assert_eq!(matrix(&served.tcp().token(&STEER[..STEER.len() - 1])), [200, 401, 401, 401, 401]);
    assert_eq!(matrix(&served.tcp().token(READ)), [200, 200, 200, 200, 403]);
    assert_eq!(matrix(&served.tcp().token(STEER).with("Host", "any.example"))[..4], [200, 200, 200, 200]);
    assert_eq!(served.tcp().token(STEER).post("/v1/commands", STOP).status, 202);
    for client in [served.tcp(), served.tcp().token("wrong-0123456789abcdef")] {
        for path in
            ["/v1/snapshot", "/v1/stream", "/v1/top", "/v1/breakdown", "/nothing", "/v1/commands", "/v1/streams/x"]
        {
            let refused = client.get(path).refused(401);
            assert!(!refused.contains("stage") && !refused.contains("stream"), "{refused}");
        }
    }
    // Neither the process list nor the settings as printed show them.
    let command = std::fs::read_to_string(format!("/proc/{}/cmdline", served.demo.id())).expect("a process");
    let config = served.home.succeed(&["config"]).stdout;
    for text in [command, config] {
        assert!(!text.contains(READ) && !text.contains(STEER), "{text}");
    }
    served.end();
}

#[test]
fn the_socket_is_its_owners_and_is_never_taken_from_a_living_process() {
    let mut served = Served::start();
    let mode = served.path().symlink_metadata().expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let path = served.path().display().to_string();
    let other = served.home.path("other").display().to_string();
    let second = served.home.run(&["demo", "--headless", "--data-dir", &other, "--listen", &path]);
    assert!(second.one_clear_line().contains("another clicktop listens there already"), "{second:?}");
    served.demo.kill_9();
    assert!(served.path().exists(), "a killed process leaves its socket");
    let again = Served::start_in(served.home);
    again.end();
}

#[test]
fn a_foreign_user_cannot_open_the_socket() {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    let served = Served::start();
    let open = |user: Option<u32>| {
        let mut command = Command::new("python3");
        command
            .args(["-c", "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"])
            .arg(served.path());
        if let Some(user) = user {
            command.uid(user);
        }
        command.output().is_ok_and(|output| output.status.success())
    };
    // Only root may become somebody else.
    if Command::new("true").uid(65_534).status().is_err() || !open(None) {
        println!("skipped: this needs root and python3");
        return;
    }
    // The directory above must not be what keeps the other user out.
    std::fs::set_permissions(served.home.path(""), PermissionsExt::from_mode(0o755)).expect("an open directory");
    assert!(!open(Some(65_534)), "nobody opens the socket of another user");
    let mut ctl = served.home.command(&["ctl", "status", "--at", &served.path().display().to_string()]);
    // Where another user may not run the program, there is nothing to see.
    if let Ok(ran) = ctl.uid(65_534).current_dir("/").output() {
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(!ran.status.success() && said.lines().count() == 1, "{said}");
        assert!(said.contains("belongs to root; run this with sudo; or let the service listen at a TCP"), "{said}");
    }
    served.end();
}

#[test]
fn addresses_that_give_too_much_away_are_refused_before_anything_starts() {
    let home = Home::new();
    let refused = |arguments: &[&str]| {
        let ran = home.run(&[&["demo", "--headless"], arguments].concat());
        ran.one_clear_line().to_owned()
    };
    assert!(refused(&["--listen", "0.0.0.0:0"]).contains("needs a token"));
    assert!(refused(&["--listen", "box"]).contains("HOST:PORT"));
    assert!(refused(&["--listen", "http://127.0.0.1:1"]).contains("is a url"));
    let listener = UnixListener::bind(home.path("taken")).expect("a socket");
    let taken = home.path("taken").display().to_string();
    assert!(refused(&["--listen", &taken]).contains("listens there already"));
    drop(listener);
    let file = home.file("file", b"mine").display().to_string();
    assert!(refused(&["--listen", &file]).contains("no socket"));
    let with_token = Home::new().with("CLICKTOP_SERVE__READ_TOKEN", READ);
    let plain = with_token.run(&["demo", "--headless", "--listen", "0.0.0.0:0"]);
    assert!(plain.one_clear_line().contains("needs TLS"), "{plain:?}");
    let short = Home::new().with("CLICKTOP_SERVE__READ_TOKEN", "hunter2");
    let short = short.run(&["demo", "--headless", "--listen", "127.0.0.1:0"]);
    assert!(short.one_clear_line().contains("fewer than 16 characters") && !short.stderr.contains("hunter2"));
}
