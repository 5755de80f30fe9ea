//! Turns librdkafka's errors about a broker into a sentence that begins with the fact and ends with what to do.
//!
//! librdkafka's reasons look like `ssl://kafka:9093/bootstrap: SSL handshake failed: … (after 5ms in state
//! SSL_HANDSHAKE)`. After the address comes `bootstrap` for a configured broker, or the broker's number if another
//! broker has named it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::text::printable;

/// A broker that gives trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerError {
    kind: Kind,
    sentence: String,
}

/// What librdkafka knows of the brokers.
#[derive(Clone, Copy, Debug)]
pub struct KnownBrokers<'a> {
    /// `bootstrap.servers`.
    pub configured: &'a str,
    /// The addresses at which a broker has answered.
    pub answered: &'a BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NotTrusted,
    WantsCertificate,
    NoAgreement,
    NoTls,
    Tls,
    Credentials,
    Mechanism,
    NoSasl,
    Sasl,
    Unresolved,
    Refused,
    Unreachable,
    Silent,
    Closed,
    AllDown,
    /// A web server, or a proxy, answers.
    Http,
    /// Another broker's advertised.listeners lead nowhere.
    Listener,
    Other,
}

/// A part of what librdkafka says, and what it means. The first that fits counts.
const PARTS: [(&str, Kind); 23] = [
    ("certificate verify failed", Kind::NotTrusted),
    // "required" and "unknown" of a certificate. A certificate that does not come of an authority that the broker names is not
    // shown to it, so it is "required" then, too. Java calls a missing one bad.
    ("alert certificate", Kind::WantsCertificate),
    ("alert bad certificate", Kind::WantsCertificate),
    ("alert unknown ca", Kind::WantsCertificate),
    ("alert handshake failure", Kind::NoAgreement),
    ("PLAINTEXT broker listener", Kind::NoTls),
    ("in state SSL_HANDSHAKE", Kind::NoTls),
    ("SSL listener", Kind::Tls),
    ("SASL authentication error", Kind::Credentials),
    ("Unsupported SASL mechanism", Kind::Mechanism),
    ("SASL Handshake not supported", Kind::NoSasl),
    ("Failed to resolve", Kind::Unresolved),
    ("Connection refused", Kind::Refused),
    ("No route to host", Kind::Unreachable),
    ("etwork is unreachable", Kind::Unreachable),
    ("etwork unreachable", Kind::Unreachable),
    ("timed out", Kind::Silent),
    // The length that `HTTP` would be.
    ("Invalid response size 1213486160", Kind::Http),
    ("in state APIVERSION_QUERY", Kind::Tls),
    ("SASL", Kind::Sasl),
    ("Disconnected", Kind::Closed),
    ("Connection reset", Kind::Closed),
    ("brokers are down", Kind::AllDown),
];

impl BrokerError {
    /// Reads one of librdkafka's reasons, or a line of its log.
    pub fn read(reason: &str, known: KnownBrokers<'_>) -> Self {
        let kind = PARTS.iter().find(|(part, _)| reason.contains(part)).map_or(Kind::Other, |(_, kind)| *kind);
        let (broker, words) = split(reason);
        let words = printable(without_state(words)).into_owned();
        let at = broker.as_ref().map_or(known.configured, |broker| broker.address);
        let is_configured = addresses(known.configured).any(|configured| configured == at);
        if let Some(broker) = &broker
            && broker.is_advertised
            && !is_configured
            && !known.answered.contains(at)
            && let Some(trouble) = kind.of_connection()
        {
            let sentence = advertised(known.configured, at, trouble);
            return Self { kind: Kind::Listener, sentence };
        }
        let at = printable(at);
        let sentence = match kind {
            Kind::Refused => format!("Kafka {at} refuses connections"),
            Kind::Unresolved => {
                let why = words.rsplit_once("': ").map_or("", |(_, why)| why);
                let colon = if why.is_empty() { "" } else { ": " };
                format!("Kafka {at} does not resolve{colon}{why}")
            }
            Kind::Unreachable => format!("Kafka {at} cannot be reached: {words}"),
            Kind::Silent => format!("Kafka {at} does not answer in time: {words}"),
            Kind::Closed => format!("Kafka {at} closes the connection: {words}"),
            Kind::Http => format!("{at} speaks HTTP and is no Kafka broker"),
            Kind::AllDown => format!("no Kafka broker of {at} can be reached"),
            Kind::NotTrusted => format!("Kafka {at} shows a certificate that is not trusted: {words}"),
            Kind::WantsCertificate => format!("Kafka {at} takes no connection without a certificate: {words}"),
            Kind::NoAgreement => format!("Kafka {at} accepts no TLS version or cipher that clicktop offers: {words}"),
            Kind::NoTls => format!("Kafka {at} does not answer in TLS: {words}"),
            Kind::Tls => format!("Kafka {at} does not answer without TLS: {words}"),
            Kind::Credentials => format!("Kafka {at} refuses the user or the password: {words}"),
            Kind::Mechanism => format!("Kafka {at} does not offer the mechanism: {words}"),
            Kind::NoSasl | Kind::Sasl | Kind::Listener | Kind::Other => format!("Kafka {at}: {words}"),
        };
        Self { kind, sentence }
    }

    /// That nothing at `brokers` has answered for `time`, and librdkafka knows no reason.
    pub fn silence(brokers: &str, time: Duration) -> Self {
        let sentence = format!("no broker at {} answered within {time:?}", printable(brokers));
        Self { kind: Kind::Silent, sentence }
    }

    /// A broker at `configured` answers, and names `at` as the place to go on with, where there is `trouble`: an end of a
    /// sentence like `does not resolve`.
    pub fn of_listener(configured: &str, at: &str, trouble: &str) -> Self {
        Self { kind: Kind::Listener, sentence: advertised(configured, at, trouble) }
    }

    /// What is wrong, in one line that is safe to print.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self.kind {
            Kind::NotTrusted => {
                "name the certificate of its authority with kafka.tls.ca_file, and the broker by a name that its certificate holds"
            }
            Kind::WantsCertificate => {
                "the broker wants a certificate that it trusts: set kafka.tls.certificate_file and kafka.tls.key_file"
            }
            Kind::NoAgreement => {
                "the broker may want a certificate: set kafka.tls.certificate_file and kafka.tls.key_file, unless it speaks other versions of TLS"
            }
            Kind::NoTls => "this port may speak no TLS: set kafka.security without ssl, or name the broker's TLS port",
            Kind::Tls => "this port may speak TLS: set kafka.security to \"ssl\" or \"sasl_ssl\", or name another port",
            Kind::Credentials => "check kafka.sasl.username and its password",
            Kind::Mechanism => "set kafka.sasl.mechanism to one that the broker offers",
            Kind::NoSasl => "this port asks for no password: set kafka.security without sasl, or name another port",
            Kind::Sasl => "check kafka.sasl",
            Kind::Http => "name a port of Kafka itself in kafka.brokers",
            Kind::Unresolved => "check the names in kafka.brokers",
            Kind::Listener => "let the broker advertise an address that can be reached from here",
            Kind::Refused => "check kafka.brokers, and that the broker runs",
            Kind::Unreachable | Kind::Silent | Kind::Closed | Kind::AllDown | Kind::Other => {
                "check kafka.brokers and kafka.security"
            }
        }
    }

    /// The sentence, and what to do unless that is to wait for the broker.
    pub fn cause(&self) -> String {
        match self.kind {
            Kind::Refused | Kind::Unreachable | Kind::Silent | Kind::Closed | Kind::AllDown | Kind::Other => {
                self.sentence.clone()
            }
            _ => self.line(),
        }
    }

    /// The sentence, and what to do.
    pub fn line(&self) -> String {
        format!("{}; {}", self.sentence, self.advice())
    }
}

impl Kind {
    /// Of a broker to which there is no connection: what it does, at the end of a sentence.
    fn of_connection(self) -> Option<&'static str> {
        match self {
            Self::Unresolved => Some("does not resolve"),
            Self::Refused => Some("refuses connections"),
            Self::Unreachable => Some("cannot be reached"),
            Self::Silent => Some("does not answer"),
            _ => None,
        }
    }
}

/// Whether `reason` says only that no broker can be reached, and not why.
pub fn is_vague(reason: &str) -> bool {
    reason.contains("brokers are down")
}

/// The address of the broker that `reason` is about.
pub fn broker(reason: &str) -> Option<&str> {
    split(reason).0.map(|broker| broker.address)
}

/// The addresses of `bootstrap.servers`, as librdkafka names them.
pub fn addresses(configured: &str) -> impl Iterator<Item = String> {
    configured.split(',').map(|one| {
        let at = address(one.trim());
        if is_address(at) { at.to_owned() } else { format!("{at}:9092") }
    })
}

fn advertised(configured: &str, at: &str, trouble: &str) -> String {
    let (configured, at) = (printable(configured), printable(at));
    format!("{configured} answers, but advertises {at} (advertised.listeners), which {trouble} from here")
}

/// The broker that librdkafka names first.
#[derive(Debug, PartialEq, Eq)]
struct Broker<'a> {
    address: &'a str,
    /// Another broker has named it.
    is_advertised: bool,
}

/// The broker that `reason` is about, and the rest.
fn split(reason: &str) -> (Option<Broker<'_>>, &str) {
    // A line of the log begins with the thread.
    let reason = match reason.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")) {
        Some((_, rest)) => rest,
        None => reason,
    };
    let Some((name, words)) = reason.split_once(": ") else {
        return (None, reason);
    };
    if name == "GroupCoordinator" {
        // Its address follows, if it is known.
        return match words.split_once(": ").filter(|(at, _)| is_address(at)) {
            Some((at, words)) => (Some(Broker { address: at, is_advertised: true }), words),
            None => (None, words),
        };
    }
    match name.rsplit_once('/') {
        Some((at, id)) if is_address(address(at)) => {
            let is_advertised = !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit());
            (Some(Broker { address: address(at), is_advertised }), words)
        }
        _ => (None, reason),
    }
}

/// `host:port` without `ssl://`.
fn address(name: &str) -> &str {
    name.split_once("://").map_or(name, |(_, address)| address)
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// `words` without ` (after 5ms in state CONNECT)`, which says more of librdkafka than of the broker.
fn without_state(words: &str) -> &str {
    words.rsplit_once(" (after ").map_or(words, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reason: &str) -> String {
        read_after(reason, &[])
    }

    fn read_after(reason: &str, answered: &[&str]) -> String {
        let answered = answered.iter().map(|at| (*at).to_owned()).collect();
        let known = KnownBrokers { configured: "127.0.0.1:19192", answered: &answered };
        BrokerError::read(reason, known).sentence().to_owned()
    }

    #[test]
    fn the_fact_comes_first() {
        let cases = [
            (
                "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)",
                "Kafka 127.0.0.1:1 refuses connections",
            ),
            (
                "[thrd:[::1]:9092/bootstrap]: [::1]:9092/bootstrap: Connect to ipv6#[::1]:9092 failed: Connection refused (after 0ms in state CONNECT, 4 identical error(s) suppressed)",
                "Kafka [::1]:9092 refuses connections",
            ),
            (
                "ssl://kafka:9093/bootstrap: Failed to resolve 'kafka:9093': Name or service not known (after 3ms in state CONNECT)",
                "Kafka kafka:9093 does not resolve: Name or service not known",
            ),
            (
                "kafka:9092/bootstrap: Connection setup timed out in state CONNECT (after 30ms in state CONNECT)",
                "Kafka kafka:9092 does not answer in time: Connection setup timed out in state CONNECT",
            ),
            (
                "sasl_plaintext://kafka:9092/1: SASL authentication error: Authentication failed: who\u{1b}[2J? (after 1ms in state AUTH_REQ)",
                "Kafka kafka:9092 refuses the user or the password: SASL authentication error: Authentication failed: who\\u{1b}[2J?",
            ),
            (
                "search:9200/bootstrap: Receive failed: Invalid response size 1213486160 (0..100000000): increase receive.message.max.bytes (after 1ms in state APIVERSION_QUERY)",
                "search:9200 speaks HTTP and is no Kafka broker",
            ),
            ("2/2 brokers are down", "no Kafka broker of 127.0.0.1:19192 can be reached"),
            ("something new", "Kafka 127.0.0.1:19192: something new"),
        ];
        for (reason, sentence) in cases {
            assert_eq!(read(reason), sentence, "{reason}");
        }
    }

    #[test]
    fn an_address_that_a_broker_advertises_in_vain_is_told_from_one_that_is_configured_or_has_answered() {
        let advertised =
            "127.0.0.1:19192 answers, but advertises kafka.docker.invalid:9092 (advertised.listeners), which";
        let unresolved = "Failed to resolve 'kafka.docker.invalid:9092': Name or service not known";
        for named in ["kafka.docker.invalid:9092/1", "GroupCoordinator: kafka.docker.invalid:9092"] {
            assert_eq!(
                read(&format!("{named}: {unresolved} (after 2ms in state CONNECT)")),
                format!("{advertised} does not resolve from here")
            );
        }
        let refused = "kafka.docker.invalid:9092/1: Connect to ipv4#10.0.0.7:9092 failed: Connection refused (after 0ms in state CONNECT)";
        assert_eq!(read(refused), format!("{advertised} refuses connections from here"));
        // One that has answered is merely down now.
        assert_eq!(
            read_after(refused, &["kafka.docker.invalid:9092"]),
            "Kafka kafka.docker.invalid:9092 refuses connections"
        );
        let configured = "127.0.0.1:19192/1: Connect to ipv4#127.0.0.1:19192 failed: Connection refused";
        assert_eq!(read(configured), "Kafka 127.0.0.1:19192 refuses connections");
    }

    #[test]
    fn what_to_do_is_said_unless_it_is_to_wait() {
        let none = BTreeSet::new();
        let read = |reason| BrokerError::read(reason, KnownBrokers { configured: "kafka:9092", answered: &none });
        let refused = read("kafka:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused");
        assert_eq!(refused.cause(), "Kafka kafka:9092 refuses connections");
        assert_eq!(
            refused.line(),
            "Kafka kafka:9092 refuses connections; check kafka.brokers, and that the broker runs"
        );
        let password = read("kafka:9092/bootstrap: SASL authentication error: wrong");
        assert!(password.cause().ends_with("; check kafka.sasl.username and its password"), "{}", password.cause());
    }
}
