//! Variables with clicktop's prefix that are meant for other programs: Kubernetes, alarms and the project's tests set them.

use std::net::{IpAddr, SocketAddr};

/// Prefixes of variables that the build, the tests, the benchmarks and the scripts of the project read. The program ignores them.
const OF_THE_TESTS: [&str; 5] =
    ["CLICKTOP_BUILD_", "CLICKTOP_TEST_", "CLICKTOP_FAULT_", "CLICKTOP_SOAK_", "CLICKTOP_BENCH_"];

/// Prefix of the variables that the command of an alarm gets: it may run clicktop, too.
const OF_AN_ALARM: &str = "CLICKTOP_ALARM_";

/// The program that the tests run.
const PROGRAM: &str = "CLICKTOP_BIN";

/// Whether the variable tells the command of an alarm what it is about.
pub(super) fn is_of_an_alarm(name: &str) -> bool {
    name.starts_with(OF_AN_ALARM)
}

/// Whether the variable is for the tests, the benchmarks or the scripts.
pub(super) fn is_of_the_tests(name: &str) -> bool {
    name == PROGRAM || OF_THE_TESTS.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether Kubernetes has set the variable. It sets several in every container for each service of the namespace, and this
/// service is called `clicktop` or `clicktop-…`. Name and value must both have the form that Kubernetes gives them; anything
/// else is a misspelt setting.
pub(super) fn is_of_a_service(name: &str, value: &str) -> bool {
    match shape(name) {
        Some(Shape::Address) => value.parse::<IpAddr>().is_ok(),
        Some(Shape::Port) => is_port(value),
        Some(Shape::Protocol) => PROTOCOLS.contains(&value.to_ascii_uppercase().as_str()),
        Some(Shape::Url) => value.split_once("://").is_some_and(|(protocol, address)| {
            PROTOCOLS.contains(&protocol.to_ascii_uppercase().as_str()) && address.parse::<SocketAddr>().is_ok()
        }),
        None => false,
    }
}

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// The form of a value that Kubernetes sets.
#[derive(Clone, Copy)]
enum Shape {
    Address,
    Port,
    Protocol,
    Url,
}

fn shape(name: &str) -> Option<Shape> {
    if !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_') {
        return None;
    }
    // The rest is the end of the service's name, if it has one, and the suffix that Kubernetes appends.
    let name = name.strip_prefix("CLICKTOP").filter(|rest| rest.starts_with('_'))?;
    if name.ends_with("_SERVICE_HOST") {
        return Some(Shape::Address);
    }
    let named = name.split_once("_SERVICE_PORT_").is_some_and(|(_, port)| !port.is_empty());
    if named || name.ends_with("_SERVICE_PORT") {
        return Some(Shape::Port);
    }
    if let Some((_, port)) = name.rsplit_once("_PORT_") {
        let mut parts = port.splitn(3, '_');
        if !parts.next().is_some_and(is_port) || !parts.next().is_some_and(|protocol| PROTOCOLS.contains(&protocol)) {
            return None;
        }
        return match parts.next() {
            None => Some(Shape::Url),
            Some("PROTO") => Some(Shape::Protocol),
            Some("PORT") => Some(Shape::Port),
            Some("ADDR") => Some(Shape::Address),
            Some(_) => None,
        };
    }
    name.ends_with("_PORT").then_some(Shape::Url)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_for_a_service_is_known() {
        for (name, value) in [
            ("CLICKTOP_SERVICE_HOST", "10.96.17.4"),
            ("CLICKTOP_SERVICE_PORT", "8080"),
            ("CLICKTOP_SERVICE_PORT_HTTP", "8080"),
            ("CLICKTOP_SERVICE_PORT_HTTP_METRICS", "9090"),
            ("CLICKTOP_PORT", "tcp://10.96.17.4:8080"),
            ("CLICKTOP_PORT_8080_TCP", "tcp://10.96.17.4:8080"),
            ("CLICKTOP_PORT_8080_TCP_PROTO", "tcp"),
            ("CLICKTOP_PORT_8080_TCP_PORT", "8080"),
            ("CLICKTOP_PORT_8080_TCP_ADDR", "10.96.17.4"),
            ("CLICKTOP_PORT_53_UDP", "udp://10.96.17.4:53"),
            ("CLICKTOP_PORT_53_UDP_PROTO", "udp"),
            ("CLICKTOP_PORT_132_SCTP", "sctp://10.96.17.4:132"),
            ("CLICKTOP_KAFKA_SERVICE_HOST", "fd00:10:96::a1"),
            ("CLICKTOP_KAFKA_PORT", "tcp://[fd00:10:96::a1]:9092"),
            ("CLICKTOP_KAFKA_PORT_9092_TCP_ADDR", "fd00:10:96::a1"),
            ("CLICKTOP_KAFKA_0_EXTERNAL_PORT_9094_TCP", "tcp://10.96.1.2:9094"),
            ("CLICKTOP_PORT_SERVICE_HOST", "10.96.1.2"),
            ("CLICKTOP_PORT_PORT_80_TCP_PORT", "80"),
        ] {
            assert!(is_of_a_service(name, value), "{name}={value}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_a_setting_misspelt() {
        for (name, value) in [
            ("CLICKTOP_KAFKA_BROKERS", "10.96.17.4:9092"),
            ("CLICKTOP_PORT", "8080"),
            ("CLICKTOP_PORT", "http://10.96.17.4:8080"),
            ("CLICKTOP_PORT", "tcp://kafka:9092"),
            ("CLICKTOP_KAFKA_PORT", "9092"),
            ("CLICKTOP_SERVICE_HOST", "kafka.example"),
            ("CLICKTOP_SERVICE_HOST", ""),
            ("CLICKTOP_SERVICE_PORT", "0"),
            ("CLICKTOP_SERVICE_PORT", "+80"),
            ("CLICKTOP_SERVICE_PORT_", "80"),
            ("CLICKTOP_PORT_8080", "tcp://10.96.17.4:8080"),
            ("CLICKTOP_PORT_8080_TCP_HOST", "10.96.17.4"),
            ("CLICKTOP_PORT_8080_TCP_ADDR", "8080"),
            ("CLICKTOP_PORT_808080_TCP", "tcp://10.96.17.4:8080"),
            ("CLICKTOPSERVICE_HOST", "10.96.17.4"),
            ("CLICKTOP_kafka_PORT", "tcp://10.96.17.4:8080"),
            ("clicktop_PORT", "tcp://10.96.17.4:8080"),
        ] {
            assert!(!is_of_a_service(name, value), "{name}={value}");
        }
    }

    /// Words that begin with clicktop's prefix in the files of `folder` and those below it.
    fn variables(folder: &std::path::Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What scripts/servers has fetched is nobody's to read through.
                if !path.ends_with("cache") {
                    variables(&path, found);
                }
                continue;
            }
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let ours = words.filter(|word| word.starts_with("CLICKTOP_") && word.len() > "CLICKTOP_".len());
            found.extend(ours.map(|word| (word.to_owned(), path.display().to_string())));
        }
    }

    #[test]
    fn no_variable_of_the_tests_scripts_and_benchmarks_stops_the_program() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        for folder in
            ["scripts", "benches", ".ci", "tests/faults", "tests/servers", "tests/support", "fuzz/fuzz_targets"]
        {
            if root.join(folder).exists() {
                variables(&root.join(folder), &mut found);
            }
        }
        assert!(found.iter().any(|(name, _)| name == "CLICKTOP_TEST_KAFKA"), "{found:?}");
        for (name, file) in found {
            let is_setting = name == super::super::names::CONFIG
                || name.starts_with("CLICKTOP_KAFKA__PROPERTIES__")
                || name.starts_with("CLICKTOP_SPARK__KAFKA__OPTIONS__")
                || super::super::catalogue::settings()
                    .any(|setting| super::super::names::variable_of(setting.key) == name);
            assert!(is_setting || is_of_the_tests(&name), "{file}: {name} would stop the program");
        }
    }
}
