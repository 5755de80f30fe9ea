//! One file for each panel and screen. Each has a free function `render(frame, area, app)`.

pub(super) mod activity;
pub(super) mod banner;
mod chart;
pub(super) mod countries;
mod filter;
pub(super) mod footer;
pub(super) mod header;
pub(super) mod help;
pub(super) mod index;
pub(super) mod log;
pub(super) mod map;
pub(super) mod palette;
pub(super) mod partitions;
pub(super) mod prompt;
pub(super) mod rejects;
mod scale;
pub(super) mod search;
pub(super) mod stage_details;
pub(super) mod stages;
pub(super) mod store;
pub(super) mod tabs;
pub(super) mod throughput;
pub(super) mod url;
pub(super) mod urls;
