//! Runs a program for an alarm. No shell is involved: the arguments are those of the settings, and what there is to know of the alarm is
//! in variables of the environment, and as JSON on standard input.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, Command};

use super::lane::Teller;
use super::message::Message;

/// Bytes of the program's errors that are read for the log.
const READ: u64 = 1024;

/// How long the errors of a program that has ended may still take: a program that it left behind may hold them open.
const LATE: Duration = Duration::from_millis(200);

/// Variables of this program, which may hold secrets.
const OWN: &str = "CLICKTOP_";

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// Its path, or its name on the PATH.
    pub program: String,
    /// Its arguments, as they are.
    pub arguments: Vec<String>,
}

impl Teller for CommandLine {
    async fn tell(&self, message: &Message) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        // In a group of its own: Ctrl-C in the console's terminal is not for it, and it ends with what it has started.
        command.process_group(0).kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(OWN) {
                command.env_remove(name);
            }
        }
        command.envs(message.variables());
        let mut child = command.spawn().map_err(|error| format!("cannot start {}: {error}", self.program))?;
        let group = Group::of(&child);
        let errors = child.stderr.take().map(|errors| tokio::spawn(first_bytes(errors)));
        if let Some(mut input) = child.stdin.take() {
            // A program that does not read its input is no failure.
            let _ = input.write_all(message.json().as_bytes()).await;
        }
        let status = child.wait().await.map_err(|error| format!("cannot wait for {}: {error}", self.program))?;
        // What it has started on purpose may go on.
        std::mem::forget(group);
        if status.success() {
            return Ok(());
        }
        let said = match errors {
            Some(errors) => tokio::time::timeout(LATE, errors).await.ok().and_then(Result::ok).unwrap_or_default(),
            None => String::new(),
        };
        let said = said.lines().next().unwrap_or_default();
        let program = &self.program;
        Err(if said.is_empty() { format!("{program}: {status}") } else { format!("{program}: {status}: {said}") })
    }
}

/// The first bytes of `errors` as text. Reads on to the end, so that the program is not stopped by a full pipe.
async fn first_bytes(mut errors: ChildStderr) -> String {
    let mut first = Vec::new();
    // What was read until an error is still worth showing.
    let _ = (&mut errors).take(READ).read_to_end(&mut first).await;
    let _ = tokio::io::copy(&mut errors, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&first).into_owned()
}

/// Kills a program with what it has started, unless it has ended before.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may be gone by now.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
