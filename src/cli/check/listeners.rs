//! Checks whether the addresses that the brokers advertise can be reached.

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::engine::local::stages::ingest::broker_error;
use crate::engine::local::stages::ingest::broker_error::BrokerError;

/// The most brokers to try: a few of a large cluster are enough.
const MOST: usize = 32;

/// How long a broker may take to answer. In a network it takes milliseconds.
const LONGEST: Duration = Duration::from_secs(5);

/// The error of the first of the `advertised` addresses that cannot be reached. It tries all at the same time, each once. The
/// `configured` brokers have answered.
pub(super) fn unreachable(configured: &str, advertised: Vec<(String, i32)>, timeout: Duration) -> Option<BrokerError> {
    let timeout = timeout.min(LONGEST);
    let (sender, tried) = channel();
    let mut waiting = Vec::new();
    for (host, port) in advertised.into_iter().take(MOST) {
        let at = address(&host, port);
        if broker_error::addresses(configured).any(|one| one == at) {
            continue;
        }
        waiting.push(at.clone());
        let sender = sender.clone();
        let port = u16::try_from(port).unwrap_or(0);
        // A thread that hangs in the resolver cannot be interrupted; it is left behind.
        std::thread::spawn(move || sender.send((at, trouble(&host, port, timeout))));
    }
    drop(sender);
    let deadline = Instant::now() + timeout + Duration::from_millis(500);
    while !waiting.is_empty() {
        match tried.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((at, Some(trouble))) => return Some(BrokerError::of_listener(configured, &at, trouble)),
            Ok((at, None)) => waiting.retain(|one| *one != at),
            Err(_) => break,
        }
    }
    waiting.first().map(|at| BrokerError::of_listener(configured, at, "does not answer"))
}

fn address(host: &str, port: i32) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Why `host` cannot be reached; `None` if it takes a connection.
fn trouble(host: &str, port: u16, timeout: Duration) -> Option<&'static str> {
    let Ok(addresses) = (host, port).to_socket_addrs() else {
        return Some("does not resolve");
    };
    let mut trouble = Some("does not resolve");
    for address in addresses {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(_) => return None,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => trouble = Some("refuses connections"),
            Err(error) if error.kind() == ErrorKind::TimedOut => trouble = Some("does not answer"),
            Err(_) => trouble = Some("cannot be reached"),
        }
    }
    trouble
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const SOON: Duration = Duration::from_secs(2);

    #[test]
    fn an_address_that_leads_nowhere_is_told_and_one_that_is_configured_not_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = i32::from(listener.local_addr().unwrap().port());
        let tried = |advertised: &[(&str, i32)]| {
            let advertised = advertised.iter().map(|(host, port)| ((*host).to_owned(), *port)).collect();
            unreachable("127.0.0.1:1", advertised, SOON).map(|complaint| complaint.sentence().to_owned())
        };
        assert_eq!(tried(&[("127.0.0.1", 1), ("127.0.0.1", port)]), None);
        let told = |at: &str, trouble: &str| {
            Some(format!("127.0.0.1:1 answers, but advertises {at} (advertised.listeners), which {trouble} from here"))
        };
        assert_eq!(
            tried(&[("127.0.0.1", port), ("kafka.docker.invalid", 9092)]),
            told("kafka.docker.invalid:9092", "does not resolve")
        );
        drop(listener);
        assert_eq!(tried(&[("localhost", 1)]), told("localhost:1", "refuses connections"));
    }
}
