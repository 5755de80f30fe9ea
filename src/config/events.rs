//! `[events]`: how long the fields of a click may be.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::setting::{Section, Setting};
use super::units::Bytes;

/// `[events]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSettings {
    /// The longest url that clicktop takes.
    pub max_url_bytes: Bytes,
    /// The longest text of any other field, ids included, that clicktop takes.
    pub max_field_bytes: Bytes,
}

/// The settings of `[events]`.
pub(super) const EVENTS: Section = Section {
    table: "events",
    help: "",
    settings: &[
        Setting {
            key: "events.max_url_bytes",
            kind: Kind::FIELD,
            default: "8 KiB",
            help: "The longest url. clicktop rejects a click with a longer one, and any message longer than 512 KiB.",
            flags: &[],
        },
        Setting {
            key: "events.max_field_bytes",
            kind: Kind::FIELD,
            default: "4 KiB",
            help: "The longest text of any other field, ids included. clicktop rejects a click with a longer one.",
            flags: &[],
        },
    ],
};
