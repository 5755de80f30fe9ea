//! What the console knows: plain values, changed by `update` and drawn by `view`.

pub(crate) mod app;
pub(crate) mod chart_span;
pub(crate) mod counter_rates;
pub(crate) mod country_map;
pub(crate) mod history;
pub(crate) mod key_bindings;
pub(crate) mod key_table;
pub(crate) mod layout;
pub(crate) mod line_input;
pub(crate) mod observed;
pub(crate) mod screens;
pub(crate) mod selection;
pub(crate) mod trouble;
