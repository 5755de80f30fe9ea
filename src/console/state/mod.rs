//! What the console knows: plain values, changed by `update` and drawn by `view`.

pub(crate) mod app;
pub(crate) mod atlas;
pub(crate) mod bindings;
pub(crate) mod browse;
pub(crate) mod gains;
pub(crate) mod history;
pub(crate) mod keys;
pub(crate) mod layout;
pub(crate) mod sheet;
pub(crate) mod shown;
pub(crate) mod trouble;
pub(crate) mod typing;
pub(crate) mod zoom;
