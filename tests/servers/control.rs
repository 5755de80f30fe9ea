//! Orders to the servers that `scripts/servers` has started.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Gives an order to the servers, which may take so long; the answer.
#[track_caller]
pub fn tell(order: &str, limit: Duration) -> String {
    let path = std::env::var("CLICKTOP_TEST_CONTROL").expect("scripts/servers sets it");
    let mut control = UnixStream::connect(path).expect("the control");
    control.set_read_timeout(Some(limit)).expect("a limit");
    control.write_all(format!("{order}\n").as_bytes()).expect("taken");
    let mut answer = String::new();
    BufReader::new(control).read_line(&mut answer).expect("an answer");
    assert!(answer.starts_with("ok"), "{order}: {answer}");
    answer
}
