//! The declarations of `[alarms]` and of the tables below it.

use std::time::Duration;

use super::kind::Kind;
use super::setting::{Section, Setting};

/// How long a value may be wrong before its alarm begins, and how large a value of time may be.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How long a value must be wrong.
const HOLD: Kind = Kind::Duration(Duration::ZERO, LONGEST);

/// A limit that is a time; empty for no alarm.
const TIME: Kind = Kind::OptionalDuration(Duration::from_secs(1), LONGEST);

/// A limit that is a number; empty for no alarm.
const COUNT: Kind = Kind::OptionalCount(u32::MAX);

const END: &str = "The alarm ends below this. Not set: half of begin.";

/// How long it must last; the same for most alarms.
const LAST: &str = "How long it must last before the alarm begins.";

/// The settings of `[alarms]`.
pub(super) const ALARMS: Section = Section {
    table: "alarms",
    help: "Alarms show in the console, in the log, in the status objects and in the metrics. They are on without any of these settings.",
    settings: &[
        Setting {
            key: "alarms.calm",
            kind: HOLD,
            default: "30 s",
            help: "How long a value must be good again before its alarm ends.",
            flags: &[],
        },
        Setting {
            key: "alarms.command",
            kind: Kind::Command,
            default: "",
            help: "A program to run once when an alarm begins, and once when it ends: a list of its path and its arguments, or its path \
                   alone. No shell is involved. The variables CLICKTOP_ALARM_EVENT (begin or end), CLICKTOP_ALARM_NAME, CLICKTOP_ALARM_TEXT \
                   and others tell it everything, and so does a JSON object on its standard input. Put no secret into the arguments: \
                   every user of the machine can see them.",
            flags: &[],
        },
        Setting {
            key: "alarms.webhook",
            kind: Kind::Secret,
            default: "",
            help: "A URL (http or https) that gets the same JSON object by POST. clicktop never shows it, because such URLs often \
                   hold a secret. It is safer in a file: see webhook_file.",
            flags: &[],
        },
        Setting {
            key: "alarms.webhook_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the URL, instead of webhook.",
            flags: &[],
        },
        Setting {
            key: "alarms.webhook_ca_file",
            kind: Kind::Path,
            default: "",
            help: "Certificates to trust for the webhook in addition to the public ones, PEM.",
            flags: &[],
        },
        Setting {
            key: "alarms.timeout",
            kind: Kind::Duration(Duration::from_millis(100), Duration::from_secs(10 * 60)),
            default: "10 s",
            help: "How long a run of the command, or a request, may take. Then clicktop kills the program with what it has started.",
            flags: &[],
        },
        Setting {
            key: "alarms.runs_a_minute",
            kind: Kind::Count(1_000),
            default: "20",
            help: "The most runs of the command a minute, and the most requests. More wait for their turn, one after the other.",
            flags: &[],
        },
    ],
};

/// The settings of `[alarms.behind]`.
pub(super) const BEHIND: Section = Section {
    table: "alarms.behind",
    help: "The oldest message in Kafka that is not stored has waited for so long.",
    settings: &[
        Setting {
            key: "alarms.behind.begin",
            kind: TIME,
            default: "5 min",
            help: "The alarm begins at this. \"\" switches it off.",
            flags: &[],
        },
        Setting { key: "alarms.behind.end", kind: TIME, default: "", help: END, flags: &[] },
        Setting { key: "alarms.behind.hold", kind: HOLD, default: "1 min", help: LAST, flags: &[] },
    ],
};

/// The settings of `[alarms.lag]`.
pub(super) const LAG: Section = Section {
    table: "alarms.lag",
    help: "So many messages wait in Kafka. Off: how many are too many depends on your traffic, and behind tells the same as a time.",
    settings: &[
        Setting {
            key: "alarms.lag.begin",
            kind: COUNT,
            default: "",
            help: "The alarm begins at this. \"\" switches it off.",
            flags: &[],
        },
        Setting { key: "alarms.lag.end", kind: COUNT, default: "", help: END, flags: &[] },
        Setting { key: "alarms.lag.hold", kind: HOLD, default: "2 min", help: LAST, flags: &[] },
    ],
};

/// The settings of `[alarms.headroom]`.
pub(super) const HEADROOM: Section = Section {
    table: "alarms.headroom",
    help: "Kafka may delete messages before they are stored: so many percent of what it keeps of a partition lie before the next \
           message to store. At 0, messages are lost.",
    settings: &[
        Setting {
            key: "alarms.headroom.begin",
            kind: Kind::OptionalCount(99),
            default: "20",
            help: "The alarm begins at this or less, in percent. \"\" switches it off.",
            flags: &[],
        },
        Setting {
            key: "alarms.headroom.end",
            kind: Kind::OptionalCount(99),
            default: "",
            help: "The alarm ends above this, in percent. Not set: twice begin, at most 99.",
            flags: &[],
        },
        Setting { key: "alarms.headroom.hold", kind: HOLD, default: "1 min", help: LAST, flags: &[] },
    ],
};

/// The settings of `[alarms.delay]`.
pub(super) const DELAY: Section = Section {
    table: "alarms.delay",
    help: "The time from producing a message until its clicks are in the figures.",
    settings: &[
        Setting {
            key: "alarms.delay.begin",
            kind: TIME,
            default: "5 min",
            help: "The alarm begins at this. \"\" switches it off.",
            flags: &[],
        },
        Setting { key: "alarms.delay.end", kind: TIME, default: "", help: END, flags: &[] },
        Setting { key: "alarms.delay.hold", kind: HOLD, default: "1 min", help: LAST, flags: &[] },
    ],
};

/// The settings of `[alarms.backlog]`.
pub(super) const BACKLOG: Section = Section {
    table: "alarms.backlog",
    help: "So many items wait for a stage between the first one and the figures.",
    settings: &[
        Setting {
            key: "alarms.backlog.begin",
            kind: COUNT,
            default: "1000000",
            help: "The alarm begins at this. \"\" switches it off.",
            flags: &[],
        },
        Setting { key: "alarms.backlog.end", kind: COUNT, default: "", help: END, flags: &[] },
        Setting { key: "alarms.backlog.hold", kind: HOLD, default: "10 min", help: LAST, flags: &[] },
    ],
};

/// The settings of `[alarms.rejects]`.
pub(super) const REJECTS: Section = Section {
    table: "alarms.rejects",
    help: "So many messages, records or documents were rejected in the last minute.",
    settings: &[
        Setting {
            key: "alarms.rejects.begin",
            kind: COUNT,
            default: "60",
            help: "The alarm begins at this. \"\" switches it off.",
            flags: &[],
        },
        Setting { key: "alarms.rejects.end", kind: COUNT, default: "", help: END, flags: &[] },
        Setting { key: "alarms.rejects.hold", kind: HOLD, default: "1 min", help: LAST, flags: &[] },
    ],
};

/// The settings of `[alarms.stage]`.
pub(super) const STAGE: Section = Section {
    table: "alarms.stage",
    help: "A stage is backing off or has failed, or it starts for more than 15 minutes. A stage that you have stopped gives no alarm; \
           what waits for it may.",
    settings: &[Setting {
        key: "alarms.stage.hold",
        kind: Kind::OptionalDuration(Duration::ZERO, LONGEST),
        default: "1 min",
        help: "How long it must last before the alarm begins. \"\" switches the alarm off.",
        flags: &[],
    }],
};

/// The settings of `[alarms.silence]`.
pub(super) const SILENCE: Section = Section {
    table: "alarms.silence",
    help: "No click has come for so long, although every stage up to the figures works. Files and demos that have an end give no such \
           alarm.",
    settings: &[Setting {
        key: "alarms.silence.begin",
        kind: TIME,
        default: "30 min",
        help: "The alarm begins at this, and ends with the next click. \"\" switches it off.",
        flags: &[],
    }],
};

/// The settings of `[alarms.index]`.
pub(super) const INDEX_PENDING: Section = Section {
    table: "alarms.index",
    help: "So many documents wait for the search index.",
    settings: &[
        Setting {
            key: "alarms.index.begin",
            kind: COUNT,
            default: "100000",
            help: "The alarm begins at this. \"\" switches it off.",
            flags: &[],
        },
        Setting { key: "alarms.index.end", kind: COUNT, default: "", help: END, flags: &[] },
        Setting { key: "alarms.index.hold", kind: HOLD, default: "10 min", help: LAST, flags: &[] },
    ],
};
