//! Requests that are none: each gets a 4xx with a JSON error or loses its connection, and the pipeline goes on.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::rig::{Client, READ, Served, until};

const SEED: u64 = 15;

/// How many malformed requests are sent, by so many senders at once: most of the time is spent on those that promise more than they bring.
const REQUESTS: usize = 10_000;
const SENDERS: u64 = 40;

#[test]
fn what_is_malformed_is_refused_with_what_to_do() {
    let served = Served::start();
    let client = served.socket();
    for (path, status, says) in [
        ("/v1/snapshot?sort=size", 400, "clicks, users, time or rising"),
        ("/v1/snapshot?limit=0", 400, "from 1 to 1000"),
        ("/v1/snapshot?light=maybe", 400, "true or false"),
        ("/v1/top?offset=99999999", 400, "/v1/tables"),
        ("/v1/top?offset=-1", 400, "a number"),
        ("/v1/top?filter=~(", 400, "filter cannot be read"),
        ("/v1/breakdown", 400, "by is missing"),
        ("/v1/breakdown?by=colour", 400, "country, city, browser"),
        ("/v1/stream?views=3", 400, "there are: country"),
        ("/v1/stream?unseen=0", 400, "from 1 to 100"),
        ("/v2/snapshot", 404, "/v1/snapshot"),
        ("/%1b%5b2J", 404, "there is no"),
        ("/v1/commands", 405, "use POST"),
    ] {
        let error = client.get(path).refused(status);
        assert!(error.contains(says) && !error.contains('\u{1b}'), "{path}: {error}");
    }
    for (path, body, status, says) in [
        ("/v1/commands", "", 400, "start_all"),
        ("/v1/commands", "[]", 400, "start_all"),
        ("/v1/commands", r#"{"stage":{"id":"index","action":"explode"}}"#, 400, "start, stop"),
        ("/v1/commands", r#"{"stage":{"id":"inbox","action":"stop"}}"#, 404, "there are: ingest, store"),
        ("/v1/commands", r#"{"view":{}}"#, 400, "/v1/streams"),
        ("/v1/commands", r#"{"shutdown_and":"leave"}"#, 409, "shutdown"),
        ("/v1/streams/7", "{}", 404, "GET /v1/stream"),
        ("/v1/streams/7", r#"{"seen":-1}"#, 400, "seen"),
        ("/v1/streams/7", r#"{"hello":1}"#, 400, "unknown field"),
        ("/v1/tables", r#"{"view":{"filter":"~("}}"#, 400, "filter cannot be read"),
        ("/v1/tables", r#"{"view":{"limit":100000}}"#, 400, "up to 1000"),
    ] {
        let error = client.post(path, body).refused(status);
        assert!(error.contains(says), "{path} {body}: {error}");
    }
    let large = client.post("/v1/commands", &" ".repeat(65 * 1024));
    assert!(large.refused(413).contains("64 KiB"));
    let kind = format!("Content-Type: text/plain\r\nContent-Length: {}\r\n", 7);
    let form = client.send(format!("{}\"reset\"", client.head("POST", "/v1/commands", &kind)));
    assert!(form.refused(415).contains("application/json"), "as a web page can send it");
    served.end();
}

/// A request with a few things wrong in it.
fn mutated(client: &Client, random: &mut SmallRng) -> Vec<u8> {
    let pick = |random: &mut SmallRng, of: &[&str]| of[random.random_range(0..of.len())].to_owned();
    let method = pick(random, &["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "get", "G\0T", ""]);
    let path = pick(
        random,
        &[
            "/v1/snapshot?limit=",
            "/v1/top?offset=",
            "/v1/top?country=",
            "/v1/commands",
            "/v1/streams/",
            "/v1/tables",
            "/",
            "//",
            "/../..",
            "*",
            "/v1/snapshot?filter=~",
            "/v1/%00",
            "http://evil/v1/top",
            "/v1/top?sort=",
            "/v1/breakdown?by=",
        ],
    );
    let tail: String = (0..random.random_range(0..12)).map(|_| char::from(random.random_range(33..126_u8))).collect();
    let body = pick(
        random,
        &[
            "",
            "{",
            "null",
            "\"reset\u{0}\"",
            "{\"stage\":{}}",
            "{\"view\":{\"limit\":1e99}}",
            "[[[[[[[[[[",
            "{\"search\":{\"text\":7}}",
            "{\"seen\":18446744073709551616}",
            "\u{fffd}",
        ],
    );
    let more = pick(
        random,
        &[
            "",
            "Content-Length: 3\r\n",
            "Content-Length: -1\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Content-Type: application/json\r\n",
            "Content-Length: 4\r\nContent-Length: 5\r\n",
            "X: \u{1}\r\n",
            "Expect: 100-continue\r\n",
            "Host: b\r\n",
        ],
    );
    let length = if random.random_bool(0.5) { format!("Content-Length: {}\r\n", body.len()) } else { String::new() };
    let mut request =
        format!("{}{body}", client.head(&method, &format!("{path}{tail}"), &format!("{more}{length}"))).into_bytes();
    for _ in 0..random.random_range(0..4) {
        if !request.is_empty() && random.random_bool(0.5) {
            let at = random.random_range(0..request.len());
            request[at] = random.random();
        }
    }
    if random.random_bool(0.1) {
        request.truncate(random.random_range(0..=request.len()));
    }
    request
}

/// Sends so many; how many were refused.
fn send_mutated(strange: &Client, seed: u64, requests: usize) -> usize {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut refused = 0;
    for round in 0..requests {
        // By turns with the right to read and with none. No request here is a command that the pipeline would take.
        let client = if round % 2 == 0 { strange.clone().token(READ) } else { strange.clone() };
        let request = mutated(&client, &mut random);
        // A request that promises more than it brings is waited for, and not by us.
        let mut connection = client.connect_for(Duration::from_millis(200));
        let _ = connection.write_all(&request);
        let mut answer = [0; 512];
        let read = connection.read(&mut answer).unwrap_or(0);
        if read > 12 {
            let status = std::str::from_utf8(&answer[9..12]).ok().and_then(|status| status.parse::<u16>().ok());
            let status = status.unwrap_or_else(|| panic!("no status: {:?}", String::from_utf8_lossy(&answer)));
            let shown = String::from_utf8_lossy(&request);
            assert!((100..500).contains(&status) || status == 503 || status == 505, "{status}: {shown}");
            refused += usize::from((400..500).contains(&status));
        }
    }
    refused
}

#[test]
fn ten_thousand_mutated_requests_leave_no_trace() {
    let mut served = Served::with_tokens();
    let before = (served.holds(), served.resident_bytes());
    let refused: usize = std::thread::scope(|scope| {
        let strange = served.tcp();
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let strange = strange.clone();
                scope.spawn(move || send_mutated(&strange, SEED + sender, REQUESTS / SENDERS as usize))
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().expect("no panic")).sum()
    });
    assert!(refused > REQUESTS / 3, "{refused} were refused");
    let ((sockets, threads), bytes) = before;
    until("no connection left", || served.holds().0 <= sockets + 4);
    assert!(served.holds().1 <= threads + 4, "{before:?} {:?}", served.holds());
    // The pipeline's own data grow a little meanwhile.
    let grown = served.resident_bytes().saturating_sub(bytes);
    assert!(grown < 32 << 20, "{grown} bytes more");
    assert!(served.demo.is_alive());
    assert_eq!(served.tcp().token(READ).get("/v1/snapshot?light=true").status, 200);
    served.end();
}
