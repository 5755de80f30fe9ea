//! Sends librdkafka's log lines the way of ours; left alone they would go to stderr, over the screen.

mod repeats;

use std::sync::LazyLock;
use std::time::Instant;

use parking_lot::Mutex;
use rdkafka::config::RDKafkaLogLevel;

use self::repeats::{Line, Repeats};

/// Logs what librdkafka says. Lines that it repeats are folded, also those that several clients say of one broker, but not the ones for
/// debugging. `client` stands before the line: `source: `, or nothing for the client that reads the clicks.
pub(crate) fn log(client: &str, level: RDKafkaLogLevel, facility: &str, message: &str) {
    static REPEATS: LazyLock<Mutex<Repeats>> = LazyLock::new(Mutex::default);
    if matches!(level, RDKafkaLogLevel::Debug) {
        tracing::debug!(target: "kafka", "{client}{facility}: {message}");
        return;
    }
    let lines = REPEATS.lock().take(Instant::now(), level, facility, message);
    for Line { level, text } in lines {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::error!(target: "kafka", "{client}{text}");
            }
            RDKafkaLogLevel::Warning => tracing::warn!(target: "kafka", "{client}{text}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::info!(target: "kafka", "{client}{text}");
            }
        }
    }
}
