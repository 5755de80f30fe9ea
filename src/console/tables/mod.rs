//! The tables of the console. Each column is declared once, for drawing, for sorting by a click on its title, and for exports.

pub(crate) mod alarms;
pub(crate) mod batches;
pub(crate) mod breakdown;
pub(crate) mod clicks;
mod column;
pub(crate) mod compared;
pub(crate) mod countries;
pub(crate) mod executors;
pub(crate) mod pages;
pub(crate) mod partitions;
pub(crate) mod pipelines;
pub(crate) mod rejects;
pub(crate) mod rounds;
pub(crate) mod running_stages;
mod trend;

pub(crate) use column::{Column, TableContext, cell, cell_text, export_names, export_row, fit_columns, sort_at};
