//! The real program, each time in a home of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::HANG;

/// The program under test: the one built with the tests, or the one that `CLICKTOP_BIN` names.
pub fn clicktop() -> String {
    std::env::var("CLICKTOP_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_clicktop").to_owned())
}

/// A directory that is home, configuration and data to the programs started from it.
pub struct Home {
    directory: TempDir,
    settings: Vec<(String, String)>,
}

impl Home {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), settings: Vec::new() }
    }

    /// With `name` in the environment, for every program started from here on.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file, and says where.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// The environment: nothing of ours comes in from outside.
    pub fn environment(&self) -> Vec<(String, String)> {
        let root = self.directory.path().display().to_string();
        let mut environment: Vec<(String, String)> =
            ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR"].map(|name| (name.to_owned(), root.clone())).to_vec();
        environment.extend(std::env::var("PATH").map(|path| ("PATH".to_owned(), path)));
        environment.push(("CLICKTOP_DATA_DIR".to_owned(), self.data().display().to_string()));
        environment.extend(self.settings.clone());
        environment
    }

    /// What would start it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_by(&[], arguments)
    }

    fn command_by(&self, before: &[&str], arguments: &[&str]) -> Command {
        let program = clicktop();
        let mut words = before.iter().copied().chain([program.as_str()]).chain(arguments.iter().copied());
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words).env_clear().envs(self.environment()).current_dir(self.directory.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts it.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::new(self.command(arguments))
    }

    /// Has another program start it in its own place: `env`, or `sh -c '… exec "$0" "$@"'`.
    pub fn start_by(&self, before: &[&str], arguments: &[&str]) -> Running {
        Running::new(self.command_by(before, arguments))
    }

    /// Starts it with something on its standard input.
    pub fn start_with_input(&self, arguments: &[&str]) -> (Running, ChildStdin) {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        let mut running = Running::new(command);
        let input = running.child.stdin.take().expect("a pipe");
        (running, input)
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.start(arguments).end()
    }

    /// Runs it to its end, which must be a good one.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert!(ran.status.success(), "clicktop {arguments:?}: {ran:?}");
        ran
    }

    /// Replays `file` without a console; what the summary says.
    #[track_caller]
    pub fn replay(&self, file: &Path, more: &[&str]) -> Value {
        let file = file.display().to_string();
        let arguments = [&["replay", &file, "--headless"], more].concat();
        self.succeed(&arguments).summary()
    }

    /// What `top` says of everything there is.
    #[track_caller]
    pub fn top(&self) -> super::figures::Figures {
        super::figures::of_json(&self.succeed(&["top", "--limit", "all", "--format", "json"]).stdout)
    }
}

/// A program at work. Killed if it is dropped.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: String,
    stderr: Option<JoinHandle<String>>,
}

impl Running {
    fn new(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut stderr = child.stderr.take().expect("a pipe");
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What came before a broken pipe is still worth showing.
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Self { child, lines, seen: String::new(), stderr: Some(stderr) }
    }

    /// The next JSON object on stdout that is as wanted.
    #[track_caller]
    pub fn await_object(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + HANG;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push_str(&line);
                    self.seen.push('\n');
                    let object = object(&line);
                    if wanted(&object) {
                        return object;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {what} in {HANG:?}; so far: {}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    let stderr = self.stderr.take().map(JoinHandle::join);
                    panic!("the program ended before {what}: {}{stderr:?}", self.seen);
                }
            }
        }
    }

    /// Of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended by itself.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a state").is_none()
    }

    /// Ends it at once, as the system would for want of memory.
    pub fn kill_9(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Sends a signal by its name: `TERM`, `INT`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ran {
        let deadline = Instant::now() + HANG;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push_str(&line);
                    self.seen.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("no end in {HANG:?}; so far: {}", self.seen),
            }
        }
        // Its stdout is closed, so it is about to end.
        let status = self.child.wait().expect("ended");
        let stderr = self.stderr.take().expect("not taken").join().expect("read");
        Ran { status, stdout: std::mem::take(&mut self.seen), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Every line of stdout, each of which must be a JSON object.
    #[track_caller]
    pub fn objects(&self) -> Vec<Value> {
        self.stdout.lines().map(object).collect()
    }

    /// The last line of stdout, which must be the summary.
    #[track_caller]
    pub fn summary(&self) -> Value {
        let objects = self.objects();
        let last = objects.last().unwrap_or_else(|| panic!("no output: {self:?}"));
        assert_eq!(last["event"], "summary", "{self:?}");
        last.clone()
    }

    /// It has failed with one clear line, which it returns.
    #[track_caller]
    pub fn one_clear_line(&self) -> &str {
        assert!(!self.status.success() && self.status.code().is_some(), "it fails by itself: {self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        let [line] = lines.as_slice() else { panic!("not one line: {self:?}") };
        let text = line.strip_prefix("clicktop: ").unwrap_or_else(|| panic!("not ours: {line}"));
        for debris in
            ["{", "}", "Os(", "Error(", "Err(", "Some(", "None", "RdKafka", "KafkaError", "panicked", "\u{1b}"]
        {
            assert!(!line.contains(debris), "{debris:?} is for programmers: {line}");
        }
        text
    }
}

#[track_caller]
fn object(line: &str) -> Value {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
    assert!(value.is_object(), "not an object: {line}");
    value
}

/// Sends the signal `name` to a process that we started.
#[track_caller]
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().expect("a shell");
    assert!(sent.success(), "SIG{name} was sent");
}

/// Writes everything to the program's standard input and closes it.
pub fn feed(mut input: ChildStdin, bytes: &[u8]) {
    input.write_all(bytes).expect("the program reads");
}

/// A moment of up to `most`.
pub fn moment(random: &mut impl rand::RngExt, most: Duration) -> Duration {
    let most = u64::try_from(most.as_millis()).expect("short");
    Duration::from_millis(random.random_range(0..=most))
}

/// The stage of this id in a status object; `null` if it is not there.
pub fn stage<'a>(status: &'a Value, id: &str) -> &'a Value {
    let stages = status["stages"].as_array().map(Vec::as_slice).unwrap_or_default();
    stages.iter().find(|stage| stage["id"] == id).unwrap_or(&Value::Null)
}
