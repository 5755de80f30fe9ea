//! The version of the protocol.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version that this program speaks. Raise it with each change that an older reader would misunderstand.
pub const PROTOCOL_VERSION: u32 = 1;

/// [`PROTOCOL_VERSION`] in a snapshot. Reading a snapshot of another version is an error that names both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtocolVersion;

impl Serialize for ProtocolVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(PROTOCOL_VERSION)
    }
}

impl<'de> Deserialize<'de> for ProtocolVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            PROTOCOL_VERSION => Ok(Self),
            other => Err(D::Error::custom(format!(
                "the other side speaks version {other} of the protocol and this clicktop version {PROTOCOL_VERSION}: run \
                 the same clicktop on both sides"
            ))),
        }
    }
}
