//! A console behind a slow link.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use crate::rig::Served;
use crate::support::screen::all_run;
use crate::support::terminal::{Size, Terminal};

const SIZE: Size = Size { columns: 120, rows: 40 };

/// How long a byte is under way, there and back together.
const ROUND_TRIP: Duration = Duration::from_millis(300);

/// 256 kbit/s.
const BYTES_PER_SECOND: f64 = 32_000.0;

/// The most bytes that are under way in one direction; then the sender waits, as behind a full buffer of a router.
const IN_FLIGHT: usize = 64;

/// Bytes that a sender gives to the link at once: a packet.
const PACKET: usize = 1_400;

/// Passes what comes from `from` on to `to`, as late and as slowly as the link does.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, packets) = sync_channel::<(Instant, Vec<u8>)>(IN_FLIGHT);
    std::thread::spawn(move || {
        let mut buffer = [0; PACKET];
        loop {
            let read = from.read(&mut buffer).unwrap_or(0);
            if read == 0 || sender.send((Instant::now(), buffer[..read].to_vec())).is_err() {
                return;
            }
        }
    });
    std::thread::spawn(move || {
        let mut free = Instant::now();
        for (sent, bytes) in packets {
            // A packet takes its time on the line, after the packet before it; then it is under way.
            free = free.max(sent) + Duration::from_secs_f64(bytes.len() as f64 / BYTES_PER_SECOND);
            std::thread::sleep((free + delay).saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// A slow link to the service at `port`; returns the port of its near end.
fn slow_link(port: u16) -> u16 {
    let near = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = near.local_addr().expect("an address");
    std::thread::spawn(move || {
        for console in near.incoming().flatten() {
            let service = TcpStream::connect(("127.0.0.1", port)).expect("the service");
            for stream in [&console, &service] {
                stream.set_nodelay(true).expect("a socket");
            }
            let (there, back) = (console.try_clone().expect("a socket"), service.try_clone().expect("a socket"));
            pass(console, service, ROUND_TRIP / 2);
            pass(back, there, ROUND_TRIP / 2);
        }
    });
    address.port()
}

/// Presses `key` and waits for the screen.
fn time(console: &mut Terminal, key: &str, what: &str, wanted: impl Fn(&str) -> bool) -> Duration {
    let begin = Instant::now();
    console.keys(key);
    console.wait(what, wanted);
    begin.elapsed()
}

#[test]
fn a_console_behind_a_slow_link_answers_within_a_second() {
    let served = Served::start();
    let at = format!("http://127.0.0.1:{}", slow_link(served.port));
    let mut console = Terminal::start(&served.home, &["attach", &at], SIZE);
    console.wait("a running pipeline", |screen| screen.contains("ATTACHED") && all_run(screen));
    console.wait("urls", |screen| screen.contains("clicks▼"));
    let mut asked = Vec::new();
    let mut own = Vec::new();
    for _ in 0..10 {
        for title in ["users▼", "avg time▼", "change▼", "clicks▼"] {
            asked.push(time(&mut console, "s", title, |screen| screen.contains(title)));
        }
        own.push(time(&mut console, "?", "the help", |screen| screen.contains("show or hide this help")));
        own.push(time(&mut console, "?", "no help", |screen| !screen.contains("show or hide this help")));
    }
    for times in [&mut asked, &mut own] {
        times.sort_unstable();
    }
    let (slowest, median) = (asked.last().expect("keys"), asked[asked.len() / 2]);
    println!("another order: median {median:?}, slowest {slowest:?}; own keys: slowest {:?}", own.last());
    // A machine with other work may be late now and then.
    assert!(median < Duration::from_secs(1), "{asked:?}");
    assert!(own[own.len() / 2] < ROUND_TRIP, "what the console knows needs no link: {own:?}");
    let screen = console.screen();
    assert!(!screen.contains("NO NEWS") && !screen.contains("no connection"), "{screen}");
    console.keys("q");
    assert_eq!(console.end(), 0);
    served.end();
}
