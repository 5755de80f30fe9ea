//! The other end of the service: what `attach` and `ctl` use.
//!
//! [`attach`] makes an [`EngineHandle`](crate::engine::EngineHandle) of a connection, so a console looks at a pipeline elsewhere as at
//! one in its own process.

mod api;
mod attached;
mod closed_socket;
mod picture;
mod tables;
mod target;
mod tokens;
mod uplink;

pub use api::{Api, ApiFailure, ApiOptions};
pub use attached::{Attached, attach};
pub use target::{Target, TargetError};
pub use tokens::{Tokens, TokensError};
