//! As much of a Kafka broker as it takes to be refused by one: handshake, credentials, permissions.

use super::listener::{Listener, Stream};

/// Error codes of the protocol.
pub const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
pub const GROUP_AUTHORIZATION_FAILED: i16 = 30;
const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
const UNSUPPORTED_VERSION: i16 = 35;
const SASL_AUTHENTICATION_FAILED: i16 = 58;

/// What the broker refuses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refusals {
    /// The user or the password. What the broker says of it is `said`.
    pub credentials: Option<&'static str>,
    /// Every mechanism but SCRAM-SHA-512.
    pub mechanism: bool,
    /// To describe the topic.
    pub topic: bool,
    /// To read the topic.
    pub reading: bool,
    /// The group.
    pub group: bool,
    /// Not a refusal: the address at which it says it is, if that is not where it listens.
    pub advertises: Option<(&'static str, i32)>,
}

/// Starts a broker whose topic `clicks` has one partition, empty.
pub fn broker(refusals: Refusals) -> Listener {
    Listener::plain(move |stream, port| while answer_one(stream, port, refusals).is_some() {})
}

/// Answers a request; `None` once the connection is over.
fn answer_one(stream: &mut dyn Stream, port: u16, refusals: Refusals) -> Option<()> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut request = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut request).ok()?;
    let number = |at: usize| Some(i16::from_be_bytes(request.get(at..at + 2)?.try_into().ok()?));
    let (api, version) = (number(0)?, number(2)?);
    let mut out = Out(request.get(4..8)?.to_vec());
    let (host, port) = refusals.advertises.unwrap_or(("127.0.0.1", port.into()));
    match (api, version) {
        // ApiVersions: what is offered; a newer question is answered in the oldest form, so that it is asked again.
        (18, version) => {
            out.i16(if version == 0 { 0 } else { UNSUPPORTED_VERSION });
            let offered =
                [(0, 0, 3), (1, 0, 4), (2, 1, 1), (3, 1, 1), (9, 1, 1), (10, 0, 0), (17, 0, 1), (18, 0, 0), (36, 0, 0)];
            out.i32(offered.len() as i32);
            for (api, least, most) in offered {
                out.i16(api).i16(least).i16(most);
            }
        }
        // SaslHandshake.
        (17, _) => {
            out.i16(if refusals.mechanism { UNSUPPORTED_SASL_MECHANISM } else { 0 });
            out.i32(1).text(if refusals.mechanism { "SCRAM-SHA-512" } else { "PLAIN" });
        }
        // SaslAuthenticate.
        (36, _) => match refusals.credentials {
            Some(said) => {
                out.i16(SASL_AUTHENTICATION_FAILED).text(said).i32(0);
            }
            None => {
                out.i16(0).text("").i32(0);
            }
        },
        // Metadata: this broker, and the topic.
        (3, _) => {
            out.i32(1).i32(1).text(host).i32(port).i16(-1).i32(1).i32(1);
            out.i16(if refusals.topic { TOPIC_AUTHORIZATION_FAILED } else { 0 }).text("clicks").0.push(0);
            if refusals.topic {
                out.i32(0);
            } else {
                out.i32(1).i16(0).i32(0).i32(1).i32(1).i32(1).i32(1).i32(1);
            }
        }
        // ListOffsets: nothing there.
        (2, _) => {
            out.i32(1).text("clicks").i32(1).i32(0).i16(0).i64(-1).i64(0);
        }
        // FindCoordinator.
        (10, _) => {
            out.i16(if refusals.group { GROUP_AUTHORIZATION_FAILED } else { 0 });
            out.i32(1).text(host).i32(port);
        }
        // OffsetFetch: none committed.
        (9, _) => {
            out.i32(1).text("clicks").i32(1).i32(0).i64(-1).i16(-1).i16(0);
        }
        // Fetch: the end of the partition.
        (1, version) => {
            std::thread::sleep(std::time::Duration::from_millis(20));
            if version >= 1 {
                out.i32(0);
            }
            out.i32(1).text("clicks").i32(1).i32(0);
            // A high watermark of where it was asked for would be taken for the end, whatever the error says.
            let (error, high) = if refusals.reading { (TOPIC_AUTHORIZATION_FAILED, -1) } else { (0, 0) };
            out.i16(error).i64(high);
            if version >= 4 {
                out.i64(high).i32(-1);
            }
            out.i32(0);
        }
        _ => return None,
    }
    let framed = [&u32::try_from(out.0.len()).ok()?.to_be_bytes()[..], &out.0].concat();
    stream.write_all(&framed).and_then(|()| stream.flush()).ok()
}

/// An answer in the making, from its correlation id on.
struct Out(Vec<u8>);

impl Out {
    fn i16(&mut self, value: i16) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn i32(&mut self, value: i32) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn i64(&mut self, value: i64) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.i16(i16::try_from(text.len()).expect("short"));
        self.0.extend(text.as_bytes());
        self
    }
}
