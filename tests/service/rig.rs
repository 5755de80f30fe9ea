//! A pipeline that serves, and a client that can also send nonsense.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::HANG;
use crate::support::program::{Home, Running};

pub const READ: &str = "reading-0123456789abcdef";
pub const STEER: &str = "steering-0123456789abcdef";

/// A demo that serves at a socket and at a port of this machine.
pub struct Served {
    pub home: Home,
    pub demo: Running,
    pub port: u16,
}

impl Served {
    /// Without tokens.
    pub fn start() -> Self {
        Self::start_in(Home::new())
    }

    /// With a token for reading and one for steering.
    pub fn with_tokens() -> Self {
        let home = Home::new().with("CLICKTOP_SERVE__READ_TOKEN", READ).with("CLICKTOP_SERVE__STEER_TOKEN", STEER);
        Self::start_in(home)
    }

    pub fn start_in(home: Home) -> Self {
        let socket = home.path("s").display().to_string();
        let log = home.path("log").display().to_string();
        // One from before names another port.
        let _ = std::fs::remove_file(&log);
        let demo = home.start(&[
            "demo",
            "--headless",
            "--rate",
            "300",
            "--seed",
            "7",
            "--urls",
            "300",
            "--listen",
            &socket,
            "--listen",
            "127.0.0.1:0",
            "--log-file",
            &log,
        ]);
        let mut port = None;
        until("the port in the log", || {
            let log = std::fs::read_to_string(home.path("log")).unwrap_or_default();
            port = log
                .split("listening at http://127.0.0.1:")
                .nth(1)
                .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            port.is_some()
        });
        let served = Self { home, demo, port: port.expect("a port") };
        until("clicks", || {
            served.socket().get("/v1/snapshot?light=true").json()["totals"]["clicks"].as_u64() > Some(100)
        });
        served
    }

    pub fn path(&self) -> PathBuf {
        self.home.path("s")
    }

    /// What it has in the system: sockets, threads. A pipeline opens and closes a few of its own at any time.
    pub fn holds(&self) -> (usize, usize) {
        let list =
            |what: &str| std::fs::read_dir(format!("/proc/{}/{what}", self.demo.id())).expect("a process").flatten();
        let is_socket = |path: PathBuf| {
            std::fs::read_link(path).is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
        };
        (list("fd").filter(|file| is_socket(file.path())).count(), list("task").count())
    }

    /// Memory that it has in use.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.demo.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        1024 * line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
    }

    /// A client at its socket.
    pub fn socket(&self) -> Client {
        Client::at_socket(self.path())
    }

    /// A client at its port.
    pub fn tcp(&self) -> Client {
        let host = ("Host".to_owned(), format!("127.0.0.1:{}", self.port));
        Client { at: At::Port(self.port), headers: vec![host] }
    }

    /// The end in order, which must be a good one.
    #[track_caller]
    pub fn end(self) {
        self.demo.signal("TERM");
        let ran = self.demo.end();
        assert!(ran.status.success(), "{ran:?}");
        let log = std::fs::read_to_string(self.home.path("log")).unwrap_or_default();
        for text in [&ran.stderr, &ran.stdout, &log] {
            assert!(!text.contains("panicked") && !text.contains(READ) && !text.contains(STEER), "{text}");
        }
        assert!(!self.home.path("s").exists(), "the socket goes with it");
    }
}

/// Waits until `wanted` holds.
#[track_caller]
pub fn until(what: &str, mut wanted: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !wanted() {
        assert!(begin.elapsed() < HANG, "no {what} in {HANG:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[derive(Clone)]
enum At {
    Socket(PathBuf),
    Port(u16),
}

/// Sends requests, each on a connection of its own.
#[derive(Clone)]
pub struct Client {
    at: At,
    headers: Vec<(String, String)>,
}

pub trait Connection: Read + Write {}
impl<T: Read + Write> Connection for T {}

impl Client {
    /// A client at the socket `path`.
    pub fn at_socket(path: PathBuf) -> Self {
        Self { at: At::Socket(path), headers: vec![("Host".to_owned(), "localhost".to_owned())] }
    }

    /// Whether there is a socket at all.
    pub fn path_exists(&self) -> bool {
        matches!(&self.at, At::Socket(path) if path.exists())
    }

    /// With one more header; one of the same name goes.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    pub fn connect(&self) -> Box<dyn Connection> {
        self.connect_for(HANG)
    }

    /// A connection that waits so long for what comes.
    pub fn connect_for(&self, wait: Duration) -> Box<dyn Connection> {
        match &self.at {
            At::Socket(path) => {
                let stream = UnixStream::connect(path).expect("a connection");
                stream.set_read_timeout(Some(wait)).expect("a time-out");
                Box::new(stream)
            }
            At::Port(port) => {
                let stream = TcpStream::connect(("127.0.0.1", *port)).expect("a connection");
                stream.set_read_timeout(Some(wait)).expect("a time-out");
                Box::new(stream)
            }
        }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send(self.head("GET", path, ""))
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &str) -> Answer {
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        self.send(format!("{}{body}", self.head("POST", path, &more)))
    }

    pub fn head(&self, method: &str, path: &str, more: &str) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n{more}\r\n")
    }

    /// Sends what may be no request, and reads all that comes.
    #[track_caller]
    pub fn send(&self, request: impl AsRef<[u8]>) -> Answer {
        Answer::parse(&self.try_send(request.as_ref()).expect("an answer"))
    }

    pub fn try_send(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut connection = self.connect();
        // Whoever refuses a request early does not read the rest of it.
        let _ = connection.write_all(request);
        let mut answer = Vec::new();
        match connection.read_to_end(&mut answer) {
            Err(error) if answer.is_empty() => Err(error),
            _ => Ok(answer),
        }
    }

    /// Opens a stream.
    #[track_caller]
    pub fn stream(&self, query: &str) -> Stream {
        let mut connection = self.connect();
        let head = self.head("GET", &format!("/v1/stream?{query}"), "").replace("Connection: close\r\n", "");
        connection.write_all(head.as_bytes()).expect("sent");
        let mut reader = BufReader::new(connection);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).expect("a head") > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        Stream { reader, head }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|part| part == b"\r\n\r\n")
            .unwrap_or_else(|| panic!("no head: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("no status: {head}"));
        let mut body = bytes[end + 4..].to_vec();
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            body = unchunked(&body);
        }
        Self { status, head, body }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It is refused with one line that says what to do.
    #[track_caller]
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.head.contains("application/json"), "{self:?}");
        let error = self.json()["error"].as_str().unwrap_or_else(|| panic!("no error: {self:?}")).to_owned();
        assert!(!error.is_empty() && !error.contains('\n'), "{error}");
        error
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|part| part == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap_or("0"), 16).unwrap_or(0);
        rest = &rest[end + 2..];
        if size == 0 || rest.len() < size + 2 {
            break;
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
    body
}

/// An open stream.
pub struct Stream {
    reader: BufReader<Box<dyn Connection>>,
    pub head: String,
}

impl Stream {
    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<String> {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    }

    /// The next chunk, which is a line; `None` at the end.
    pub fn next(&mut self) -> Option<String> {
        let mut size = String::new();
        self.reader.read_line(&mut size).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok().filter(|size| *size > 0)?;
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk).ok()?;
        chunk.truncate(size);
        Some(String::from_utf8(chunk).expect("UTF-8"))
    }

    /// The next line that is as wanted.
    #[track_caller]
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let line = self.next().unwrap_or_else(|| panic!("the stream ended before {what}"));
            let value: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if wanted(&value) {
                return value;
            }
            assert!(begin.elapsed() < HANG, "no {what}");
        }
    }
}
