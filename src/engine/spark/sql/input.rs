//! What a decoder reads: the messages as they are, or opened by the schemas of a registry.

/// The view of the messages.
const MESSAGES: &str = "kafka_messages";

/// The view of the opened messages. Besides the columns of `kafka_messages` it has `original`, the message itself; `framed`, whether
/// `value` comes out of a frame; and `outcome`: NULL if `value` is an event, `L` if the message is left out, or `R` and why it is a reject.
pub(super) const OPENED: &str = "clicktop_opened";

/// The texts of a click.
pub(super) const TEXTS: [&str; 8] = ["click_id", "user_id", "url", "country", "city", "browser", "os", "device"];

/// What a decoder reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The view `kafka_messages`: each message is an event.
    Plain,
    /// The view `clicktop_opened`.
    Opened,
}

impl Input {
    /// The name of the view.
    pub(super) fn view(self) -> &'static str {
        match self {
            Self::Plain => MESSAGES,
            Self::Opened => OPENED,
        }
    }

    /// The columns besides those of every message, each after a comma.
    pub(super) fn more(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Opened => ", original, framed, outcome",
        }
    }

    /// The message itself.
    pub(super) fn original(self) -> &'static str {
        match self {
            Self::Plain => "value",
            Self::Opened => "original",
        }
    }

    /// What may be seen of a message that is no event: nobody asks what else a text looks like that came out of a frame.
    pub(super) fn looks(self, look: &str) -> String {
        match self {
            Self::Plain => look.to_owned(),
            Self::Opened => format!("IF(framed, NULL, {look})"),
        }
    }

    /// The rows of the table, of the decoder's `query`, which has the columns of [`more`](Self::more) as well: clicks with these `texts`, and
    /// rejects with so many bytes of their messages.
    pub(super) fn rows(self, query: String, texts: &[&str], payload_bytes: i32) -> String {
        if self == Self::Plain {
            return query;
        }
        let texts: Vec<String> =
            texts.iter().map(|name| format!("IF(outcome IS NULL, {name}, NULL) AS {name}")).collect();
        format!(
            "SELECT IF(outcome IS NULL, slice, NULL) AS slice, CASE WHEN outcome IS NULL THEN ts WHEN outcome = 'L' THEN 1L END AS ts, \
             {}, topic, partition, offset, arrived, \
             CASE WHEN outcome IS NULL THEN reason WHEN startswith(outcome, 'R') THEN substring(outcome, 2) END AS reason, \
             IF(coalesce(outcome, reason) IS NULL OR outcome = 'L', NULL, left(original, {payload_bytes})) AS payload FROM (\n{query}\n)",
            texts.join(", ")
        )
    }
}
